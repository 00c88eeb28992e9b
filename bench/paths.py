"""Where downloaded data and caches live (``$BENCH_HOME``, else the user's cache folder), and paths as text."""

from __future__ import annotations

import os
from pathlib import Path

from bench.errors import UsageError


def home() -> Path:
    """The folder for everything that is fetched or cached outside ``runs``.

    Raises:
        UsageError: the user has no home folder; says what to set.
    """
    if value := os.environ.get("BENCH_HOME"):
        return expanded(Path(value))
    from platformdirs import user_cache_dir

    try:
        folder = Path(user_cache_dir("logit-inversion-bench", appauthor=False))
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():  # older versions leave the ~ of a user whom the system does not know
        raise UsageError(_homeless("the cache of bench"))
    return folder


def expanded(path: Path) -> Path:
    """The path with ``~`` replaced by the user's home folder.

    Raises:
        UsageError: there is none.
    """
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise UsageError(_homeless(str(path))) from error


def _homeless(what: str) -> str:
    return (
        f"There is no home folder for {what}: HOME is not set, and the system has no entry for this user. Name a "
        "folder that can be written, export BENCH_HOME=/path/to/folder, and give other paths without ~."
    )


def readable(path: str | Path) -> str:
    """A path as text that can be printed and stored anywhere: bytes that are no UTF-8 become escapes, ``\\xff``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
