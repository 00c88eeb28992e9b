"""CIFAR-10 from a copy in either public layout: the official Python batches, or the npm package's PNG sheets."""

from __future__ import annotations

import json
import tarfile
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.errors import DataError

Arrays = dict[str, NDArray[np.uint8]]
BATCHES = "cifar-10-batches-py"
ARCHIVE = "cifar-10-python.tar.gz"


def read_source(source: Path, scratch: Path) -> Arrays:
    """The four official arrays from a folder or archive in either layout; the caller checks their hashes.

    Args:
        source: a folder that holds, or is, one of the layouts, or an archive of one.
        scratch: where an archive is unpacked.

    Raises:
        DataError: nothing of the kind is there, or it is damaged.
    """
    source = source.expanduser().resolve()
    if not source.exists():
        raise DataError(f"--from expects a folder or an archive with CIFAR-10, and {source} does not exist.")
    try:
        return _read(_unpack(source, scratch) if source.is_file() else source, scratch)
    except (OSError, ValueError, OverflowError, KeyError, SyntaxError) as error:
        raise DataError(
            f"The CIFAR-10 in {source} is incomplete or damaged: {error}. Fetch or copy it again."
        ) from error


def _read(folder: Path, scratch: Path) -> Arrays:
    """Find the layout in a folder."""
    for candidate in (folder, folder / "package"):
        if (candidate / "data_batch_1.png").exists():
            return _read_sheets(candidate)
    for candidate in (folder, folder / BATCHES):
        if (candidate / "data_batch_1").exists():
            return _read_batches(candidate)
    if (folder / ARCHIVE).exists():
        return _read(_unpack(folder / ARCHIVE, scratch), scratch)
    found = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
    raise DataError(
        f"There is no CIFAR-10 in {folder}: expected {BATCHES}/, {ARCHIVE}, or data_batch_1.png and its siblings; "
        f"found {found}. Give the folder that holds one of them."
    )


def _unpack(archive: Path, scratch: Path) -> Path:
    """Unpack a tar archive into a new folder of ``scratch``."""
    folder = Path(tempfile.mkdtemp(dir=scratch, prefix="unpacked-"))
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DataError(f"{archive} is no whole archive ({error}). Fetch or copy it again.") from error
    return folder


def _read_batches(folder: Path) -> Arrays:
    """The official Python batches, through torchvision's reader, which checks MD5 sums before it unpickles."""
    from torchvision.datasets import CIFAR10

    reader = type("CopyOfCIFAR10", (CIFAR10,), {"base_folder": folder.name})
    arrays: Arrays = {}
    for part, train in (("train", True), ("test", False)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NumPy deprecates how the official pickles of 2009 spell a dtype
                data = reader(root=str(folder.parent), train=train, download=False)
        except RuntimeError as error:
            raise DataError(
                f"{folder} is incomplete or damaged: a file is missing or its MD5 sum is not the official one. "
                "Fetch or copy it again."
            ) from error
        arrays[f"{part}_images"] = np.asarray(data.data, dtype=np.uint8)
        arrays[f"{part}_labels"] = np.asarray(data.targets, dtype=np.uint8)
    return arrays


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
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.uint8).reshape(-1, 32, 32, 3)


def _labels(path: Path) -> NDArray[np.uint8]:
    """(N,) from a JSON list."""
    return np.asarray(json.loads(path.read_text()), dtype=np.uint8)
