"""Where results lie, written so that a kill at any moment loses nothing.

    runs/<dataset>/originals.npy                     the images, once
    runs/<dataset>/<classifier>/logits.npz           their logits, once
    runs/<dataset>/<classifier>/<method>/<key>/      a cell: record.json, per_image.parquet, reconstructions.npy
                                                     reconstruction_logits.npy, what the classifier makes of them:
                                                     (N, K) float32, not there where it could not be asked
                                          shards/    finished pieces of an unfinished cell

Shards are fixed blocks of 250 rows of the published order. A shard file appears whole or not at all, so a resumed run
continues after the last one and equals an undisturbed run byte for byte.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import Dataset, Pixels, to_images
from bench.progress import progress
from bench.record import write_atomically

if TYPE_CHECKING:
    import torch

    from bench.classifiers import LoadedClassifier

SHARD = 250


def slug(name: str) -> str:
    """A name as a folder name: anything but letters, digits, dots, dashes and underscores becomes a dash."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "unnamed"


def shards(count: int) -> list[range]:
    """The fixed blocks that cover ``count`` rows; only the last may be shorter than 250."""
    return [range(start, min(start + SHARD, count)) for start in range(0, count, SHARD)]


@contextmanager
def exclusive(file: IO[str]) -> Iterator[None]:
    """Hold an advisory lock on an open file where the system has them (not on Windows)."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    fcntl.flock(file, fcntl.LOCK_EX)
    yield


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write one array as ``.npy``, whole or not at all."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    write_atomically(path, buffer.getvalue())


def originals(folder: Path, dataset: Dataset, count: int) -> Pixels:
    """The first ``count`` images (N, H, W, 3) uint8, memory-mapped from ``originals.npy``, written if need be."""
    path = folder / "originals.npy"
    if not path.exists() or len(np.load(path, mmap_mode="r")) < count:
        first = dataset.pixels(slice(0, 1))
        with progress(count, f"images of {dataset.name}") as bar:

            def blocks() -> Iterator[Pixels]:
                for rows in shards(count):
                    yield dataset.pixels(slice(rows.start, rows.stop))
                    bar.advance(len(rows))

            write_blocks(path, (count, *first.shape[1:]), blocks())
    return np.asarray(np.load(path, mmap_mode="r")[:count])


def write_blocks(path: Path, shape: tuple[int, ...], blocks: Iterator[Pixels]) -> None:
    """Write a uint8 array block by block, and rename it into place when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    array = np.lib.format.open_memmap(scratch, mode="w+", dtype=np.uint8, shape=shape)
    row = 0
    for block in blocks:
        array[row : row + len(block)] = block
        row += len(block)
    array.flush()
    del array
    scratch.replace(path)


def logits(folder: Path, classifier: LoadedClassifier, dataset: Dataset, count: int, device: torch.device) -> Any:
    """Logits (N, K) float32 of the first ``count`` images, from ``logits.npz`` or computed in whole blocks of 250.

    Blocks are whole even where N is not, so that the logits of an image do not depend on N.
    """
    import torch

    path, made_by = folder / "logits.npz", f"{classifier.sha256} {device.type}"
    if path.exists():
        stored = np.load(path, allow_pickle=False)
        same = str(stored["made_by"]) == made_by and list(stored["ids"][:count]) == list(dataset.ids[:count])
        if same:
            return stored["logits"][:count]
    whole = min(-(-count // SHARD) * SHARD, len(dataset))
    parts = []
    exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)  # as the metrics see the reconstructions
    with torch.inference_mode(), exact, progress(whole, f"logits of {classifier.name}") as bar:
        for rows in shards(whole):
            images = to_images(dataset.pixels(slice(rows.start, rows.stop))).to(device)
            images = images.contiguous(memory_format=torch.channels_last)
            parts.append(classifier.network(images).float().cpu().numpy())
            bar.advance(len(rows))
    values = np.concatenate(parts)
    buffer = io.BytesIO()
    np.savez(buffer, ids=np.array(dataset.ids[:whole]), logits=values, made_by=np.array(made_by))
    write_atomically(path, buffer.getvalue())
    return values[:count]


@dataclass(frozen=True)
class Piece:
    """What one shard's inversion gave.

    Attributes:
        pixels: (n, H, W, 3) uint8.
        second: the same with the second noise draw, or empty for deterministic methods.
        seconds: wall-clock time of the inversion of ``pixels``.
        peak_memory_mb: of the process so far.
    """

    pixels: Pixels
    second: Pixels
    seconds: float
    peak_memory_mb: float


def _save(path: Path, piece: Piece) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **vars(piece))
    write_atomically(path, buffer.getvalue())


