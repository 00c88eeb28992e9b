"""The SHA-256 of many files, each read once: what was hashed before is known by the file's state."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from bench.errors import DataError, StorageError
from bench.paths import home
from bench.progress import progress
from bench.store import sealed
from bench.store.files import sha256_of_file

Known = dict[str, tuple[str, str]]  # by name: the file's state, its SHA-256
SETTLED = 2.0  # seconds: a file that changed later may change again within one tick of the disk's clock
_known: dict[Path, Known] = {}  # to this process, by folder


_trusted = True  # whether the cache is believed


def distrust_cache() -> None:
    """From now on this process believes only what it reads itself."""
    global _trusted
    if _trusted:
        _trusted = False
        _known.clear()


def sha256_of_files(root: Path, names: Sequence[str]) -> list[str]:
    """SHA-256 of files below ``root``, from the cache in the user's home where their state is the same.

    Args:
        root: a folder.
        names: paths relative to it.

    Raises:
        DataError: one cannot be read; names it.
    """
    place = Path(os.path.abspath(root))
    known = _known.setdefault(place, {})
    if _trusted and not known:
        known |= _load(place)
    states = {name: _state(place / name) for name in names}
    found = {name: known[name][1] for name in names if name in known and known[name][0] == states[name][0]}
    todo = [name for name in names if name not in found]
    now = time.time()
    with progress(len(todo), f"reading {place.name}") as bar:
        for name in todo:
            found[name] = _sha256(place / name)
            bar.advance()
    lasting = {name: (states[name][0], found[name]) for name in todo if abs(now - states[name][1]) > SETTLED}
    if lasting:
        known |= lasting
        _save(place, known)
    return [found[name] for name in names]


def _state(path: Path) -> tuple[str, float]:
    """What changes with a file's contents, and when it last changed."""
    try:
        found = path.stat()
    except OSError as error:
        raise _unreadable(path, error.strerror) from error
    if not stat.S_ISREG(found.st_mode):
        raise _unreadable(path, "it is no regular file")
    state = f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"
    return state, max(found.st_mtime, found.st_ctime)


def _sha256(path: Path) -> str:
    try:
        return sha256_of_file(path)
    except OSError as error:
        raise _unreadable(path, error.strerror) from error


def _unreadable(path: Path, reason: str | None) -> DataError:
    return DataError(f"{path} cannot be read ({reason}). Make it readable or remove it, then run again.")


def _cache(place: Path) -> Path:
    return home() / "contents" / f"{hashlib.sha256(os.fsencode(place)).hexdigest()[:32]}.npz"


def _load(place: Path) -> Known:
    arrays = sealed.load(_cache(place), str(place))
    if arrays is None:
        return {}
    names, states, digests = (arrays[key].tolist() for key in ("names", "states", "digests"))
    return {name: (state, digest) for name, state, digest in zip(names, states, digests, strict=True)}


def _save(place: Path, known: Mapping[str, tuple[str, str]]) -> None:
    states, digests = zip(*known.values(), strict=True)
    arrays = {"names": np.array(list(known)), "states": np.array(states), "digests": np.array(digests)}
    with suppress(OSError, StorageError):  # where nothing can be kept, the files are read again
        sealed.save(_cache(place), str(place), arrays)
