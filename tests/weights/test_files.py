import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save, save_file

from bench.errors import UnknownNameError, WeightsError
from bench.store.files import write_atomically
from bench.weights import files as weights
from bench.weights.files import (
    entry,
    load_checked,
    load_file,
    load_shipped,
    metadata,
    open_weights,
    pack,
    rounded,
    sha256_of,
)
from tests.conftest import AddWeights

TENSORS = {"w": torch.arange(6, dtype=torch.float16).reshape(2, 3), "steps": torch.tensor([7])}


class Trap:
    """Unpickling it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_shipped_tensors_come_as_float32(zoo: AddWeights) -> None:
    zoo("net", save(TENSORS), licence="MIT")
    loaded = load_shipped("net")
    assert loaded["w"].dtype == torch.float32
    assert torch.equal(loaded["w"], TENSORS["w"].float())
    assert loaded["steps"].dtype == torch.int64
    assert entry("net").facts["licence"] == "MIT"


def test_wrong_sha_is_refused(zoo: AddWeights) -> None:
    path = zoo("net", save(TENSORS), sha256="0" * 64)
    with pytest.raises(WeightsError, match=f"expected SHA-256 {'0' * 64}, found {sha256_of(path)}"):
        load_shipped("net")


def test_missing_file_is_named(zoo: AddWeights) -> None:
    zoo("net", save(TENSORS)).unlink()
    with pytest.raises(WeightsError, match=r"expected in .*net\.safetensors"):
        load_shipped("net")


def test_unknown_entry_gets_a_suggestion(zoo: AddWeights) -> None:
    zoo("resnet152", save(TENSORS))
    with pytest.raises(UnknownNameError, match="Did you mean 'resnet152'"):
        load_shipped("resnet_152")


@pytest.mark.parametrize("keep", [0, 4, 40, -1])
def test_truncated_file(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(save(TENSORS)[:keep])
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        load_file(path)


@pytest.mark.parametrize("how", ["pickle", "torch"])
def test_code_in_a_pickle_does_not_run(tmp_path: Path, how: str) -> None:
    path, proof = tmp_path / "net.safetensors", tmp_path / "it-ran"
    if how == "pickle":
        path.write_bytes(pickle.dumps(Trap(proof)))
    else:
        torch.save(Trap(proof), path)
    with pytest.raises(WeightsError, match="opens no pickles"):
        load_file(path)
    assert not proof.exists()


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        load_file(tmp_path / "nowhere.safetensors")


def test_metadata(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "a.safetensors", metadata={"classifier_sha256": "abc"})
    save_file(TENSORS, tmp_path / "b.safetensors")
    assert metadata(tmp_path / "a.safetensors") == {"classifier_sha256": "abc"}
    assert metadata(tmp_path / "b.safetensors") == {}


def test_rounding_keeps_the_mantissa_asked_for_and_the_sign() -> None:
    values = torch.randn(10_000, generator=torch.Generator().manual_seed(0)).clamp_min(-3)
    values = values[values.abs() > 1e-3]
    assert torch.equal(rounded(values, 10), values.half())
    seven = rounded(values, 7)
    assert torch.equal(seven.float(), seven.to(torch.bfloat16).float())  # bfloat16 holds them exactly
    assert ((seven.float() - values) / values).abs().max().item() <= 2**-8 + 2**-11
    assert torch.equal(rounded(-values, 7), -seven)


def test_a_packed_file_is_unpacked_once_and_again_after_it_was_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    unpack = weights._unpack

    def counting(path: Path, raw: bytes) -> bytes:
        calls.append(len(raw))
        return unpack(path, raw)

    monkeypatch.setattr(weights, "_unpack", counting)
    path = tmp_path / "net.safetensors.xz"
    write_atomically(path, pack(save(TENSORS, metadata={"a": "1"})))
    first = sha256_of(path)
    assert torch.equal(load_file(path)["steps"], TENSORS["steps"])
    assert metadata(path) == {"a": "1"}
    assert len(calls) == 1
    state = path.stat()
    write_atomically(path, pack(save(TENSORS, metadata={"a": "2"})))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))  # the same size and the same time
    assert path.stat().st_size == state.st_size
    assert metadata(path) == {"a": "2"}
    assert sha256_of(path) != first


def test_a_failure_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    with pytest.raises(WeightsError):
        load_file(path)
    save_file(TENSORS, path)
    assert torch.equal(load_file(path)["steps"], TENSORS["steps"])


def test_what_was_hashed_is_what_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is replaced right after each read of it: tensors, metadata and hash are of one read."""
    right, wrong = (save({"w": torch.full((3,), value)}, metadata={"is": f"{value}"}) for value in (1.0, 2.0))
    path = tmp_path / "net.safetensors"
    real = Path.read_bytes

    def read_and_replace(self: Path) -> bytes:
        data = real(self)
        if self == path:
            write_atomically(path, wrong)
        return data

    monkeypatch.setattr(Path, "read_bytes", read_and_replace)
    sha256 = hashlib.sha256(right).hexdigest()
    loads: list[Callable[[], dict[str, torch.Tensor]]] = [
        lambda: load_checked(path, sha256),
        lambda: open_weights(path, sha256).tensors,
    ]
    for load in loads:
        write_atomically(path, right)
        assert load()["w"].tolist() == [1.0] * 3
        with pytest.raises(WeightsError, match="damaged or was replaced"):
            load()
    write_atomically(path, right)
    opened = open_weights(path)
    assert (float(opened.tensors["w"][0]), opened.facts, opened.sha256) == (1.0, {"is": "1.0"}, sha256)


def test_unpacking_stops_where_no_weights_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """6 kB of xz can become 40 MB, 7 MB more than 40 GB."""
    path = tmp_path / "bomb.safetensors.xz"
    path.write_bytes(pack(bytes(40_000_000)))
    monkeypatch.setattr(weights, "SMALL", 1_000_000)
    with pytest.raises(WeightsError, match="unpacks to more than 1,000,000 bytes"):
        load_file(path)


@pytest.mark.parametrize("cut", [slice(0, -9), slice(0, 40), slice(0, 0)])
def test_a_cut_container_is_named(tmp_path: Path, cut: slice) -> None:
    path = tmp_path / "net.safetensors.xz"
    path.write_bytes(pack(save(TENSORS))[cut])
    with pytest.raises(WeightsError, match="not a whole xz file"):
        load_file(path)
