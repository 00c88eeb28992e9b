"""Datasets by name, and what ``bench data`` can fetch. Importing this loads neither numpy nor torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from bench.datasets.base import Dataset

# What --dataset accepts, with a line on each.
DATASETS = {
    "cifar10": "32x32 colour images of 10 classes; 2,500 test images ship with bench",
    "folder:PATH": "your own images, PATH/CLASS/IMAGE",
}


def load_dataset(name: str, split: str = "test", image_size: int | None = None) -> Dataset:
    """A dataset in its published order.

    Args:
        name: ``cifar10`` or ``folder:PATH``.
        split: ``test``, ``train`` or ``val``; a folder that is evaluated has ``test`` alone.
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


def load_training(name: str) -> tuple[Dataset, Dataset]:
    """What something is trained on, and what is held out of it.

    Args:
        name: ``cifar10``, whose ``train`` and ``val`` they are, or ``folder:PATH``, of which a tenth is held out. It is
            no folder to evaluate on then.

    Raises:
        UsageError, DataError: as ``load_dataset``.
    """
    whole = load_dataset(name)  # says what is wrong with the name
    if name == "cifar10":
        return load_dataset(name, "train"), load_dataset(name, "val")
    from bench.datasets.folder import FolderDataset

    assert isinstance(whole, FolderDataset)
    train, val = (FolderDataset(whole.root, whole.image_size, split) for split in ("train", "val"))
    return train, val


def _cifar10(split: str, image_size: int | None) -> Dataset:
    if image_size not in (None, 32):
        raise UsageError(f"The images of cifar10 are 32x32 and cannot be had at {image_size}x{image_size}.")
    from bench.datasets import cifar10

    return cifar10.load(split)


def _folder(path: str, split: str, image_size: int | None) -> Dataset:
    from bench.datasets.folder import DEFAULT_IMAGE_SIZE, FolderDataset

    if split != "test":
        raise UsageError(
            f"folder:{path} is one set of images without a {split!r} split. What needs training images works with "
            "--dataset cifar10."
        )
    return FolderDataset(Path(path).expanduser(), DEFAULT_IMAGE_SIZE if image_size is None else image_size)
