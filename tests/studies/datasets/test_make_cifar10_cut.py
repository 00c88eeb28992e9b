"""The cut of CIFAR-10 and its order: balanced, disjoint, the same again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bench.datasets import cifar10
from bench.datasets.base import Pixels
from studies.datasets import make_cifar10_cut as cut


def shuffled(count: int) -> NDArray[np.uint8]:
    """Labels of ten classes, equally often."""
    return np.random.default_rng(1).permutation(np.arange(count) % 10).astype(np.uint8)


def test_every_prefix_of_a_multiple_of_ten_holds_each_class_equally_often() -> None:
    labels = shuffled(200)
    order = cut.balanced_order(labels, np.random.default_rng(0))
    assert sorted(order.tolist()) == list(range(200))
    for end in range(10, 201, 10):
        assert np.bincount(labels[order[:end]], minlength=10).tolist() == [end // 10] * 10
    assert labels[order[:10]].tolist() != labels[order[10:20]].tolist()  # within a ten the classes stand anyhow


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, NDArray[np.int64]]]:
    """Make the cut of 50,000 + 10,000 labels in a folder of its own; the pictures are all black."""
    black = np.zeros((1, 32, 32, 3), np.uint8)
    parts = {
        split: (np.broadcast_to(black, (count, 32, 32, 3)), shuffled(count))
        for split, count in (("train", 50_000), ("test", 10_000))
    }
    sheets: list[str] = []
    monkeypatch.setattr(cifar10, "official", parts.__getitem__)
    monkeypatch.setattr(cifar10, "DATA", tmp_path)
    monkeypatch.setattr(cut, "save_sheet", lambda images, name: sheets.append(f"{name} {len(images)}"))

    def make() -> dict[str, NDArray[np.int64]]:
        cut.main()
        assert sheets[-2:] == ["cifar10_test2500.webp 2500", "cifar10_train2500.webp 2500"]
        with np.load(tmp_path / "cifar10_cut.npz") as found:
            return {name: found[name] for name in found.files}

    return make


def test_train_and_val_are_disjoint_and_whole_and_val_has_500_of_each_class(
    written: Callable[[], dict[str, NDArray[np.int64]]],
) -> None:
    found, labels = written(), shuffled(50_000)
    assert np.bincount(labels[found["val"]]).tolist() == [cut.VAL_PER_CLASS] * 10
    assert np.array_equal(np.sort(np.concatenate([found["train_order"], found["val"]])), np.arange(50_000))
    assert np.bincount(labels[found["train_order"][:1_000]]).tolist() == [100] * 10
    assert np.array_equal(found["test_labels2500"], shuffled(10_000)[found["test_order"][:2_500]])


def test_made_again_it_is_the_same(written: Callable[[], dict[str, NDArray[np.int64]]]) -> None:
    first, again = written(), written()
    assert first.keys() == again.keys()
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_a_sheet_holds_its_tiles_without_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar10, "DATA", tmp_path)
    places = np.arange(2_500)
    colours = np.stack([5 * (places // 50), 5 * (places % 50), places % 7], 1).astype(np.uint8)  # no two alike
    images: Pixels = np.broadcast_to(colours[:, None, None], (2_500, 32, 32, 3))
    cut.save_sheet(images, "sheet.webp")
    with Image.open(tmp_path / "sheet.webp") as sheet:
        tiles = np.asarray(sheet.convert("RGB")).reshape(50, 32, 50, 32, 3).swapaxes(1, 2).reshape(2_500, 32, 32, 3)
    assert np.array_equal(tiles, images)
