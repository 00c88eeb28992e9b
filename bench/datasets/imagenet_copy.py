"""Which images of ImageNet (ILSVRC 2012) somebody's copy of it holds: the name, class, part and place of each.

Understood, below one folder or in one archive, in any mixture and at any depth:

nXXXXXXXX_N.JPEG                 training images: their names say the class
ILSVRC2012_val_NNNNNNNN.JPEG     validation images: a folder called by the class, or one of the texts of ``Truth``
X.tar                            with any of these, or with such archives: as ILSVRC2012_img_train.tar comes
KEY.jpg, KEY.cls or KEY.json     WebDataset: the class beside the image, train or val in the names of the shards
"""

from __future__ import annotations

import json
import os
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.datasets.decode import SUFFIXES
from bench.datasets.filelist import ALL, Columns, FileList
from bench.datasets.imagenet_classes import imagenet_classes
from bench.datasets.imagenet_truth import VALIDATION, Truth
from bench.errors import DataError
from bench.progress import progress

TRAINING = re.compile(r"((n\d{8})_\d+)(?:_\2)?")  # the name of an image, and of some copies the class once more
ENDINGS = tuple(SUFFIXES)
CLASS_KEYS, NAME_KEYS = ("label", "cls", "class_id", "wnid", "synset"), ("filename", "file_name", "name")  # in a .json
STEP = 1_000  # images between two moves of the bar
UNKNOWN = -1  # the label of a validation image until a text says it


@dataclass(frozen=True)
class Copy:
    """What was found, N images.

    Attributes:
        ids: (N,) official names without ending, or where shards have none, ``PART/SHARD/KEY``.
        labels: (N,) places among the sorted WordNet ids.
        validation: (N,) whether it is a validation image.
        files: where they lie.
    """

    ids: NDArray[np.bytes_]
    labels: NDArray[np.int16]
    validation: NDArray[np.bool_]
    files: FileList


class _Entry(NamedTuple):
    """One file of a container."""

    folder: str
    name: str
    start: int
    length: int


@dataclass(frozen=True)
class _Container:
    """A folder without those in it, or an archive with all of those in it.

    Attributes:
        path: on this machine.
        place: below the folder that was given.
        entries: its files; those of one sample stand together.
        read: the bytes of one of them.
    """

    path: str
    place: str
    entries: Iterable[_Entry]
    read: Callable[[_Entry], bytes]


def find(source: Path, expected: int) -> Copy:
    """All images of ImageNet in a folder or a tar archive, each once.

    Args:
        source: the folder or archive.
        expected: how many there should be, for the bar.

    Raises:
        DataError: there are none, something cannot be read, or a class is not known.
    """
    looking = _Looking()
    try:
        with progress(expected, "looking for images of ImageNet") as bar:
            for container in _containers(source):
                for _ in looking.through(container):
                    bar.advance(STEP)
    except (OSError, EOFError, tarfile.TarError) as error:
        raise DataError(
            f"{source} cannot be read ({error}). It should be a folder or a tar archive; what is packed otherwise "
            "(.tar.gz, .zip) must be unpacked first."
        ) from error
    return looking.found(source)


def _containers(source: Path) -> Iterator[_Container]:
    if not source.is_dir():
        yield from _archive(str(source), source.name)
        return
    seen: set[str] = set()
    for folder, inner, names in os.walk(source, onerror=_refuse, followlinks=True):
        if (real := os.path.realpath(folder)) in seen:  # a link back
            inner.clear()
            continue
        seen.add(real)
        inner.sort()
        place = Path(folder).relative_to(source).as_posix()
        names.sort()
        entries = (_Entry("", name, 0, ALL) for name in names if not name.endswith(".tar"))
        yield _Container(folder, place, entries, partial(_read, folder))
        for name in (name for name in names if name.endswith(".tar")):
            yield from _archive(os.path.join(folder, name), f"{place}/{name}")


def _read(folder: str, one: _Entry) -> bytes:
    return Path(folder, one.name).read_bytes()


def _refuse(error: OSError) -> None:
    raise error


def _archive(path: str, place: str) -> Iterator[_Container]:
    with open(path, "rb") as file:

        def read(one: _Entry) -> bytes:
            return os.pread(file.fileno(), one.length, one.start)

        yield _Container(path, place, _members(file, 0, os.path.getsize(path)), read)


def _members(file: IO[bytes], start: int, stop: int, folder: str = "") -> Iterator[_Entry]:
    """The files of the archive that begins here, and of those in it."""
    file.seek(start)
    with tarfile.open(fileobj=file, mode="r:") as archive:
        while (info := archive.next()) is not None and info.offset < stop:
            archive.members.clear()  # type: ignore[attr-defined]  # which would be kept to the end
            if not info.isreg():
                continue
            inside, _, name = f"{folder}/{info.name}".rpartition("/")
            if name.endswith(".tar"):
                yield from _members(file, info.offset_data, info.offset_data + info.size, f"{inside}/{name}")
            else:
                yield _Entry(inside.lstrip("/"), name, info.offset_data, info.size)


