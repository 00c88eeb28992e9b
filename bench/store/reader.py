"""What a run left: its record, its cards and the files beside it, read with distrust.

What is damaged or contradicts its record is left out and named; the rest goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.cards import Cards, MetricCard, unknown
from bench.describe import cards_of
from bench.store import strict
from bench.store.faults import Faults, regular
from bench.store.folder import LOGITS, ORIGINALS
from bench.store.intact import intact
from bench.store.record import Record
from bench.store.table import Columns, columns

Pixels = NDArray[np.uint8]
T = TypeVar("T")

MOST_TEXT = 16_000_000  # bytes of a file of captions
MOST_HASHED = 1_000_000_000  # bytes; of what is larger, only the rows that are shown are read
SWOLLEN = 20  # an archive that unpacks to more than so many times its size was not written by bench


@dataclass(frozen=True)
class Pictures:
    """``pictures.npy`` (R, C, H, W, 3) and ``captions.json`` of a probe; ``judged`` is what the judge sees, or None."""

    pixels: Pixels
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    judged: tuple[tuple[str, ...], ...] | None


@dataclass(frozen=True, eq=False)
class Left:
    """A record, the directory it was read from (if any), and where its faults are noted.

    Files beside it are read when they are asked for; one that cannot be used is as if it were not there.
    """

    record: Record
    directory: Path | None = None
    faults: Faults = field(default_factory=Faults, kw_only=True)

    @property
    def complete(self) -> bool:
        """Whether there are scores to show."""
        return self.record.status == "complete"

    @cached_property
    def cards(self) -> Cards:
        """The record's own, or, where it was written without, those of its names."""
        return cards_of(self.record)

    def metric(self, key: str) -> MetricCard:
        """The card of a metric or measure, a bare one where the record does not hold it."""
        return self.cards.metrics.get(key) or unknown(key)

    @cached_property
    def per_image(self) -> Columns:
        """The columns of ``per_image.parquet``, empty where there is no such file."""
        return self._beside("per_image.parquet", lambda path: columns(path, self.record)) or {}

    @cached_property
    def reconstructions(self) -> Pixels | None:
        """(N, H, W, 3), memory-mapped, or None where only the record is here."""
        return self._beside("reconstructions.npy", lambda path: pixels(path, self.record.num_images))

    def matches(self, originals: Pixels) -> bool:
        """Whether there are reconstructions of the originals' size; others are noted."""
        mine = self.reconstructions
        fits = mine is not None and mine.shape[1:] == originals.shape[1:]
        if mine is not None and not fits and self.directory is not None:
            own, theirs = ("x".join(map(str, one.shape[1:3])) for one in (mine, originals))
            self.faults.add(
                self.directory / "reconstructions.npy", f"its pictures have {own} pixels and the originals {theirs}"
            )
        return fits

    @cached_property
    def reconstruction_logits(self) -> NDArray[Any] | None:
        """(N, K), memory-mapped, or None."""
        return self._beside("reconstruction_logits.npy", lambda path: array(path, 2, "f"))

    @property
    def pictures(self) -> Pictures | None:
        """What a probe stored, or None."""
        captions = self._beside("captions.json", _captions)
        if captions is None:
            return None
        return self._beside("pictures.npy", lambda path: Pictures(_table(path, captions), *captions))

    def _beside(self, name: str, reader: Callable[[Path], T]) -> T | None:
        """What the reader makes of a file of this name beside the record, if it is what the record was written with."""
        if self.directory is None:
            return None
        return attempt(self.directory / name, self.faults, lambda path: reader(unaltered(path, self.record)))


def originals_of(cells: Sequence[Left]) -> Pixels | None:
    """(>= N, H, W, 3) of cells that share them, memory-mapped, from the dataset's folder among the runs."""
    return _above(cells, 3, ORIGINALS, lambda path: pixels(path, cells[0].record.num_images))


def logits_of(cells: Sequence[Left]) -> tuple[NDArray[Any], NDArray[Any], str] | None:
    """Ids and (n, K) logits of the originals, and the weights and device that made them, of cells that share them."""
    return _above(cells, 2, LOGITS, _archive)


def _above(cells: Sequence[Left], steps: int, name: str, reader: Callable[[Path], T]) -> T | None:
    """What the reader makes of the first such file in the folders so many steps above the records' own."""
    record = next((one.record for one in cells if name in one.record.digests), cells[0].record)
    places = (folder / name for folder in folders_above(cells, steps))
    found = (attempt(path, cells[0].faults, lambda path: reader(unaltered(path, record))) for path in places)
    return next((one for one in found if one is not None), None)


