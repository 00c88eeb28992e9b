"""How an engine begins and ends, and what it asks of a GPU."""

from __future__ import annotations

import pytest
import torch
import torch.distributed as dist

from bench.errors import UsageError
from bench.training.engine import Precision, engine


@pytest.mark.parametrize("precision", ["bf16", "float32", "float64"])
def test_a_gpu_repeats_its_convolutions_and_float32_is_not_tf32(precision: Precision) -> None:
    cudnn = torch.backends.cudnn
    before = (cudnn.deterministic, cudnn.allow_tf32)
    with engine(torch.device("cpu"), precision):
        assert cudnn.deterministic
        assert not cudnn.benchmark
        assert cudnn.allow_tf32 == (precision == "bf16")
    assert (cudnn.deterministic, cudnn.allow_tf32) == before


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One of two processes without the other: what is asked of the group, by name."""
    asked: list[str] = []
    for name in ("init_process_group", "barrier", "destroy_process_group"):
        monkeypatch.setattr(dist, name, lambda *_, name=name, **__: asked.append(name))
    monkeypatch.setattr(dist, "get_rank", lambda: 1)
    monkeypatch.setattr(dist, "get_world_size", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: asked.append(str(device)))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for name, value in (("RANK", "1"), ("WORLD_SIZE", "2"), ("LOCAL_RANK", "1")):
        monkeypatch.setenv(name, value)
    return asked


def test_a_process_without_a_gpu_of_its_own_says_so(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UsageError, match="process 2 of this machine finds 1"), engine(torch.device("cuda")):
        pass
    assert calls == []


def test_a_process_leaves_when_all_are_done(calls: list[str]) -> None:
    with engine(torch.device("cuda")) as one:
        assert (one.device, one.rank, one.processes) == (torch.device("cuda", 1), 1, 2)
    assert calls == ["cuda:1", "init_process_group", "barrier", "destroy_process_group"]


@pytest.mark.parametrize(("device", "ends"), [("cuda", False), ("cpu", True)])
def test_one_that_fails_alone_does_not_wait_for_the_others_on_a_gpu(device: str, ends: bool, calls: list[str]) -> None:
    """NCCL's end waits for all, for hours, and the error is printed after it."""
    with pytest.raises(MemoryError), engine(torch.device(device)):
        raise MemoryError
    assert "barrier" not in calls
    assert ("destroy_process_group" in calls) == ends