class _Looking:
    """What was seen so far."""

    def __init__(self) -> None:
        self.rows = {wnid: row for row, wnid in enumerate(imagenet_classes())}
        self.truth = Truth()
        self.containers: list[str] = []
        # id, label, whether it is a validation image; container, name, start and length
        self.images = Columns("S", "i2", "?", "i4", "S", "i8", "i8")
        self.others = 0

    def through(self, container: _Container) -> Iterator[None]:
        """Note the images of a container, and texts about them; a pause after every ``STEP`` images."""
        self.containers.append(container.path)
        for (_, key), group in groupby(container.entries, lambda one: (one.folder, one.name.partition(".")[0])):
            sample = list(group)
            image = next((one for one in sample if one.name.lower().endswith(ENDINGS)), None)
            if image is not None and (known := self._known(container, key, image, sample)):
                name = os.fsencode(f"{image.folder}/{image.name}" if image.folder else image.name)
                self.images.add(*known, len(self.containers) - 1, name, image.start, image.length)
                if len(self.images) % STEP == 0:
                    yield
                continue
            for one in sample:
                self.others += not self.truth.offer(one.name, partial(container.read, one))

    def _known(
        self, container: _Container, key: str, image: _Entry, sample: list[_Entry]
    ) -> tuple[bytes, int, bool] | None:
        """An image's id, its label and whether it is a validation image; None for one that is not of ImageNet."""
        named, told = self._beside(container, sample) if len(sample) > 1 else (None, None)
        for stem in (key, named):
            if stem is not None and (match := TRAINING.fullmatch(stem)):
                label = self.rows.get(match[2])
                return None if label is None else (match[1].encode(), _agreed(container, key, label, told), False)
            if stem is not None and (match := VALIDATION.fullmatch(stem)):
                folder = (f"{container.place}/{image.folder}".rstrip("/")).rpartition("/")[2]
                label = self.rows.get(match[2] or folder, UNKNOWN if told is None else told)
                return match[1].encode(), _agreed(container, key, label, told), True
        if told is None:
            return None
        part, shard = _is_validation(container, image), os.path.basename(container.path).removesuffix(".tar")
        return f"{'val' if part else 'train'}/{shard}/{key}".encode(errors="surrogateescape"), told, part

    def _beside(self, container: _Container, sample: list[_Entry]) -> tuple[str | None, int | None]:
        """The name and the label that files beside an image give it."""
        name, label = None, None
        for one in sample:
            ending = one.name.rpartition(".")[2].lower()
            if ending == "cls":
                text = container.read(one).decode(errors="replace").strip()
                if (label := self._label(text)) is None:
                    raise DataError(
                        f"{one.name} in {container.path} should hold a class, a number from 0 to {len(self.rows) - 1} "
                        f"in the order of sorted WordNet ids, and holds {text[:40]!r}."
                    )
            elif ending == "json":
                facts = _facts(container.read(one))
                name = next((_stem(facts[word]) for word in NAME_KEYS if word in facts), None)
                told = (self._label(facts[word]) for word in CLASS_KEYS if word in facts)
                label = next((one for one in told if one is not None), None) if label is None else label
        return name, label

    def _label(self, value: Any) -> int | None:
        """A label written as a number or as a WordNet id."""
        text = str(value)
        if text.isdecimal() and int(text) < len(self.rows):
            return int(text)
        return self.rows.get(text)

    def found(self, source: Path) -> Copy:
        """Every image once, with its class."""
        ids, labels, validation, *where = self.images.arrays()
        if not len(ids):
            raise DataError(
                f"There is no ImageNet in {source}: expected images called as in nXXXXXXXX_N.JPEG and "
                "ILSVRC2012_val_NNNNNNNN.JPEG, in folders or tar archives, or WebDataset shards with .cls or .json, "
                f"and found {self.others:,} other files."
            )
        if len(unknown := np.flatnonzero(labels == UNKNOWN)):
            classes = self.truth.classes()
            labels[unknown] = [classes.get(one.decode(), UNKNOWN) for one in ids[unknown]]
        if left := int((labels == UNKNOWN).sum()):
            silent = ", ".join(sorted({name for name, _ in self.truth.texts}))
            raise DataError(
                f"Nothing says of which class {left:,} of the {int(validation.sum()):,} validation images in {source} "
                f"are{f' ({silent} does not)' if silent else ''}. Put ILSVRC2012_devkit_t12.tar.gz or "
                "LOC_val_solution.csv beside them, or the images into folders called by their classes (nXXXXXXXX), and "
                "type the same command again."
            )
        once = np.sort(np.unique(ids, return_index=True)[1])  # folders and the archives that they came in
        for one in np.delete(ids, once):
            if b"/" in one:  # no official name: another image
                raise DataError(f"Two images in {source} are called {os.fsdecode(one)}. Rename one of their shards.")
        return Copy(ids[once], labels[once], validation[once], FileList(tuple(self.containers), *where)[once])


def _agreed(container: _Container, key: str, label: int, told: int | None) -> int:
    """The label of an official name, which files beside it must not contradict."""
    if told not in (None, label):
        raise DataError(
            f"Beside {key} in {container.path} stands class {told}, and its name or folder says {label}, its place "
            "among the sorted WordNet ids. These shards count the classes in another order, or are mixed up."
        )
    return label


def _is_validation(container: _Container, image: _Entry) -> bool:
    """What the names of a shard and of its folders say."""
    path = f"{container.place}/{image.folder}".lower()
    if ("train" in path) == ("val" in path):
        raise DataError(
            f"{container.path} holds images without official names, and neither its name nor its folder says of which "
            "part: call it by either train or val."
        )
    return "val" in path


def _facts(data: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(data)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _stem(name: object) -> str:
    return str(name).rpartition("/")[2].partition(".")[0]
