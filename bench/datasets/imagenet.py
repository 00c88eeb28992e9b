"""ImageNet (ILSVRC 2012): 1,000 classes at 64, 128 or 224 px, prepared from a user's own copy of it.

``test`` are the official 50,000 validation images, 50 a class. Of the official training images of a class 10 are
``val`` and the others ``train``. Every split goes round the classes; which images are ``val``, and every order, follow
from digests of the images' official names.

What a copy should hold is known by numbers alone: 1,281,167 and 50,000 images of 1,000 classes, 50 validation images
each. Digests of the official files are not. So the identity of what was prepared is that of the names, the labels and
the digests of the files it came from: the same for all who have the official files, and another for whom it is not.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.cards import DatasetCard
from bench.datasets.base import Dataset, Pixels, State, to_images
from bench.datasets.imagenet_classes import ALIASES, IMAGENET, imagenet_classes
from bench.datasets.imagenet_copy import Copy, find
from bench.datasets.names import Names
from bench.datasets.prepare import Prepared, prepare
from bench.datasets.prepared import intact, mapped, settle
from bench.datasets.rounds import places, ranks, rounds
from bench.errors import DataError, UsageError
from bench.paths import expanded, home
from bench.seeding import seed_of
from bench.store import sealed
from bench.store.files import locked

if TYPE_CHECKING:
    import torch

NAME = IMAGENET
SIZES = (64, 128, 224)
WNIDS = tuple(imagenet_classes())
TRAINING, VALIDATION = 1_281_167, 50_000  # official images
HELD_OUT = 10  # training images of a class that are val
SPLITS = {"test": VALIDATION, "train": TRAINING - HELD_OUT * len(WNIDS), "val": HELD_OUT * len(WNIDS)}
_Rows = dict[str, NDArray[np.int64]]  # of a copy, by split


class ImageNet(Dataset):
    """One prepared split at one size, memory-mapped; its names are kept as bytes."""

    takes = ":SIZE[:partial]"
    summary = "ImageNet's 1,000 classes at 64, 128 or 224 px; prepared from your own copy"
    licence = "ImageNet's terms: non-commercial research"
    citation = ("russakovsky2015imagenet",)
    class_ids = WNIDS
    class_names = tuple(imagenet_classes().values())
    splits = SPLITS
    judge = "torchvision:vgg16_bn"
    gallery = 50_000
    default_num_images = 5_000
    aliases = ALIASES
    incomplete = True
    sizes = SIZES

    def __init__(self, name: str, split: str, index: sealed.Arrays, pixels: Pixels) -> None:
        size = pixels.shape[1]
        fingerprint = f"{seed_of(NAME, size, split, str(index['digest'])):016x}"
        super().__init__(name, (), index["labels"], self.class_names, fingerprint)
        self.ids = Names(index["ids"])
        self.splits = dict(zip(SPLITS, index["counts"].tolist(), strict=True))
        self.image_size = size
        self._pixels = pixels

    @classmethod
    def open(cls, name: str, split: str, image_size: int) -> ImageNet:
        """``test``, ``train`` or ``val``, once ``bench data prepare imagenet`` has made them."""
        size, partial = _parsed(name)
        if split not in SPLITS:
            raise UsageError(f"{NAME} has the splits 'test', 'train' and 'val', not {split!r}.")
        again = f"bench data prepare {NAME} --from PATH --size {size}{' --partial' if partial else ''}"
        index = _index(name, split)
        if index is None:
            other = "" if partial or not _folder(_named(size, True)).exists() else _named(size, True)
            raise DataError(
                f"{name} is not here. With a copy of ImageNet (ILSVRC 2012) of your own, type: {again}"
                + (f". An incomplete one is here: --dataset {other}" if other else "")
            )
        pixels = mapped(_folder(name) / f"{split}.npy", len(index["labels"]), size, f"{again} --force")
        return cls(name, split, index, pixels)

    @classmethod
    def side(cls, name: str) -> int:
        """What stands behind the colon."""
        return _parsed(name)[0]

    @classmethod
    def here(cls) -> dict[str, int]:
        """What was prepared, of the smallest size."""
        found = (_index(_named(size, False), "test") for size in SIZES)
        index = next((one for one in found if one is not None), None)
        return dict.fromkeys(SPLITS, 0) if index is None else dict(zip(SPLITS, index["counts"].tolist(), strict=True))

    @classmethod
    def state(cls) -> State:
        """Which sizes were prepared."""
        again = f"bench data prepare {NAME} --from PATH --size"
        there = [name for name in _names() if _folder(name).exists()]
        for name in there:
            if _index(name, "test") is None:
                return State(False, f"damaged: {_folder(name)}", f"{again} {_parsed(name)[0]} --force")
        if there:
            return State(True, f"prepared: {', '.join(there)} in {home()}")
        return State(None, "not here", f"{again} {SIZES[0]}   (your own copy)")

    @classmethod
    def fetch(cls, source: Path | None, force: bool, partial: bool = False) -> None:
        """Nobody may hand ImageNet on."""
        raise UsageError(
            f"{NAME} is not fetched: its terms let nobody hand it on. With a copy of your own, type: bench data "
            f"prepare {NAME} --from PATH --size {SIZES[0]}"
        )

    @classmethod
    def prepare(cls, source: Path, size: int, force: bool, partial: bool = False) -> None:
        """Bring the images of a copy to one size, once, into a memory map a split."""
        for name in (_named(size, False), _named(size, True))[: 1 + partial]:
            if not force and all(_index(name, split) is not None for split in SPLITS):
                print(f"{name} is already in {_folder(name)}")
                return
        origin = expanded(source)
        if not origin.exists():
            raise DataError(f"--from expects a folder or a tar archive with ImageNet; {origin} does not exist.")
        with locked(home() / f".{NAME}-{size}.lock"):
            copy = find(origin, TRAINING + VALIDATION)
            name = _named(size, not _whole(copy, origin, partial))
            _prepare(copy, name, size, force)
        counts = cls.open(name, "test", size).splits
        told = ", ".join(f"{count:,} {split}" for split, count in counts.items())
        print(
            f"{name}: {told} images{', an incomplete copy' if name != _named(size, False) else ''}, in {_folder(name)}"
        )

    @classmethod
    def verify(cls) -> list[tuple[str, str]]:
        """Each split of each size that was prepared: whether it is as it was."""
        there = [name for name in _names() if _folder(name).exists()]
        return [(f"{name} {split}", _status(name, split)) for name in there for split in SPLITS] or [(NAME, "missing")]

    @classmethod
    def known(cls, name: str, identity: str, image_size: int) -> DatasetCard:
        """Its labels are classes that a reader knows, whichever copy it is."""
        return replace(super().known(name, identity, image_size), names_classes=True)

    @property
    def kind(self) -> str:
        """The same at every size; the fingerprint differs."""
        return NAME

    def pixels(self, rows: Sequence[int] | slice) -> Pixels:
        """(n, SIZE, SIZE, 3) uint8."""
        return np.asarray(self._pixels[rows])

    def images(self, ids: Sequence[str]) -> torch.Tensor:
        """The images of these ids: (n, 3, SIZE, SIZE) float32 in [0, 1]."""
        return to_images(self.pixels([self.ids.index(image_id) for image_id in ids]))


def published(copy: Copy) -> _Rows:
    """The rows of a copy by split, in published order."""
    place = places(NAME, Names(copy.ids))
    training = np.flatnonzero(~copy.validation)
    held = ranks(copy.labels[training], place[training]) < HELD_OUT
    parts = {"test": np.flatnonzero(copy.validation), "train": training[~held], "val": training[held]}
    return {split: rows[rounds(copy.labels[rows], place[rows])] for split, rows in parts.items()}


def _parsed(name: str) -> tuple[int, bool]:
    """Size, and whether it is an incomplete copy."""
    match = re.fullmatch(rf"{NAME}:(\d+)(:partial)?", name)
    if match is None or int(match[1]) not in SIZES:
        raise UsageError(
            f"There is no {name}. ImageNet is prepared once for each size, and the size is part of its name: "
            f"{', '.join(_named(size, False) for size in SIZES)}, and an incomplete copy for instance as "
            f"{_named(SIZES[0], True)}. A classifier that takes images of another size resizes them itself."
        )
    return int(match[1]), match[2] is not None


def _named(size: int, partial: bool) -> str:
    return f"{NAME}:{size}{':partial' if partial else ''}"


def _names() -> list[str]:
    return [_named(size, partial) for size in SIZES for partial in (False, True)]


def _folder(name: str) -> Path:
    return home() / name.replace(":", "-")


def _index(name: str, split: str) -> sealed.Arrays | None:
    """What is known of a prepared split: ids, labels, digests, counts of all splits; None where it is not here."""
    return sealed.load(_folder(name) / f"{split}.npz", f"{name} {split}")


def _status(name: str, split: str) -> str:
    index, path = _index(name, split), _folder(name) / f"{split}.npy"
    if index is None or not path.exists():
        return "wrong"
    return "right" if intact(path, index["blocks"].astype(str).tolist()) else "wrong"


def _whole(copy: Copy, origin: Path, partial: bool) -> bool:
    """Whether a copy has as many images of as many classes as it should; it must, unless ``partial``."""
    validation, classes = int(copy.validation.sum()), len(np.unique(copy.labels))
    training = len(copy.ids) - validation
    if not validation:
        raise DataError(
            f"{origin} holds {training:,} training images of ImageNet and none of the validation images, which are its "
            "test split. Put ILSVRC2012_img_val.tar with ILSVRC2012_devkit_t12.tar.gz there, or a folder with them, "
            "and type the same command again."
        )
    counts = np.bincount(copy.labels[copy.validation], minlength=len(WNIDS))
    uneven = int((counts != VALIDATION // len(WNIDS)).sum())
    found = (training, validation, classes, uneven)
    if found == (TRAINING, VALIDATION, len(WNIDS), 0):
        return True
    if not partial:
        raise DataError(
            f"{origin} holds {training:,} training and {validation:,} validation images of {classes:,} of ImageNet's "
            f"classes, and of {uneven:,} classes another number of validation images than {VALIDATION // len(WNIDS)}. "
            f"Expected were {TRAINING:,} and {VALIDATION:,} of {len(WNIDS):,}. Copy it again, or, to take it as it is, "
            "under an identity of its own, add --partial."
        )
    return False


def _prepare(copy: Copy, name: str, size: int, force: bool) -> None:
    """Decode every split and put all into place; with ``force`` nothing is taken of an earlier attempt."""
    splits, target = published(copy), _folder(name)
    print(
        f"{name}: {len(copy.ids):,} images, {len(copy.ids) * size * size * 3 / 2**30:,.1f} GiB in {target}", flush=True
    )
    work = home() / f".{target.name}-prepare"
    if force:
        shutil.rmtree(work, ignore_errors=True)
    made = prepare(work, {split: copy.files[rows] for split, rows in splits.items()}, size, f"preparing {name}")
    for split, rows in splits.items():
        ids, labels = copy.ids[rows], copy.labels[rows]
        arrays = {"ids": ids, "labels": labels, "digest": np.array(_digest(ids, labels, made[split]))}
        arrays |= {
            "blocks": np.array(made[split].blocks, "S"),
            "counts": np.array([len(splits[one]) for one in SPLITS]),
        }
        sealed.save(work / f"{split}.npz", f"{name} {split}", arrays)
    settle(work, target, [f"{split}.{ending}" for split in SPLITS for ending in ("npy", "npz")])


def _digest(ids: NDArray[np.bytes_], labels: NDArray[np.int16], made: Prepared) -> str:
    """SHA-256 over a line an image, in published order: that of its file, its name, its class."""
    digest = hashlib.sha256()
    for sha256, one, label in zip(made.sha256(), ids, labels, strict=True):
        digest.update(b"%s %s %s\n" % (sha256.encode(), one, WNIDS[label].encode()))
    return digest.hexdigest()