def folders_above(cells: Iterable[Left], steps: int) -> list[Path]:
    """The folders so many steps above these records' own, sorted; a record that lies less deep has none."""
    places = [Path(os.path.abspath(one.directory)) for one in cells if one.directory is not None]
    return sorted({place.parents[steps - 1] for place in places if len(place.parents) >= steps})


def folder_of(record: Record, runs: Path) -> Path | None:
    """The folder of a record below ``runs``, by its key."""
    return next(runs.glob(f"*/*/*/{record.key}"), None)


def attempt(path: Path, faults: Faults, reader: Callable[[Path], T]) -> T | None:
    """What the reader makes of a file; None where there is none, or where it is damaged, which is noted."""
    try:
        return reader(regular(path)) if os.path.lexists(path) else None
    except Exception as error:  # a damaged file may fail in any way, and the page goes on without it
        faults.add(path, error)
        return None


def unaltered(path: Path, record: Record) -> Path:
    """The same path, if what lies there has the digest in the record, or the record has none.

    A file of more than ``MOST_HASHED`` bytes is taken as it is: a page shows a few rows of it and reads no others, and
    ``bench run --verify`` reads it all.

    Raises:
        ValueError: it has another.
    """
    if path.stat().st_size <= MOST_HASHED and (reason := intact(record, path)):
        raise ValueError(reason)
    return path


def array(path: Path, ndim: int, kinds: str) -> NDArray[Any]:
    """An array, memory-mapped.

    Raises:
        ValueError: it has other dimensions or another kind of numbers.
    """
    found = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(found, np.ndarray):
        raise ValueError("it is an archive, not an array")
    return checked(found, ndim, kinds)


def checked(found: NDArray[Any], ndim: int, kinds: str) -> NDArray[Any]:
    """The same array, if it has these dimensions, none of them zero, and one of these kinds of NumPy."""
    if found.ndim != ndim or found.dtype.kind not in kinds or not found.size:
        raise ValueError(f"its shape is {found.shape} and its type {found.dtype}")
    return found


def pixels(path: Path, count: int) -> NDArray[np.uint8]:
    """(>= count, H, W, 3) uint8, memory-mapped."""
    found = array(path, 4, "u")
    if found.dtype != np.uint8 or found.shape[3] != 3 or len(found) < count:
        raise ValueError(f"it should hold {count:,} pictures of 8 bits and is {found.dtype} of shape {found.shape}")
    return found


def archive(path: Path, names: Mapping[str, tuple[int, str]]) -> tuple[NDArray[Any], ...]:
    """Arrays of a ``.npz`` by name, each with these dimensions and kinds."""
    import zipfile

    with zipfile.ZipFile(path) as packed:
        if sum(one.file_size for one in packed.infolist()) > SWOLLEN * path.stat().st_size:
            raise ValueError("it unpacks to far more than was stored")
    with np.load(path, allow_pickle=False) as stored:
        found = {name: stored[name] for name in names}
    return tuple(checked(found[name], *wanted) for name, wanted in names.items())


def _archive(path: Path) -> tuple[NDArray[Any], NDArray[Any], str]:
    ids, z, made_by = archive(path, {"ids": (1, "U"), "logits": (2, "f"), "made_by": (0, "U")})
    if len(ids) != len(z):
        raise ValueError(f"it has {len(ids):,} ids for {len(z):,} rows of logits")
    return ids, z, str(made_by)


def document(path: Path) -> dict[str, Any]:
    """A JSON object of moderate size."""
    if regular(path).stat().st_size > MOST_TEXT:
        raise ValueError(f"{path.name} is larger than {MOST_TEXT:,} bytes")
    found = strict.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} should hold an object")
    return found


Captions = tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, ...], ...] | None]


def _table(path: Path, captions: Captions) -> Pixels:
    """(R, C, H, W, 3) for R rows and C columns.

    Raises:
        ValueError: it has another shape.
    """
    found: Pixels = array(path, 5, "u")
    shape = tuple(map(len, captions[:2]))
    if found.dtype != np.uint8 or found.shape[:2] != shape or found.shape[4] != 3:
        raise ValueError(f"pictures of shape {found.shape} for {shape[0]} rows and {shape[1]} columns")
    return found


def _captions(path: Path) -> Captions:
    """Rows, columns, and what the judge sees, or None.

    Raises:
        ValueError: these are not lists of texts, or not one a picture.
    """
    found = document(path)
    rows, columns, judged = _texts(found["rows"]), _texts(found["columns"]), found.get("judged")
    seen = None if judged is None else tuple(map(_texts, judged))
    if seen is not None and [len(row) for row in seen] != [len(columns)] * len(rows):
        raise ValueError("judged classes that are not one a picture")
    return rows, columns, seen


def _texts(found: object) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError("captions that are no lists of texts")
    return tuple(found)
