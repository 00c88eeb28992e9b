"""Where results lie, written so that a kill at any moment loses nothing.

    runs/<dataset>/<classifier>/<method>/<key>/      a cell: record.json, per_image.parquet, reconstructions.npy
                                                     second_draw.npy of a method that answers to noise
                                                     reconstruction_logits.npy, what the classifier makes of them:
                                                     (N, K) float32, not there where it could not be asked
                                          shards/    finished pieces of an unfinished cell

Shards are fixed blocks of rows of the published order: 250, or as many as the method says (``bench.inverters.base``).
A shard appears whole or not at all and is sealed, so a resumed run continues after the last one and equals an
undisturbed run byte for byte. Each is made under a lock of its own: several processes can fill one cell. What cells
share lies above them (``bench.store.shared``).
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import Pixels
from bench.errors import BenchError, BusyError, DataError
from bench.progress import progress
from bench.store import sealed
from bench.store.files import locked, replacing, sha256_of_file, sweep, write_atomically, write_rows

SHARD = 250
LONGEST = 200  # of a folder's name, in bytes; most systems allow 255, and a fingerprint may follow
ORIGINALS, LOGITS = "originals.npy", "logits.npz"  # of ``bench.store.shared``
# What a record's digests speak of, if it is there: of a cell of ``bench run``, and of a probe.
FILES = (
    "reconstructions.npy",
    "second_draw.npy",
    "reconstruction_logits.npy",
    "per_image.parquet",
    "pictures.npy",
    "captions.json",
)


def slug(name: str) -> str:
    """A name as a folder name: anything but letters, digits, dots, dashes and underscores becomes a dash.

    One that is too long for a file system is cut, and ends in a digest of all of it.
    """
    text = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "unnamed"
    if len(text) <= LONGEST:
        return text
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{text[: LONGEST - 17].rstrip('-.')}-{digest}"


def shards(count: int, size: int = SHARD) -> list[range]:
    """The fixed blocks of ``size`` that cover ``count`` rows; only the last may be shorter."""
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write one array as ``.npy``, whole or not at all."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    write_atomically(path, buffer.getvalue())


def write_blocks(path: Path, shape: tuple[int, ...], blocks: Iterator[Pixels]) -> None:
    """Write a uint8 array block by block, whole or not at all."""
    with replacing(path) as file:
        write_rows(file, shape, blocks)


@dataclass(frozen=True)
class Piece:
    """What one shard's inversion gave.

    Attributes:
        pixels: (n, H, W, 3) uint8.
        second: the same with the second noise draw, or empty for deterministic methods.
        seconds: wall-clock time of the inversion of ``pixels``.
        peak_memory_mb: of the process so far.
        outside: values of the inverter's answer that had to be clipped.
        furthest: the largest distance of one of them to [0, 1].
    """

    pixels: Pixels
    second: Pixels
    seconds: float
    peak_memory_mb: float
    outside: int = 0
    furthest: float = 0.0


class CellFolder:
    """The directory of one cell."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def record(self) -> Path:
        """``record.json``; its presence makes the cell finished."""
        return self.path / "record.json"

    @property
    def reconstructions(self) -> Path:
        """``reconstructions.npy``."""
        return self.path / "reconstructions.npy"

    @property
    def second_draw(self) -> Path:
        """``second_draw.npy``."""
        return self.path / "second_draw.npy"

    @property
    def reconstruction_logits(self) -> Path:
        """``reconstruction_logits.npy``."""
        return self.path / "reconstruction_logits.npy"

    @contextmanager
    def locked(self, *, wait: bool = True) -> Iterator[None]:
        """Hold the cell: a second process on the same cell waits, and then finds it finished.

        Whatever a killed process left half written goes first.

        Raises:
            BusyError: another process holds it, and ``wait`` is off.
        """
        with locked(self.path / ".lock", wait=wait):
            sweep(self.path)
            yield

    def clear(self) -> None:
        """Forget everything about this cell, the record first, so that a kill leaves an unfinished cell."""
        self.record.unlink(missing_ok=True)
        shutil.rmtree(self.path / "shards", ignore_errors=True)
        for path in self.path.glob("*.*"):
            if path.name != ".lock" and not path.is_dir():
                path.unlink()

    def unfinished(
        self, count: int, title: str, size: int = SHARD, *, wait: bool = True
    ) -> Generator[range, None, None]:
        """Every shard of ``size`` images that is not there yet, or is not what was written, with a line of progress.

        Whoever asks for the next one has kept the last. A shard that another process makes comes last, if it is still
        missing once that process has let it go; without ``wait`` it does not come.
        """
        rest = [rows for rows in shards(count, size) if self._load(_name(rows), len(rows)) is None]
        with progress(count, title, start=count - sum(map(len, rest))) as bar:
            for patient in (False, True)[: 1 + wait]:
                todo, rest = rest, []
                for rows in todo:
                    try:
                        with self._making(_name(rows), wait=patient):
                            if self._load(_name(rows), len(rows)) is None:
                                yield rows
                    except BusyError:
                        rest.append(rows)
                    else:
                        bar.advance(len(rows))

    @contextmanager
    def _making(self, name: str, *, wait: bool = True) -> Iterator[None]:
        """Hold one piece; what a killed process left of it goes first."""
        path = self._path(name)
        with locked(path.with_name(f".{name}.lock"), wait=wait):
            sweep(path.parent, path.name)
            yield

    def keep(self, rows: range, piece: Piece) -> None:
        """Store one shard.

        Raises:
            BenchError: it holds more or fewer images than it should.
        """
        if len(piece.pixels) != len(rows):
            raise BenchError(f"{len(rows)} images were asked for, and {len(piece.pixels)} were returned.")
        self._save(_name(rows), piece)

    def once(self, name: str, make: Callable[[], Piece]) -> Piece:
        """A piece of work under its own name: read if a run that was cut short had finished it, else made and kept."""
        piece = self._load(name)
        if piece is None:
            piece = make()
            sweep(self._path(name).parent, self._path(name).name)
            self._save(name, piece)
        return piece

    def _save(self, name: str, piece: Piece) -> None:
        arrays = {key: np.asarray(value) for key, value in vars(piece).items()}
        sealed.save(self._path(name), self._owner(name), arrays)

    def _load(self, name: str, count: int | None = None) -> Piece | None:
        """A piece, or None where there is none: a damaged one, or one of another cell, is said and thrown away."""
        path = self._path(name)
        if not path.exists():
            return None
        raw = sealed.load(path, self._owner(name))
        if raw is None or (count is not None and len(raw["pixels"]) != count):
            print(f"bench: {path} is damaged or another cell's, and is made anew", file=sys.stderr)
            path.unlink()
            return None
        numbers = {key: raw[key].item() for key in ("seconds", "peak_memory_mb", "outside", "furthest") if key in raw}
        return Piece(raw["pixels"], raw["second"], **numbers)

    def _owner(self, name: str) -> str:
        """What a piece's seal says that it belongs to: the key stands for all that decides about the pixels."""
        return f"{self.path.name} {name}"

    def _path(self, name: str) -> Path:
        return self.path / "shards" / f"{name}.npz"

    def pieces(self, count: int, size: int = SHARD) -> Iterator[Piece]:
        """The finished shards in order, one at a time.

        Raises:
            DataError: one is not there any more.
        """
        for rows in shards(count, size):
            piece = self._load(_name(rows), len(rows))
            if piece is None:
                raise DataError(f"Images {rows.start} to {rows.stop} were lost. Type the same command again.")
            yield piece

    def assemble(self, count: int, size: int = SHARD) -> tuple[Pixels, Pixels | None, float, float]:
        """Join the shards: reconstructions and second draw as memory maps, seconds, peak memory in MiB."""
        first = next(self.pieces(count, size))
        shape, costs = (count, *first.pixels.shape[1:]), []

        def pixels() -> Iterator[Pixels]:
            for piece in self.pieces(count, size):
                costs.append((piece.seconds, piece.peak_memory_mb))
                yield piece.pixels

        write_blocks(self.reconstructions, shape, pixels())
        second = None
        if first.second.size:
            write_blocks(self.second_draw, shape, (piece.second for piece in self.pieces(count, size)))
            second = np.load(self.second_draw, mmap_mode="r")
        seconds, peaks = zip(*costs, strict=True)
        return np.load(self.reconstructions, mmap_mode="r"), second, sum(seconds), max(peaks)

    def digests(self) -> dict[str, str]:
        """SHA-256 of the files beside the record, by name."""
        return {name: sha256_of_file(self.path / name) for name in FILES if (self.path / name).exists()}

    def save_logits(self, logits: NDArray[np.float32] | None) -> None:
        """Write the reconstructions' logits (N, K); None takes away what an earlier attempt may have left."""
        if logits is None:
            self.reconstruction_logits.unlink(missing_ok=True)
        else:
            save_array(self.reconstruction_logits, logits)

    def save_per_image(self, columns: Mapping[str, Any]) -> None:
        """Write ``per_image.parquet``, a row an image."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        sink = io.BytesIO()
        pq.write_table(pa.table({name: pa.array(values) for name, values in columns.items()}), sink)
        write_atomically(self.path / "per_image.parquet", sink.getvalue())

    def finish(self, record_json: str, *, keep_shards: bool = False) -> None:
        """Write ``record.json``, the last step, then drop the shards."""
        write_atomically(self.record, record_json.encode())
        if not keep_shards:
            shutil.rmtree(self.path / "shards", ignore_errors=True)


def _name(rows: range) -> str:
    return f"{rows.start:06d}-{rows.stop:06d}"
