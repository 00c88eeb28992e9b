"""Datasets by name, and what ``bench data`` can fetch. Importing this loads neither numpy nor torch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import UnknownNameError, UsageError
from bench.once import kept
from bench.paths import expanded
from bench.printing import say_once

if TYPE_CHECKING:
    from bench.datasets.base import Dataset

# What --dataset accepts, with a line on each.
DATASETS = {
    "cifar10": "32x32 colour images of 10 classes; 2,500 test images ship with bench",
    "folder:PATH[@SIZE]": "your own images, PATH/CLASS/IMAGE, at the classifier's input size or at SIZE pixels",
}


def load_dataset(name: str, split: str = "test", image_size: int | None = None) -> Dataset:
    """A dataset in its published order.

    Args:
        name: ``cifar10``, ``folder:PATH@SIZE`` or ``folder:PATH``.
        split: ``test``, ``train`` or ``val``; a folder that is evaluated has ``test`` alone.
        image_size: height and width of a folder's images where its name does not say it, for instance
            ``classifier.input_size``; ``cifar10`` is always 32.

    Raises:
        UsageError: unknown name, unknown split, a folder without a size or with two, or a path that cannot be meant.
        DataError: the images are not here or cannot be read.
    """
    if name == "cifar10":
        return _cifar10(split, image_size)
    if name.startswith("folder:") and name != "folder:":
        return _folder(name, split, image_size)
    if expanded(Path(name)).is_dir():
        raise UsageError(f"--dataset {name} is a folder and lacks its prefix. Type: --dataset folder:{name}")
    raise UnknownNameError("dataset", name, DATASETS)


def folder_and_size(name: str) -> tuple[Path, int | None]:
    """Path and size in ``folder:PATH@SIZE``; the size is None where the name has none.

    A path that exists as it stands is taken so, whatever it ends in.
    """
    path = expanded(Path(name.removeprefix("folder:")))
    match = re.fullmatch(r"(.+)@(\d{1,9})", str(path), re.DOTALL)
    if match is None or path.exists():
        return path, None
    return Path(match[1]), int(match[2])


def load_training(name: str) -> tuple[Dataset, Dataset]:
    """What something is trained on, and what is held out of it.

    Args:
        name: ``cifar10``, whose ``train`` and ``val`` they are, or ``folder:PATH[@SIZE]``, of which a tenth is held
            out; without a size at 32 px, what all inverters with a recipe make. It is no folder to evaluate on then.

    Raises:
        UsageError, DataError: as ``load_dataset``.
    """
    if name == "cifar10":
        return load_dataset(name, "train"), load_dataset(name, "val")
    from bench.datasets.folder import DEFAULT_IMAGE_SIZE, FolderDataset

    size = folder_and_size(name)[1] or DEFAULT_IMAGE_SIZE
    whole = load_dataset(name, image_size=size)  # says what is wrong with the name
    assert isinstance(whole, FolderDataset)
    say_once(f"{whole.name.rpartition('@')[0]} is trained on at {size} px")
    train, val = (FolderDataset(whole.root, size, split) for split in ("train", "val"))
    return train, val


def _cifar10(split: str, image_size: int | None) -> Dataset:
    if image_size not in (None, 32):
        raise UsageError(f"The images of cifar10 are 32x32 and cannot be had at {image_size}x{image_size}.")
    from bench.datasets import cifar10

    return cifar10.load(split)


def _folder(name: str, split: str, image_size: int | None) -> Dataset:
    from bench.datasets.folder import FolderDataset

    root, size = folder_and_size(name)
    if split != "test":
        raise UsageError(
            f"{name} is one set of images without a {split!r} split. What needs training images works with "
            "--dataset cifar10."
        )
    if None not in (size, image_size) and size != image_size:
        raise UsageError(f"{name} names {size} px, and {image_size} px are asked for. Give one size.")
    wanted = image_size if size is None else size
    if wanted is None:
        raise UsageError(
            f"{name} does not say at which size its images are wanted, and it is never guessed. Type "
            f"load_dataset({name + '@224'!r}), or give image_size=, for instance image_size=classifier.input_size."
        )
    made = kept()
    if made is None:
        return FolderDataset(root, wanted)
    if (known := ("folder", str(root.absolute()), wanted)) not in made:
        made[known] = FolderDataset(root, wanted)
    return made[known]  # type: ignore[no-any-return]
