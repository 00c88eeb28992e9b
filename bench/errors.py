"""The exceptions that a user can meet, drawn as one tree.

    BenchError                  every expected failure; the command line prints its text as one paragraph
    ├── UsageError              wrong input: exit status 2
    │   └── UnknownNameError    a misspelt method, classifier, dataset or metric, with suggestions
    ├── PluginError             code of others that cannot be used; its cells fail, the others go on
    ├── StorageError            a file that cannot be written, because the disk is full
    ├── BusyError               a cell or a part of one that another process works on, where nobody wants to wait
    ├── DataError               a dataset that is missing, incomplete or not what it claims to be
    ├── WeightsError            a weight file that is missing, truncated, unsafe or tied to another classifier
    ├── TrainingError           a training that diverged or collapsed
    ├── MetricError             a metric that cannot be computed; its text becomes the note of a null value
    └── SkipCellError           a (method, classifier, dataset) that makes no sense; its text becomes the reason

Every text says what was expected, what was found, and what to type next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

MOST_NAMES = 100  # that a text lists


class BenchError(Exception):
    """An expected failure whose text is written for the user."""

    exit_status = 1


class UsageError(BenchError):
    """The call cannot be understood or honoured as it stands."""

    exit_status = 2


class UnknownNameError(UsageError):
    """A name that is in no registry."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(repr(c) for c in close)}? " if close else ""
        told = f"Known: {', '.join(known)}" if len(known) <= MOST_NAMES else f"There are {len(known):,} others"
        super().__init__(f"There is no {kind} called {name!r}. {hint}{told}.")


class PluginError(BenchError):
    """Code of others that cannot be used.

    Attributes:
        what: what failed, for instance ``The method 'x' cannot be imported``.
        reason: how, and where.
    """

    def __init__(self, what: str, reason: str, remedy: str = "") -> None:
        self.what, self.reason = what, reason
        super().__init__(f"{what}: {reason}" + (f". {remedy}" if remedy else ""))


class DataError(BenchError):
    """A dataset that is missing, incomplete or not what it claims to be."""


class StorageError(BenchError):
    """A file that cannot be written, because the disk is full."""


class BusyError(BenchError):
    """Another process works on it, and the caller does not wait."""


class WeightsError(BenchError):
    """A weight file that is missing, truncated, unsafe or tied to another classifier."""


class TrainingError(BenchError):
    """A training that diverged or collapsed."""


class MetricError(BenchError):
    """A metric that cannot be computed on these images."""


class SkipCellError(BenchError):
    """A cell that makes no sense; the text becomes the record's reason."""


def error_text(error: BaseException) -> str:
    """The note of a null: bench's own texts as they are, others with their type, on one line."""
    text = " ".join(str(error).split())
    return text if isinstance(error, BenchError) else f"{type(error).__name__}: {text}"


def where(error: BaseException) -> str:
    """``error_text``, and for errors that are not bench's own the line of code that raised it."""
    if isinstance(error, BenchError):
        return str(error)
    import traceback

    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith("<frozen")]
    if isinstance(error, SyntaxError) or not frames:
        return error_text(error)
    return f"{error_text(error)} (in {Path(frames[-1].filename).name}, line {frames[-1].lineno}, {frames[-1].name})"
