"""Tiny ImageNet: 200 of ImageNet's classes at 64 px (Stanford's CS231n, 2015).

``test`` are the official 10,000 validation images, 50 a class. Of the official 500 training images of a class 25 are
``val`` and the others ``train``. Every split goes round the classes: a prefix of a multiple of 200 has all of them
alike. Which images are ``val``, and every order, follow from digests of the images' official names.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.datasets.archive import Member, members
from bench.datasets.base import Dataset, Pixels, State
from bench.datasets.download import download
from bench.datasets.imagenet_classes import ALIASES, DATA, imagenet_classes
from bench.datasets.prepare import Prepared, prepare
from bench.datasets.prepared import intact, mapped, settle
from bench.datasets.rounds import places, ranks, rounds
from bench.errors import DataError, UsageError
from bench.paths import expanded, home
from bench.seeding import seed_of
from bench.store import sealed
from bench.store.files import locked

NAME, PARTIAL = "tiny-imagenet", "tiny-imagenet:partial"
SIDE = 64
WNIDS = tuple((DATA / "tiny_imagenet_classes.txt").read_text(encoding="utf-8").split())
SPLITS = {"test": 10_000, "train": 95_000, "val": 5_000}
OFFICIAL, HELD_OUT = 500, 25  # training images of a class, and how many of them are val
URL = "https://cs231n.stanford.edu/tiny-imagenet-200.zip"
ARCHIVE, ARCHIVE_LIMIT = "tiny-imagenet-200.zip", 260 << 20  # bytes; the official file has 248,100,043
INDEX = "index.npz"
# SHA-256 over a line an image, sorted: that of its file, its name, its class. Whatever container they come in.
DIGESTS = {
    "test": "b1aaa4d71dce13568e534f06061c0b243ea27537f8b1354afe0130693fbba7a8",
    "train": "a8a68f67c4bbbef6ea06e3ad73b7755b82d704910319997d453d9902eee58591",
    "val": "7bee3183103dfe226eb782240fa23b8cbf8952a4267e8717df72217e3c0be348",
}
_FILE = re.compile(r"(?:(n\d{8})_\d+|val_\d+)\.JPEG")
_Images = dict[str, tuple[int, Member]]  # label and file by id


class TinyImageNet(Dataset):
    """One prepared split, memory-mapped."""

    takes = "[:partial]"
    summary = "64x64 colour images of 200 of ImageNet's classes; fetched"
    licence = "ImageNet's terms: non-commercial research"
    citation = ("le2015tiny", "russakovsky2015imagenet")
    class_ids = WNIDS
    judge = "zoo:judge-tiny-imagenet"
    gallery = 10_000
    aliases = ALIASES
    incomplete = True

    def __init__(self, name: str, split: str, index: sealed.Arrays, pixels: Pixels) -> None:
        ids, labels = index[f"{split}_ids"].astype(str).tolist(), index[f"{split}_labels"]
        names = [imagenet_classes()[wnid] for wnid in WNIDS]
        fingerprint = f"{seed_of(NAME, split, str(index[f'{split}_digest']), *ids, *labels.tolist()):016x}"
        super().__init__(name, ids, labels, names, fingerprint)
        self.splits = {split: len(index[f"{split}_labels"]) for split in SPLITS}
        self.fixed = name == NAME
        self._pixels = pixels

    @classmethod
    def open(cls, name: str, split: str, image_size: int) -> TinyImageNet:
        """``test``, ``train`` or ``val``, once ``bench data fetch tiny-imagenet`` has prepared them."""
        if name not in (NAME, PARTIAL):
            raise UsageError(f"There is {NAME}, and an incomplete copy as {PARTIAL}; got {name}.")
        if split not in SPLITS:
            raise UsageError(f"{NAME} has the splits 'test', 'train' and 'val', not {split!r}.")
        index = _index(name)
        if index is None:
            other = f" An incomplete copy is here: --dataset {PARTIAL}" if _folder(PARTIAL).exists() else ""
            raise DataError(
                f"{name} is not here. Type: bench data fetch {NAME}, or with a copy of your own: bench data fetch "
                f"{NAME} --from PATH{' --partial' if name == PARTIAL else ''}.{'' if name == PARTIAL else other}"
            )
        path, count = _folder(name) / f"{split}.npy", len(index[f"{split}_labels"])
        return cls(name, split, index, mapped(path, count, SIDE, f"bench data fetch {NAME} --force"))

    @classmethod
    def side(cls, name: str) -> int:
        """Always 64."""
        return SIDE

    @classmethod
    def here(cls) -> dict[str, int]:
        """What was prepared."""
        index = _index(NAME)
        return {split: 0 if index is None else len(index[f"{split}_labels"]) for split in SPLITS}

    @classmethod
    def state(cls) -> State:
        """Whether it was fetched."""
        for name in (NAME, PARTIAL):
            if _index(name) is not None:
                return State(True, f"{'fetched' if name == NAME else 'an incomplete copy'}: {_folder(name)}")
            if _folder(name).exists():
                return State(False, f"damaged: {_folder(name)}", f"bench data fetch {NAME} --force")
        return State(None, "not here", f"bench data fetch {NAME}   (237 MiB)")

    @classmethod
    def fetch(cls, source: Path | None, force: bool, partial: bool = False) -> None:
        """Prepare the three splits from the official archive, or from a copy in any container."""
        if not force and (here := [name for name in (NAME, PARTIAL)[: 1 + partial] if _index(name) is not None]):
            print(f"{here[0]} is already in {_folder(here[0])}")
            return
        work = home() / f".{NAME}-prepare"
        with locked(home() / f".{NAME}.lock"):
            if force:
                shutil.rmtree(work, ignore_errors=True)
            origin = _downloaded(work) if source is None else expanded(source)
            if not origin.exists():
                raise DataError(f"--from expects a folder or an archive with Tiny ImageNet; {origin} does not exist.")
            name = _prepare(origin, work, partial)
        counts = cls.open(name, "test", SIDE).splits
        told = ", ".join(f"{count:,} {split}" for split, count in counts.items())
        print(f"{name}: {told} images, {'verified' if name == NAME else 'an incomplete copy'}, in {_folder(name)}")

    @classmethod
    def verify(cls) -> list[tuple[str, str]]:
        """Each prepared split; of an incomplete copy whether it is as it was."""
        names = [name for name in (NAME, PARTIAL) if name == NAME or _folder(name).exists()]
        return [(f"{name} {split}", _status(name, split)) for name in names for split in SPLITS]

    @property
    def kind(self) -> str:
        """The same for whole and incomplete copies, which differ in their fingerprint."""
        return NAME

    def pixels(self, rows: Sequence[int] | slice) -> Pixels:
        """(n, 64, 64, 3) uint8."""
        return np.asarray(self._pixels[rows])


def _folder(name: str) -> Path:
    return home() / name.replace(":", "-")


def _index(name: str) -> sealed.Arrays | None:
    """What is known of the prepared splits: ids, labels, digests; None where they are not here."""
    return sealed.load(_folder(name) / INDEX, name)


def _status(name: str, split: str) -> str:
    index, path = _index(name), _folder(name) / f"{split}.npy"
    if index is None or not path.exists():
        return "wrong" if path.exists() else "missing"
    same = intact(path, index[f"{split}_blocks"].astype(str).tolist())
    known = name == PARTIAL or str(index[f"{split}_digest"]) == DIGESTS[split]
    return "right" if same and known else "wrong"


def _downloaded(work: Path) -> Path:
    """The official archive; one that was fetched by a call that was killed afterwards is taken."""
    path = work / ARCHIVE
    if zipfile.is_zipfile(path):
        return path
    work.mkdir(parents=True, exist_ok=True)
    print(f"{NAME}: asking the official archive (237 MiB) ...")
    try:
        download(URL, path, f"fetching {NAME} (MiB)", ARCHIVE_LIMIT)
    except DataError as error:
        path.unlink(missing_ok=True)
        raise DataError(
            f"Tiny ImageNet could not be fetched ({error}). With a copy of {ARCHIVE} or of its folder at hand, in any "
            f"container, type: bench data fetch {NAME} --from PATH"
        ) from error
    return path


def _prepare(origin: Path, work: Path, partial: bool) -> str:
    """Decode, verify and put into place; the name of what it turned out to be."""
    images = _found(origin, work)
    splits = published(images)
    missing = sum(SPLITS.values()) - len(images)
    if missing and not partial:
        raise DataError(
            f"{origin} holds {len(images):,} of the {sum(SPLITS.values()):,} images of Tiny ImageNet. Copy it again, "
            "or, to take it as it is, under an identity of its own, add --partial."
        )
    if not splits["test"]:
        raise DataError(f"{origin} holds none of the validation images of Tiny ImageNet, which are its test split.")
    files = {split: [images[one][1] for one in ids] for split, ids in splits.items()}
    made = prepare(work, files, SIDE, f"preparing {NAME}")
    labels = {split: np.array([images[one][0] for one in ids], dtype=np.int64) for split, ids in splits.items()}
    digests = {split: _digest(splits[split], labels[split], made[split]) for split in SPLITS}
    wrong = [split for split in SPLITS if digests[split] != DIGESTS[split]]
    if wrong and not partial:
        shutil.rmtree(work)
        raise DataError(
            f"The images in {origin} are not the official ones of Tiny ImageNet (those of {', '.join(wrong)} have "
            "another digest). Copy it again, or, to take it as it is, under an identity of its own, add --partial."
        )
    name, arrays = PARTIAL if wrong else NAME, sealed.Arrays()
    for split, ids in splits.items():
        arrays |= {f"{split}_ids": np.array(ids, dtype="S"), f"{split}_labels": labels[split]}
        arrays |= {f"{split}_digest": np.array(digests[split]), f"{split}_blocks": np.array(made[split].blocks, "S")}
    sealed.save(work / INDEX, name, arrays)
    settle(work, _folder(name), [INDEX, *(f"{split}.npy" for split in SPLITS)])
    return name


def _digest(ids: Sequence[str], labels: NDArray[np.int64], made: Prepared) -> str:
    lines = [f"{sha} {one} {WNIDS[label]}\n" for sha, one, label in zip(made.sha256(), ids, labels, strict=True)]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def _found(origin: Path, work: Path) -> _Images:
    """The images of the 200 classes in the official layout, wherever in the container it begins."""
    found: _Images = {}
    rows = {wnid: row for row, wnid in enumerate(WNIDS)}
    everything = members(origin, work)
    classes = _annotated(everything)
    for member in everything:
        if match := _FILE.fullmatch(member.name.rpartition("/")[2]):
            one = match[0].removesuffix(".JPEG")
            wnid = match[1] or classes.get(one)
            if wnid in rows and f"/{'train' if match[1] else 'val'}/" in f"/{member.name}":
                found[one] = rows[wnid], member
    if not found:
        raise DataError(
            f"There is no Tiny ImageNet in {origin}: expected train/CLASS/images/*.JPEG, val/images/*.JPEG and "
            f"val/val_annotations.txt, and found {len(everything):,} other files."
        )
    return found


def _annotated(everything: Sequence[Member]) -> dict[str, str]:
    """The class of each validation image."""
    classes: dict[str, str] = {}
    for member in everything:
        if member.name.endswith("val/val_annotations.txt"):
            lines = member.read().decode(errors="replace").splitlines()
            classes |= {words[0].removesuffix(".JPEG"): words[1] for words in map(str.split, lines) if len(words) > 1}
    return classes


def published(images: Mapping[str, tuple[int, Member]]) -> dict[str, list[str]]:
    """Ids by split, in published order; where some are not here the others keep their split and their order."""
    official = np.array([f"{wnid}_{k}" for wnid in WNIDS for k in range(OFFICIAL)])
    first = ranks(np.repeat(np.arange(len(WNIDS)), OFFICIAL), places(NAME, official)) < HELD_OUT
    held = set(official[first].tolist())
    parts: dict[str, list[str]] = {split: [] for split in SPLITS}
    for one in images:
        parts["test" if one.startswith("val_") else "val" if one in held else "train"].append(one)
    return {split: _ordered(ids, images) for split, ids in parts.items()}


def _ordered(ids: Sequence[str], images: Mapping[str, tuple[int, Member]]) -> list[str]:
    labels = np.array([images[one][0] for one in ids], dtype=np.int64)
    return [ids[row] for row in rounds(labels, places(NAME, ids))]