def _load(path: Path) -> Piece:
    with np.load(path) as raw:
        return Piece(raw["pixels"], raw["second"], float(raw["seconds"]), float(raw["peak_memory_mb"]))


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
    def reconstruction_logits(self) -> Path:
        """``reconstruction_logits.npy``."""
        return self.path / "reconstruction_logits.npy"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the cell: a second process on the same cell waits, and then finds it finished."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".lock").open("w") as file, exclusive(file):
            yield

    def clear(self) -> None:
        """Forget everything about this cell, the record first, so that a kill leaves an unfinished cell."""
        self.record.unlink(missing_ok=True)
        shutil.rmtree(self.path / "shards", ignore_errors=True)
        for path in self.path.glob("*.*"):
            if path.name != ".lock":
                path.unlink()

    def fill(self, count: int, invert: Callable[[range], Piece], title: str) -> None:
        """Invert every shard that is not there yet."""
        todo = shards(count)
        done = [rows for rows in todo if self._shard(rows).exists()]
        with progress(count, title, start=sum(map(len, done))) as bar:
            for rows in todo:
                if rows not in done:
                    _save(self._shard(rows), invert(rows))
                    bar.advance(len(rows))

    def _shard(self, rows: range) -> Path:
        return self._piece(f"{rows.start:06d}-{rows.stop:06d}")

    def _piece(self, name: str) -> Path:
        return self.path / "shards" / f"{name}.npz"

    def once(self, name: str, make: Callable[[], Piece]) -> Piece:
        """A piece of work under its own name: read if a run that was cut short had finished it, else made and kept."""
        path = self._piece(name)
        if not path.exists():
            _save(path, make())
        return _load(path)

    def pieces(self, count: int) -> Iterator[Piece]:
        """The finished shards in order, one at a time."""
        for rows in shards(count):
            yield _load(self._shard(rows))

    def assemble(self, count: int) -> tuple[Pixels, Pixels | None, float, float]:
        """Join the shards: reconstructions and second draw as memory maps, seconds, peak memory in MiB."""
        seconds, peak = 0.0, 0.0
        shape: tuple[int, ...] = ()
        drawn_twice = False
        for piece in self.pieces(count):
            seconds += piece.seconds
            peak = max(peak, piece.peak_memory_mb)
            shape, drawn_twice = piece.pixels.shape[1:], piece.second.size > 0
        write_blocks(self.reconstructions, (count, *shape), (piece.pixels for piece in self.pieces(count)))
        second = None
        if drawn_twice:
            path = self.path / "shards" / "second_draw.npy"
            write_blocks(path, (count, *shape), (piece.second for piece in self.pieces(count)))
            second = np.load(path, mmap_mode="r")
        return np.load(self.reconstructions, mmap_mode="r"), second, seconds, peak

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
        """Write ``record.json``, the last step, then drop the shards and what killed processes left."""
        write_atomically(self.record, record_json.encode())
        if not keep_shards:
            shutil.rmtree(self.path / "shards", ignore_errors=True)
        for path in self.path.glob(".*.tmp"):
            path.unlink()
