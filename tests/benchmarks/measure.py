"""How two things are timed against each other: by turns, so that a busy machine slows both alike."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch


@dataclass(frozen=True)
class Measured:
    """What the pairs of one row gave.

    Attributes:
        values: one a pair: a ratio, or seconds.
        details: whatever else was seen, for the reader of the file.
    """

    values: tuple[float, ...]
    details: dict[str, float | str] = field(default_factory=dict)


def seconds(run: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def by_turns(
    ours: Callable[[], object], other: Callable[[], object], pairs: int, *, warm_up: bool = True
) -> list[tuple[float, float]]:
    """Seconds of (ours, other) for each pair, after a call of each that does not count; who begins alternates.

    Calls of a minute, whose first moments do not show, can do without the warm-up.
    """
    if warm_up:
        ours()
        other()
    timed = []
    for pair in range(pairs):
        if pair % 2:
            theirs = seconds(other)
            timed.append((seconds(ours), theirs))
        else:
            timed.append((seconds(ours), seconds(other)))
    return timed


def times_faster(timed: list[tuple[float, float]], **details: float | str) -> Measured:
    """The row of a speed ratio: other / ours, pair by pair."""
    return Measured(tuple(other / ours for ours, other in timed), details)


@contextmanager
def own_home() -> Iterator[Path]:
    """An empty cache folder, so that only what ships is used and nothing of the user's is touched."""
    with TemporaryDirectory() as folder, patch.dict(os.environ, BENCH_HOME=folder):
        yield Path(folder)
