import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from bench import environment
from bench.errors import UsageError

DOCUMENTED = {"bench", "revision", "dirty", "python", "packages", "platform", "processor", "gpu", "threads"}


def test_describe_is_documented_and_json() -> None:
    found = environment.describe("cpu")
    assert found.keys() == DOCUMENTED
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["gpu"] is None
    assert found["threads"] >= 1
    assert found["packages"]["numpy"] == np.__version__
    assert found["packages"]["torch"].split("+")[0] == torch.__version__.split("+")[0]


def test_missing_distribution_is_null() -> None:
    assert environment.installed("no-such-distribution-anywhere") is None


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "code.py").write_text("x = 1\n")
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (("init", "-q"), ("add", "."), (*author, "commit", "-q", "-m", "first")):
        subprocess.run(["git", "-C", str(folder), *command], check=True, capture_output=True)
    return folder


def test_revision_of_a_checkout(checkout: Path) -> None:
    commit, dirty = environment.revision(checkout)
    assert commit is not None
    assert len(commit) == 40
    assert dirty is False
    (checkout / "code.py").write_text("x = 2\n")
    assert environment.revision(checkout) == (commit, True)


def test_revision_below_another_checkout_is_not_ours(checkout: Path) -> None:
    installed = checkout / "site-packages"
    installed.mkdir()
    assert environment.revision(installed) == (None, None)


def test_revision_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.revision(tmp_path) == (None, None)


def test_resolve_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert environment.resolve_device("cpu") == torch.device("cpu")
    assert environment.resolve_device("auto") == torch.device("cpu")
    with pytest.raises(UsageError, match=r"finds none\. Type --device cpu"):
        environment.resolve_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert environment.resolve_device("auto") == torch.device("cuda")
    assert environment.resolve_device("cuda") == torch.device("cuda")
    assert environment.resolve_device("cpu") == torch.device("cpu")


def test_a_gpu_is_looked_for_with_torch_unless_nothing_hints_at_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_library(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)  # whatever is decided without asking
    assert environment.device_kind("auto") == "cuda"  # torch is loaded
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(environment, "resolve_device", lambda device: torch.device("cuda"))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(environment, "DEVICES", tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("bench.environment.ctypes.CDLL", no_library)
        assert environment.device_kind("auto") == "cpu"
        for name in ("nvidiactl", "nvhost-gpu", "kfd", "dxg"):
            (tmp_path / name).touch()
            assert environment.device_kind("auto") == "cuda"
            (tmp_path / name).unlink()
        (tmp_path / "nvme0").touch()  # a disk
        assert environment.device_kind("auto") == "cpu"
    monkeypatch.setattr("bench.environment.ctypes.CDLL", lambda name: None)
    assert environment.device_kind("auto") == "cuda"
    monkeypatch.setattr(sys, "platform", "win32")
    assert environment.device_kind("auto") == "cuda"
    assert [environment.device_kind(one) for one in ("cpu", "cuda")] == ["cpu", "cuda"]


def test_resolve_device_refuses_other_words() -> None:
    with pytest.raises(UsageError, match="got 'gpu'"):
        environment.resolve_device("gpu")


def test_peak_memory_sees_an_allocation() -> None:
    environment.reset_peak_memory("cpu")
    before = environment.peak_memory_mb("cpu")
    block = np.ones(64 * 2**20, dtype=np.uint8)
    after = environment.peak_memory_mb("cpu")
    assert before is not None
    assert after is not None
    assert after > 10
    assert after >= before
    assert block.sum() == 64 * 2**20


def test_processor_and_cores() -> None:
    assert environment.processor()
    assert 1 <= environment.cpu_count() <= (os.cpu_count() or 1)
