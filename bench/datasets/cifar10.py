"""CIFAR-10 (Krizhevsky 2009) as the protocol cuts it: test (published order), train (45,000), val (5,000)."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import ArrayDataset, Pixels
from bench.errors import DataError, UsageError
from bench.paths import home
from bench.seeding import seed_of

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SHIPPED_TEST_IMAGES = 2_500
SHIPPED_TRAIN_IMAGES = 2_500
DATA = Path(__file__).parent / "data"

# Shape and SHA-256 of the official arrays: images as (N, 32, 32, 3) uint8, labels as (N,) uint8, in official order.
ARRAYS: dict[str, tuple[tuple[int, ...], str]] = {
    "train_images": ((50_000, 32, 32, 3), "47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a"),
    "train_labels": ((50_000,), "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253"),
    "test_images": ((10_000, 32, 32, 3), "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04"),
    "test_labels": ((10_000,), "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5"),
}


def folder() -> Path:
    """Where ``bench data fetch cifar10`` puts the four arrays."""
    return home() / "cifar10"


def fetched() -> bool:
    """Whether the training images are here."""
    return (folder() / "train_images.npy").exists()


def load(split: str = "test") -> ArrayDataset:
    """One part of the dataset.

    Args:
        split: ``test`` (10,000 images, or the 2,500 that ship where the rest was not fetched), ``train``
            (45,000) or ``val`` (5,000 held-out official training images).

    Raises:
        DataError: the part is not here; says what to type.
    """
    cut = np.load(DATA / "cifar10_cut.npz")
    if split == "test":
        return _test(cut["test_order"])
    if split not in ("train", "val"):
        raise UsageError(f"cifar10 has the splits 'test', 'train' and 'val', not {split!r}.")
    is_val = np.zeros(50_000, dtype=bool)
    is_val[cut["val"]] = True
    rows = np.flatnonzero(is_val == (split == "val"))
    images, labels = official("train")
    ids = [f"train-{row:05d}" for row in rows]
    return ArrayDataset("cifar10", ids, labels[rows], CLASS_NAMES, images, order=rows)


def _test(order: NDArray[np.uint16]) -> ArrayDataset:
    """The test split in published order, whole if it was fetched, else the prefix that ships."""
    if (folder() / "test_images.npy").exists():
        images, labels = official("test")
        rows: NDArray[np.uint16] | None = order
        labels = labels[order]
    else:
        images, labels = shipped_test()
        rows = None
    ids = [f"test-{row:05d}" for row in order[: len(labels)]]
    fingerprint = f"{seed_of('cifar10-test', *order.tolist()):016x}"  # the same whether or not the rest was fetched
    return ArrayDataset("cifar10", ids, labels, CLASS_NAMES, images, fingerprint, rows)


def shipped_test() -> tuple[Pixels, NDArray[np.uint8]]:
    """The first 2,500 test images of the published order with their labels."""
    return _sheet("cifar10_test2500.webp"), np.load(DATA / "cifar10_cut.npz")["test_labels2500"]


def reference_train(needed: int) -> tuple[Pixels, NDArray[np.uint8]]:
    """Training images in their published, class-balanced order, for the controls, with their labels.

    The first 2,500 ship; more than that come from the fetched training split.

    Raises:
        DataError: more are needed and the training split was not fetched.
    """
    cut = np.load(DATA / "cifar10_cut.npz")
    if needed <= SHIPPED_TRAIN_IMAGES:
        return _sheet("cifar10_train2500.webp"), cut["train_labels2500"]
    images, labels = official("train")
    order = cut["train_order"][:needed]
    return images[order], labels[order]


@cache
def _sheet(name: str) -> Pixels:
    """2,500 images (2500, 32, 32, 3) from a lossless sheet of 50 x 50 tiles."""
    from PIL import Image

    with Image.open(DATA / name) as image:
        sheet = np.asarray(image.convert("RGB"))  # (1600, 1600, 3)
    tiles = sheet.reshape(50, 32, 50, 32, 3).swapaxes(1, 2).reshape(2_500, 32, 32, 3)
    return np.ascontiguousarray(tiles)


def official(part: str) -> tuple[Pixels, NDArray[np.uint8]]:
    """The fetched official ``train`` or ``test`` arrays in official order, memory-mapped."""
    arrays = []
    for kind in ("images", "labels"):
        name = f"{part}_{kind}"
        path = folder() / f"{name}.npy"
        if not path.exists():
            raise DataError(
                f"The official {part} images of cifar10 are needed here and were not found in {folder()}. "
                "Type: bench data fetch cifar10"
            )
        array = np.load(path, mmap_mode="r")
        if array.shape != ARRAYS[name][0]:
            raise DataError(
                f"{path} should hold an array of shape {ARRAYS[name][0]} and holds {array.shape}. "
                "Type: bench data fetch cifar10 --force"
            )
        arrays.append(array)
    return arrays[0], arrays[1]


def check(name: str, array: NDArray[np.uint8]) -> None:
    """Raise DataError unless the array is, byte for byte, the official one of that name."""
    shape, expected = ARRAYS[name]
    found = hashlib.sha256(array.tobytes()).hexdigest()
    if array.shape != shape or found != expected:
        raise DataError(
            f"{name} is not the official CIFAR-10 array: expected shape {shape} and SHA-256 {expected}, "
            f"found {array.shape} and {found}. Delete the source and fetch it again."
        )
