"""Arrays kept for later, with a digest: in one ``.npz``, sealed over them and over what they belong to, or alone.

What was damaged, altered, or copied from elsewhere does not fit its seal and is not read.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import DataError
from bench.store.files import locked, room_for, sha256_of_file, write_atomically

Arrays = dict[str, NDArray[Any]]
SEAL = "sha256"
LARGE = 1 << 28  # bytes of an array that is mapped
_made: dict[Path, str] = {}  # the seals of what this process has written


def save(path: Path, owner: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays that belong to ``owner``, whole or not at all."""
    seal = _seal(owner, arrays)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays, **{SEAL: np.array(seal)})  # type: ignore[arg-type]
    write_atomically(path, buffer.getvalue())
    _made[path.absolute()] = seal


def load(path: Path, owner: str, *, own: bool = False) -> Arrays | None:
    """The arrays, or None where there is no such file, or one that does not fit its seal.

    Args:
        path: of the file.
        owner: what they must belong to.
        own: take only what this very process has written.
    """
    found = read(path)
    if found is None or found[0] != _seal(owner, found[1]):
        return None
    return None if own and _made.get(path.absolute()) != found[0] else found[1]


def read(path: Path) -> tuple[str, Arrays] | None:
    """A file's seal, empty where it has none, and its arrays, whosoever they are; None where it cannot be read."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as raw:
            arrays = {name: raw[name] for name in raw.files}
        return str(arrays.pop(SEAL, "")), arrays
    except Exception:  # a damaged archive fails in a dozen ways, from zlib to the allocation of a shape
        return None


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write one array as ``.npy``, and beside it its SHA-256 as ``sha256sum`` has it."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    data = buffer.getvalue()
    write_atomically(_sum(path), f"{hashlib.sha256(data).hexdigest()}  {path.name}\n".encode())
    write_atomically(path, data)


def save_blocks(path: Path, count: int, blocks: Callable[[int], Iterable[NDArray[Any]]]) -> None:
    """Write an array of ``count`` rows as ``save_array`` does, from blocks of rows that are not kept.

    What a kill, or an error, leaves is continued by the next call: it lies beside ``path`` with a digest a block. Two
    processes do not do the work twice.

    Args:
        path: of the ``.npy`` file.
        count: rows.
        blocks: gives the blocks from a row on, where an earlier one ended; always the same ones.

    Raises:
        DataError: the blocks have more or fewer rows.
        StorageError: the disk is full; what was written stays.
    """
    part, sums = (path.with_name(f".{path.name}.{end}") for end in ("part", "part.sha256"))
    with locked(path.with_name(f".{path.name}.lock")):
        if load_array(path) is not None:
            return
        with room_for(path), part.open("ab+") as file, sums.open("ab+") as seals:
            rows, digest = _whole(file, seals)
            for block in blocks(rows):
                data = np.ascontiguousarray(block).tobytes()
                if rows == 0:
                    data = _header((count, *block.shape[1:]), block.dtype) + data
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                rows += len(block)
                seals.write(f"{rows} {len(data)} {hashlib.sha256(data).hexdigest()}\n".encode())
                seals.flush()
                digest.update(data)
        if rows != count:
            part.unlink()
            sums.unlink()
            raise DataError(f"{count} rows were to be written into {path}, and there are {rows}.")
        write_atomically(_sum(path), f"{digest.hexdigest()}  {path.name}\n".encode())
        os.replace(part, path)
        sums.unlink()


def _whole(file: IO[bytes], seals: IO[bytes]) -> tuple[int, Any]:
    """Rows of the blocks that are as they were written, and the digest of their bytes; the rest is cut off."""
    digest, rows, kept, told = hashlib.sha256(), 0, 0, 0
    file.seek(0)
    seals.seek(0)
    for line in seals.readlines():
        try:
            end, size, seal = line.decode().split()
            data = file.read(int(size))
        except ValueError:
            break
        if hashlib.sha256(data).hexdigest() != seal:
            break
        digest.update(data)
        rows, kept, told = int(end), kept + len(data), told + len(line)
    file.truncate(kept)
    seals.truncate(told)
    return rows, digest


def _header(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    """What a ``.npy`` file begins with."""
    header = io.BytesIO()
    facts = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, facts)
    return header.getvalue()


def load_array(path: Path) -> NDArray[Any] | None:
    """What ``save_array`` or ``save_blocks`` wrote; None where there is no such file, or another one.

    A large one is mapped into memory and not read; what is written into it stays out of the file.
    """
    try:
        known = _sum(path).read_text().split(" ")[0]
        found = sha256_of_file(path)
    except (OSError, UnicodeDecodeError):
        return None
    if known != found:
        return None
    large = path.stat().st_size > LARGE
    array: NDArray[Any] = np.load(path, mmap_mode="c" if large else None, allow_pickle=False)
    return array


def _sum(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _seal(owner: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(owner.encode(errors="surrogateescape"))
    for name, array in sorted(arrays.items()):
        digest.update(f"\x1f{name}\x1f{array.dtype.str}\x1f{array.shape}\x1f".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
