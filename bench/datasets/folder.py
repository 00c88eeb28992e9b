"""``folder:PATH``: a user's own images, laid out as PATH/CLASS/IMAGE.

Published order: round-robin over the classes in sorted order (by code point), within a class by sorted file name. As
long as no class is used up, every prefix of a multiple of the number of classes is therefore class-balanced.

A folder is evaluated as a whole (``test``). One that something is trained on has two parts: ``val``, every tenth image
of each class in that order, and ``train``, the others.

PATH/train beside PATH/val or PATH/test, each with class folders, are understood: what is evaluated is ``test``, or
``val`` where there is no ``test``; what is trained on is ``train``, less a tenth where ``val`` is what is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import zip_longest
from pathlib import Path

import numpy as np

from bench.classifiers.provider import ALIASES
from bench.cli.printing import say_once
from bench.datasets.base import Dataset, Pixels
from bench.datasets.contents import sha256_of_files
from bench.datasets.decode import MAX_PIXELS, SUFFIXES, decode, files_below, is_image, say_left_out
from bench.datasets.imagenet_classes import imagenet_classes
from bench.errors import DataError, UsageError
from bench.paths import expanded, readable
from bench.seeding import seed_of

HELD_OUT = 10  # one in so many images of a class is in val
DEFAULT_IMAGE_SIZE = 32  # what the shipped 10-logit classifiers and all shipped inverters work at


class FolderDataset(Dataset):
    """Images decoded when they are asked for: memory holds the file names and one batch.

    Ids are paths relative to PATH with forward slashes, labels count the sorted class names. Hidden files, files that
    are no images, and folders without images are left out, which a line on stderr says. The identity is that of the
    contents of all files, their order, labels and the size; the place and the names of folders above do not matter.
    """

    takes = ":PATH[@SIZE]"
    summary = "your own images, PATH/CLASS/IMAGE, at the classifier's input size or at SIZE pixels"
    licence = "the user's"
    aliases = ALIASES

    def __init__(self, root: Path, image_size: int = DEFAULT_IMAGE_SIZE, split: str = "test") -> None:
        if not 1 <= image_size <= MAX_PIXELS**0.5:
            raise UsageError(
                f"The image size of folder:{root} must be at least 1 and at most {MAX_PIXELS**0.5:.0f}, got "
                f"{image_size}."
            )
        parts = _parts(root)
        found = {place: scan(root / place) for place in sorted({*parts.values()} or {""})}
        _say_what_is_left_out(root)
        names = sorted(set().union(*found.values()))
        place = parts.get(split, "")
        prefix, classes = f"{place}/" if place else "", found[place]
        rounds = zip_longest(
            *([(label, f"{prefix}{name}/{file}") for file in classes.get(name, [])] for label, name in enumerate(names))
        )
        whole = split == "test" or parts.get("val") != parts.get("train")
        kept = (picks for k, picks in enumerate(rounds) if whole or _held_out(k) == (split == "val"))
        order = [pick for picks in kept for pick in picks if pick is not None]
        ids, labels = [path for _, path in order], [label for label, _ in order]
        contents = sha256_of_files(root, ids)
        part = () if split == "test" else (split,)
        fingerprint = f"{seed_of('folder', *part, image_size, *ids, *labels, *contents):016x}"
        name = f"folder:{readable(root)}@{image_size}"
        known = imagenet_classes()
        if known.keys() >= set(names):  # folders of synsets, as ImageNet comes
            self.class_ids, names = tuple(names), [known[one] for one in names]
        super().__init__(name, list(map(readable, ids)), np.array(labels), list(map(readable, names)), fingerprint)
        self.root, self.image_size, self.files = root, image_size, tuple(ids)
        self.splits = {split: len(ids)}

    @classmethod
    def open(cls, name: str, split: str, image_size: int) -> FolderDataset:
        """``test``: all images; ``train`` and ``val`` where PATH has such folders beside each other."""
        root = folder_and_size(name)[0]
        if split != "test" and not _parts(root):
            raise UsageError(
                f"{name} is one set of images without a {split!r} split. What needs training images works with "
                "--dataset cifar10."
            )
        return cls(root, image_size, split)

    @classmethod
    def side(cls, name: str) -> int | None:
        """What stands behind the ``@``."""
        return folder_and_size(name)[1]

    @classmethod
    def training(cls, name: str, image_size: int | None = None) -> tuple[Dataset, Dataset]:
        """All but a tenth of each class, and that tenth; or ``train`` and ``val``, where PATH has a ``test``, too."""
        root, size = folder_and_size(name)
        side = size or image_size or DEFAULT_IMAGE_SIZE
        train, val = (cls(root, side, split) for split in ("train", "val"))
        say_once(f"{train.name.rpartition('@')[0]} is trained on at {side} px")
        return train, val

    @property
    def kind(self) -> str:
        """All folders are scored alike."""
        return "folder"

    def pixels(self, rows: Sequence[int] | slice) -> Pixels:
        """The images of these rows: (n, S, S, 3) uint8, S the dataset's ``image_size``.

        Raises:
            DataError: a file cannot be read; names it.
        """
        files = self.files[rows] if isinstance(rows, slice) else [self.files[row] for row in rows]
        out = np.empty((len(files), self.image_size, self.image_size, 3), dtype=np.uint8)
        for k, file in enumerate(files):
            out[k] = decode(self.root / file, self.image_size)
        return out


def folder_and_size(name: str) -> tuple[Path, int | None]:
    """Path and size in ``folder:PATH@SIZE``; the size is None where the name has none.

    A path that exists as it stands is taken so, whatever it ends in.
    """
    path = expanded(Path(name.removeprefix("folder:")))
    match = re.fullmatch(r"(.+)@(\d{1,9})", str(path), re.DOTALL)
    if match is None or path.exists():
        return path, None
    return Path(match[1]), int(match[2])


def _parts(root: Path) -> dict[str, str]:
    """Which subfolder is which split, where PATH has splits beside each other; else empty."""
    folders = _subfolders(root) if root.is_dir() else []
    names = {folder.name for folder in folders}
    if not {"train"} < names <= {"train", "val", "test"} or any(map(_images, folders)) or _images(root):
        return {}
    return {
        "test": "test" if "test" in names else "val",
        "train": "train",
        "val": "val" if len(names) == 3 else "train",
    }


@cache
def _say_what_is_left_out(root: Path) -> None:
    say_left_out(root, files_below(root)[1])


def _held_out(position: int) -> bool:
    """Whether the image at this place within its class is in ``val``."""
    return position % HELD_OUT == HELD_OUT - 1


def scan(root: Path) -> dict[str, list[str]]:
    """Class names to sorted file names.

    Raises:
        UsageError: no such folder, or a folder one level too high or too low; says which to give instead.
        DataError: no images at all.
    """
    if not root.is_dir():
        found = "a file" if root.exists() else "nothing"
        raise UsageError(
            f"--dataset folder:{root} expects a folder of class subfolders (PATH/CLASS/IMAGE) and found {found} there. "
            "Check the path."
        )
    folders = _subfolders(root)
    classes = {folder.name: names for folder in folders if (names := _images(folder))}
    deeper = [inner for folder in folders for inner in _subfolders(folder) if _images(inner)]
    loose = _images(root)
    if loose and not classes:
        raise UsageError(_too_low(root, len(loose)))
    if deeper and not classes:
        raise UsageError(_too_high(root, deeper))
    if loose or deeper:
        raise UsageError(_mixed(root, root / loose[0] if loose else deeper[0] / _images(deeper[0])[0]))
    if not classes:
        raise DataError(
            f"folder:{root} holds no images: expected PATH/CLASS/IMAGE with files ending in "
            f"{', '.join(sorted(SUFFIXES))}. Give another folder, or put images there."
        )
    return classes


def _subfolders(folder: Path) -> list[Path]:
    return sorted((p for p in folder.iterdir() if not p.name.startswith(".") and p.is_dir()), key=lambda p: p.name)


def _images(folder: Path) -> list[str]:
    """Sorted names of the image files directly in a folder; hidden ones do not count."""
    return sorted(p.name for p in folder.iterdir() if is_image(p.name) and not p.is_dir())


def _too_low(root: Path, count: int) -> str:
    text = (
        f"folder:{root} holds {count} images directly, and bench expects them in class subfolders (PATH/CLASS/IMAGE)."
    )
    parent = root.resolve().parent
    siblings = [folder.name for folder in _subfolders(parent) if _images(folder)]
    if len(siblings) > 1:
        shown = ", ".join(siblings[:4]) + (", ..." if len(siblings) > 4 else "")
        return f"{text} The folder above looks like the dataset (classes {shown}). Type: --dataset folder:{parent}"
    return f"{text} Move them, for instance into {root / 'images'} (one class is enough), and run again."


def _too_high(root: Path, deeper: list[Path]) -> str:
    parts = list(dict.fromkeys(folder.parent for folder in deeper))
    shown = ", ".join(folder.name for folder in deeper if folder.parent == parts[0])
    if len(shown) > 60:
        shown = shown[:60].rsplit(",", 1)[0] + ", ..."
    choices = " or ".join(f"--dataset folder:{part}" for part in parts[:3])
    return (
        f"folder:{root} is one level too high: its subfolders hold no images themselves, the classes ({shown}) lie one "
        f"level further down. Type: {choices}"
    )


def _mixed(root: Path, offender: Path) -> str:
    return (
        f"folder:{root} expects every image exactly at PATH/CLASS/IMAGE, and beside such images there is {offender}. "
        "Move or remove what lies at another level, and run again."
    )
