"""Datasets by name, and what ``bench data`` can fetch. Importing this loads neither numpy nor torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from bench.datasets.base import Dataset

SPLITS = ("test", "train", "val")
# What --dataset accepts, with a line on each.
DATASETS = {
    "cifar10": "32x32 colour images of 10 classes; 2,500 test images ship with bench",
    "folder:PATH": "your own images, PATH/CLASS/IMAGE",
}


def load_dataset(name: str, split: str = "test", image_size: int | None = None) -> Dataset:
    """A dataset in its published order.

    Args:
        name: ``cifar10`` or ``folder:PATH``.
        split: ``test``, ``train`` or ``val``; of a folder ``test`` is the whole, and the other two are its parts.
        image_size: height and width of a folder's images, 32 if not given; ``cifar10`` is always 32.

    Raises:
        UsageError: unknown name, unknown split, or a size or path that cannot be meant.
        DataError: the images are not here or cannot be read.
    """
    if name == "cifar10":
        return _cifar10(split, image_size)
    if name.startswith("folder:") and name != "folder:":
        return _folder(name.removeprefix("folder:"), split, image_size)
    if Path(name).expanduser().is_dir():
        raise UsageError(f"--dataset {name} is a folder and lacks its prefix. Type: --dataset folder:{name}")
    raise UnknownNameError("dataset", name, DATASETS)


def _cifar10(split: str, image_size: int | None) -> Dataset:
    if image_size not in (None, 32):
        raise UsageError(f"The images of cifar10 are 32x32 and cannot be had at {image_size}x{image_size}.")
    from bench.datasets import cifar10

    return cifar10.load(split)


def _folder(path: str, split: str, image_size: int | None) -> Dataset:
    from bench.datasets.folder import DEFAULT_IMAGE_SIZE, FolderDataset

    if split not in SPLITS:
        raise UnknownNameError("split", split, SPLITS)
    return FolderDataset(Path(path).expanduser(), DEFAULT_IMAGE_SIZE if image_size is None else image_size, split)
