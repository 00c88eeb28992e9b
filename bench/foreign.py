"""Code of others: what it prints goes to stderr, and however it fails is one error that names it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress

from bench.errors import BenchError, PluginError, where


@contextmanager
def aside() -> Iterator[None]:
    """Within it, what is printed to stdout goes to stderr: by Python, and by libraries below it.

    stdout is for what a command answers, with ``--json`` one document and nothing else.
    """
    if sys.stdout is not None:
        sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # no such descriptor: the process was started without one
        kept = None
    try:
        if kept is not None:
            with suppress(OSError):
                os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if kept is not None:
            if sys.__stdout__ is not None:
                sys.__stdout__.flush()  # what somebody who kept the stream has written
            _flush_libraries()
            os.dup2(kept, 1)
            os.close(kept)


def _flush_libraries() -> None:
    """Write what C libraries hold back in their buffers while it still goes to stderr."""
    if os.name == "posix":
        import ctypes

        ctypes.CDLL(None).fflush(None)


@contextmanager
def guarded(what: str, remedy: str = "") -> Iterator[None]:
    """Run code of others.

    Args:
        what: the beginning of the error's text, for instance ``The method 'x' cannot be imported``.
        remedy: what to do about it, a sentence.

    Raises:
        PluginError: it raised anything, or asked Python to exit. Ctrl-C stays what it is.
    """
    try:
        with aside():
            yield
    except BenchError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(what, where(error), remedy) from error
