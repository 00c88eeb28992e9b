"""What is kept for later is taken only where it is what was written, and where it belongs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.errors import DataError
from bench.store import sealed
from bench.training.data import TrainingImages
from bench.training.pairs import split_logits

ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "names": np.array(["x", "yy"])}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    sealed.save(tmp_path / "a.npz", "me", ARRAYS)
    found = sealed.load(tmp_path / "a.npz", "me")
    assert found is not None
    assert {name: array.tolist() for name, array in found.items()} == {n: a.tolist() for n, a in ARRAYS.items()}


def test_what_belongs_to_another_is_not_read(tmp_path: Path) -> None:
    sealed.save(tmp_path / "a.npz", "me", ARRAYS)
    assert sealed.load(tmp_path / "a.npz", "you") is None
    assert sealed.load(tmp_path / "b.npz", "me") is None


@pytest.mark.parametrize("change", ["value", "rows", "type", "name", "no seal", "cut", "empty", "text"])
def test_what_was_altered_is_not_read(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a.npz"
    sealed.save(path, "me", ARRAYS)
    raw = dict(np.load(path))
    if change == "value":
        raw["a"][0, 0] += 1
    elif change == "rows":
        raw["a"] = raw["a"][:1]
    elif change == "type":
        raw["a"] = raw["a"].astype(np.float64)
    elif change == "name":
        raw["b"] = raw.pop("a")
    elif change == "no seal":
        del raw["sha256"]
    np.savez(path, **raw)
    if change in ("cut", "empty", "text"):
        path.write_bytes({"cut": path.read_bytes()[:300], "empty": b"", "text": b"this is no archive"}[change])
    assert sealed.load(path, "me") is None


def test_only_what_this_process_wrote_is_its_own(tmp_path: Path) -> None:
    sealed.save(tmp_path / "a.npz", "me", ARRAYS)
    assert sealed.load(tmp_path / "a.npz", "me", own=True) is not None
    shutil.copy(tmp_path / "a.npz", tmp_path / "b.npz")
    assert sealed.load(tmp_path / "b.npz", "me") is not None
    assert sealed.load(tmp_path / "b.npz", "me", own=True) is None


def test_an_array_and_its_sum(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    assert sealed.load_array(path) is None
    sealed.save_array(path, ARRAYS["a"])
    found = sealed.load_array(path)
    assert found is not None
    assert np.array_equal(found, ARRAYS["a"])
    np.save(path, ARRAYS["a"] + 1)
    assert sealed.load_array(path) is None
    sealed.save_array(path, ARRAYS["a"])
    (tmp_path / "a.npy.sha256").unlink()
    assert sealed.load_array(path) is None


def test_altered_logits_of_a_training_split_are_computed_again(tiny_cifar: LoadedClassifier, bench_home: Path) -> None:
    images = TrainingImages(cifar10.load("train"), torch.device("cpu"), seed=0)

    def logits() -> torch.Tensor:
        return split_logits(tiny_cifar, images, "cifar10-train", mirrored=False)

    first = logits()
    (kept,) = (bench_home / "logits").glob("*.npy")
    stamp = kept.stat().st_mtime_ns
    assert torch.equal(logits(), first)
    assert kept.stat().st_mtime_ns == stamp
    for damage in (b"", kept.read_bytes()[:200]):
        kept.write_bytes(damage)
        assert torch.equal(logits(), first)
    np.save(kept, first.numpy() + 1)
    assert torch.equal(logits(), first)


def test_large_logits_are_mapped_and_what_is_mapped_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "LARGE", 0)
    rows = np.arange(30, dtype=np.float32).reshape(10, 3)
    sealed.save_blocks(tmp_path / "a.npy", 10, lambda start: (rows[k : k + 4] for k in range(start, 10, 4)))
    sealed.save_array(tmp_path / "b.npy", rows)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    found = sealed.load_array(tmp_path / "a.npy")
    assert isinstance(found, np.memmap)
    assert np.array_equal(found, rows)
    del found
    data = bytearray((tmp_path / "a.npy").read_bytes())
    data[-1] ^= 1
    (tmp_path / "a.npy").write_bytes(data)
    assert sealed.load_array(tmp_path / "a.npy") is None


def test_blocks_that_were_written_before_a_kill_are_kept(tmp_path: Path) -> None:
    """Whatever is left of the last one, or becomes of the others."""
    rows = np.arange(60, dtype=np.float32).reshape(20, 3)
    asked: list[int] = []

    def blocks(start: int, dies_at: int = 20) -> Iterator[NDArray[np.float32]]:
        asked.append(start)
        for k in range(start, 20, 4):
            if k == dies_at:
                raise KeyboardInterrupt
            yield rows[k : k + 4]

    with pytest.raises(KeyboardInterrupt):
        sealed.save_blocks(tmp_path / "a.npy", 20, partial(blocks, dies_at=12))
    assert sealed.load_array(tmp_path / "a.npy") is None
    part = tmp_path / ".a.npy.part"
    part.write_bytes(part.read_bytes() + b"half a blo")
    with pytest.raises(KeyboardInterrupt):
        sealed.save_blocks(tmp_path / "a.npy", 20, partial(blocks, dies_at=16))
    data = bytearray(part.read_bytes())
    data[-3 * 4 * 4 * 2] ^= 1  # in the last block but one
    part.write_bytes(data)
    sealed.save_blocks(tmp_path / "a.npy", 20, blocks)
    assert asked == [0, 12, 8]
    sealed.save_array(tmp_path / "b.npy", rows)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    found = sealed.load_array(tmp_path / "a.npy")
    assert found is not None
    assert np.array_equal(found, rows)
    assert sorted(one.name for one in tmp_path.iterdir() if ".part" in one.name) == []


def test_what_another_process_has_written_meanwhile_is_not_computed(tmp_path: Path) -> None:
    sealed.save_array(tmp_path / "a.npy", np.zeros((4, 2), np.float32))
    sealed.save_blocks(tmp_path / "a.npy", 4, lambda start: pytest.fail("computed again"))


def test_too_few_rows_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="4 rows were to be written"):
        sealed.save_blocks(tmp_path / "a.npy", 4, lambda start: iter([np.zeros((3, 2), np.float32)]))
