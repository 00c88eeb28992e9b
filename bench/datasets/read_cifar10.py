"""CIFAR-10 from a copy in either public layout: the official Python batches, or the npm package's PNG sheets."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import pickle
import re
import shutil
import tarfile
import tempfile
import warnings
import zlib
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from bench.datasets.decode import rgb
from bench.errors import DataError
from bench.paths import expanded

Arrays = dict[str, NDArray[np.uint8]]
BATCHES = "cifar-10-batches-py"
ARCHIVE = "cifar-10-python.tar.gz"
PARTS = (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch")
NAMES = {*PARTS, *(f"{name}.png" for name in PARTS), "train_lables.json", "test_lables.json", ARCHIVE}
UNPACKED = "unpacked-"
FOLDERS = ("package", BATCHES)  # in which archives have them
LIMIT = 400 << 20  # bytes of an unpacked archive; the official one has 178 MiB, the npm package less
BATCH_LIMIT = 32 << 20  # of a batch; the official ones have 30 MiB
LABELS_LIMIT = 1 << 20


def read_source(source: Path, scratch: Path) -> Arrays:
    """The four official arrays from a folder or archive in either layout; the caller checks their hashes.

    Args:
        source: a folder that holds, or is, one of the layouts, or an archive of one.
        scratch: where an archive is unpacked.

    Raises:
        DataError: nothing of the kind is there, or it is damaged.
    """
    source = expanded(source).resolve()
    if not source.exists():
        raise DataError(f"--from expects a folder or an archive with CIFAR-10, and {source} does not exist.")
    try:
        return _read(_unpack(source, scratch) if source.is_file() else source, scratch)
    except DataError as error:  # about the user's file, not about where it was unpacked
        raise DataError(re.sub(f"{re.escape(str(scratch))}/{UNPACKED}[^/ ]*", str(source), str(error))) from error
    except (OSError, ValueError, OverflowError, KeyError, SyntaxError, TypeError, RecursionError) as error:
        raise DataError(
            f"The CIFAR-10 in {source} is incomplete or damaged: {error}. Fetch or copy it again."
        ) from error


def _read(folder: Path, scratch: Path, *, inside: bool = False) -> Arrays:
    """Find the layout in a folder, or in the archive that it holds; ``inside`` such a one there is no further one."""
    for candidate in (folder, folder / "package"):
        if (candidate / "data_batch_1.png").exists():
            return _read_sheets(candidate)
    for candidate in (folder, folder / BATCHES):
        if (candidate / "data_batch_1").exists():
            return _read_batches(candidate)
    if (folder / ARCHIVE).exists() and not inside:
        return _read(_unpack(folder / ARCHIVE, scratch), scratch, inside=True)
    found = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
    raise DataError(
        f"There is no CIFAR-10 in {folder}: expected {BATCHES}/, {ARCHIVE}, or data_batch_1.png and its siblings; "
        f"found {found}. Give the folder that holds one of them."
    )


def _unpack(archive: Path, scratch: Path) -> Path:
    """Unpack the known files of a tar archive into a new folder of ``scratch``, no more than they can have."""
    folder = Path(tempfile.mkdtemp(dir=scratch, prefix=UNPACKED))
    try:
        with _decompressed(archive) as plain, tarfile.open(fileobj=cast(Any, _Limited(plain, LIMIT)), mode="r|") as tar:
            for member in tar:
                path = Path(member.name)
                plain_file = member.isfile() and not member.issparse()  # a hole has no bytes that could be counted
                content = tar.extractfile(member) if plain_file and path.name in NAMES else None
                if content is not None:  # whatever else the path says, so that nothing leads out of the folder
                    place = folder / (path.parent.name if path.parent.name in FOLDERS else "") / path.name
                    place.parent.mkdir(exist_ok=True)
                    with content, place.open("wb") as file:
                        shutil.copyfileobj(content, file)
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise DataError(f"{archive} is no whole archive ({error}). Fetch or copy it again.") from error
    return folder


def _decompressed(archive: Path) -> IO[bytes]:
    """A file's content, through the decompressor that its first bytes ask for."""
    with archive.open("rb") as file:
        start = file.read(6)
    for magic, opener in ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open)):
        if start.startswith(magic):
            return cast("IO[bytes]", opener(archive))
    return archive.open("rb")


class _Limited:
    """A stream that ends in an error where more is read from it than there can be."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self.stream, self.left = stream, limit

    def read(self, size: int) -> bytes:
        """The next bytes."""
        self.left -= size
        if self.left < 0:
            raise DataError(
                f"The archive unpacks to more than the {LIMIT:,} bytes that CIFAR-10 can have. Fetch or copy it again."
            )
        return self.stream.read(size)


def _read_batches(folder: Path) -> Arrays:
    """The official Python batches, whose MD5 sums torchvision knows: pickles, unpickled only if they are those."""
    from torchvision.datasets import CIFAR10

    arrays: Arrays = {}
    for part, files in (("train", CIFAR10.train_list), ("test", CIFAR10.test_list)):
        batches = [_batch(folder, name, md5) for name, md5 in files]
        images = np.concatenate([np.asarray(batch["data"], dtype=np.uint8) for batch in batches])
        arrays[f"{part}_images"] = np.ascontiguousarray(images.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        arrays[f"{part}_labels"] = np.concatenate([np.asarray(batch["labels"], dtype=np.uint8) for batch in batches])
    return arrays


def _batch(folder: Path, name: str, md5: str) -> dict[str, Any]:
    """One batch; the bytes that were hashed are those that are unpickled."""
    path = folder / name
    data = _bytes(path, BATCH_LIMIT) if path.is_file() else b""
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != md5:
        raise DataError(
            f"{folder} is incomplete or damaged: {name} is missing or its MD5 sum is not the official one. "
            "Fetch or copy it again."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy deprecates how the official pickles of 2009 spell a dtype
        batch: dict[str, Any] = pickle.loads(data, encoding="latin1")
    return batch


def _bytes(path: Path, limit: int) -> bytes:
    """A file's bytes, a byte more than the limit at most."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def _read_sheets(folder: Path) -> Arrays:
    """The npm package: a PNG a batch, a row of 1,024 RGB pixels an image, labels as JSON (its spelling)."""
    return {
        "train_images": np.concatenate([_sheet(folder / f"data_batch_{k}.png") for k in range(1, 6)]),
        "train_labels": _labels(folder / "train_lables.json"),
        "test_images": _sheet(folder / "test_batch.png"),
        "test_labels": _labels(folder / "test_lables.json"),
    }


def _sheet(path: Path) -> NDArray[np.uint8]:
    """(N, 32, 32, 3) from an image of N rows."""
    try:
        image = np.asarray(rgb(path), dtype=np.uint8)
    except DataError as error:
        raise DataError(
            f"The CIFAR-10 in {path.parent} is incomplete or damaged: {path.name} is missing or no whole image. "
            "Fetch or copy it again."
        ) from error
    if image.shape[1] != 32 * 32:
        raise DataError(f"{path} should be 1024 pixels wide and has {image.shape[1]}. Fetch or copy it again.")
    return image.reshape(-1, 32, 32, 3)


def _labels(path: Path) -> NDArray[np.uint8]:
    """(N,) from a JSON list."""
    return np.asarray(json.loads(_bytes(path, LABELS_LIMIT)), dtype=np.uint8)
