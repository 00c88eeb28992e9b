"""What a run makes once and keeps until it ends: classifiers, folders of images. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_KEPT: ContextVar[dict[Any, Any] | None] = ContextVar("kept", default=None)


@contextmanager
def one_run() -> Iterator[None]:
    """Within it, classifiers are built and folders scanned once; the next run looks again. Runs within it join it."""
    if _KEPT.get() is not None:
        yield
        return
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def kept() -> dict[Any, Any] | None:
    """What this run has made so far, by whatever keys its makers choose; None outside of a run."""
    return _KEPT.get()
