"""Files that appear whole or not at all, locks between processes, and digests of what was written."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bench.errors import BusyError, StorageError, UsageError
from bench.paths import home

if TYPE_CHECKING:
    import numpy as np
    from filelock import BaseFileLock
    from numpy.typing import NDArray

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # of the disk, of the user's quota, of what one file may hold
LONGEST = 40  # characters of a file's name in that of its scratch file
PATIENCE = 2.0  # seconds of waiting for another process before it is said


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the place of ``path`` once it is whole and on the disk.

    A reader never sees half of it, a kill leaves the old one, and after an error nothing of the new one stays.

    Raises:
        StorageError: the disk is full, or a limit on the size of files is reached.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(_scratch_name(path.name))
    try:
        with room_for(path), scratch.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """What is said where there is none.

    Raises:
        StorageError: the disk is full, or a limit on the size of files is reached.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageError(_full(path, error)) from error
        raise


def write_atomically(path: Path, data: bytes) -> None:
    """Write a whole file or nothing; see ``replacing``."""
    with replacing(path) as file:
        file.write(data)


def write_rows(file: IO[bytes], shape: tuple[int, ...], blocks: Iterable[NDArray[np.uint8]]) -> list[str]:
    """Write a uint8 array of this shape as ``.npy``, block by block; returns the SHA-256 of each block.

    Plainly, never through a memory map: a full disk is then an error, and not the end of the process.
    """
    import numpy as np

    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.uint8)), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    digests, rows = [], 0
    for block in blocks:
        data = np.ascontiguousarray(block, dtype=np.uint8)
        file.write(data.data)
        digests.append(hashlib.sha256(data.data).hexdigest())
        rows += len(data)
    assert rows == shape[0], f"{rows} rows instead of {shape[0]}"
    return digests


def _scratch_name(name: str) -> str:
    """Of one attempt: unique among processes and among machines that share a disk, and never longer than is allowed."""
    host = re.sub(r"[^A-Za-z0-9]+", "-", platform.node())[:32]
    return f".{name[:LONGEST]}.{host}.{os.getpid()}.{secrets.token_hex(4)}.tmp"


def _full(path: Path, error: OSError) -> str:
    free = shutil.disk_usage(path.parent).free
    other = "set BENCH_HOME to another folder" if _below_home(path) else "choose another folder with --out"
    return (
        f"{path} could not be written: {error.strerror} ({free / 2**20:,.1f} MiB are free there). Make room or "
        f"{other}, and type the same command again: what is finished is kept."
    )


def _below_home(path: Path) -> bool:
    """Whether a file is one that is fetched or cached, for which no command has a folder."""
    try:
        return Path(os.path.abspath(path)).is_relative_to(os.path.abspath(home()))
    except UsageError:  # there is no such folder
        return False


def sweep(folder: Path, name: str = "") -> None:
    """Delete what killed processes left of files that begin with ``name``; only for who holds the folder's lock."""
    for path in folder.glob(f".{name[:LONGEST]}*.tmp"):
        path.unlink(missing_ok=True)


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock file ``path``, of one process at a time; who waits for long is told for what.

    The lock is the operating system's: it ends with its process, however that ends, and on a shared folder it holds
    between machines where the file system has locks.

    Raises:
        BusyError: another process holds it, and ``wait`` is off.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock: BaseFileLock = FileLock(path)
    try:
        lock.acquire(timeout=PATIENCE if wait else 0)
    except Timeout:
        if not wait:
            raise BusyError(f"Another process works in {path.parent}.") from None
        print(f"bench: waiting for another process that works in {path.parent}", file=sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_rows(array: Any, rows: int | None = None) -> str:
    """SHA-256 of an array's first rows, of all by default; of their values alone, read a few at a time."""
    import numpy as np

    digest = hashlib.sha256()
    count = len(array) if rows is None else rows
    for start in range(0, count, 250):
        digest.update(np.ascontiguousarray(array[start : min(start + 250, count)]).data)
    return digest.hexdigest()
