"""Files that could not be used: what was wrong with each, kept while the rest goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.store.neutral import neutral, printable


@dataclass(frozen=True)
class Fault:
    """A file or folder that was left out, and why: in a line, without a folder of this machine."""

    path: Path
    reason: str


class Faults:
    """Faults in the order in which they were found, one a file."""

    def __init__(self) -> None:
        self._found: dict[Path, Fault] = {}

    def add(self, path: Path, error: Exception | str) -> None:
        """Note what is wrong with a file; the first finding stands."""
        self._found.setdefault(path, Fault(path, error if isinstance(error, str) else told(error)))

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._found.values()))

    def __len__(self) -> int:
        return len(self._found)


def told(error: Exception) -> str:
    """What an error says of a file, without the file's place and in one line of sensible length."""
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror
    else:
        text = printable(neutral(" ".join(str(error).split()))) or type(error).__name__
    return text if len(text) <= 300 else f"{text[:300]}..."


def regular(path: Path) -> Path:
    """The same path, if it leads to a file that can be read to its end.

    Raises:
        OSError: there is none.
        ValueError: it is a folder, a pipe or a device.
    """
    path.stat()
    if not path.is_file():
        raise ValueError("it is no regular file")
    return path


def folders(root: Path, faults: Faults) -> Iterator[Path]:
    """Every folder from ``root`` down, each once, whatever links lead to it; what cannot be looked into is noted."""
    seen: set[tuple[int, int]] = set()
    waiting = [root] if root.is_dir() else []
    while waiting:
        for place, below, _ in os.walk(waiting.pop(0), onerror=lambda error: _unreadable(error, faults)):
            try:
                here = os.stat(place)
            except FileNotFoundError:  # a run that goes on has taken it away
                below.clear()
                continue
            if (here.st_dev, here.st_ino) in seen:
                below.clear()
                continue
            seen.add((here.st_dev, here.st_ino))
            below.sort()
            waiting += [link for link in map(Path(place).joinpath, below) if link.is_symlink()]
            yield Path(place)


def _unreadable(error: OSError, faults: Faults) -> None:
    if not isinstance(error, FileNotFoundError):
        faults.add(Path(error.filename), error)
