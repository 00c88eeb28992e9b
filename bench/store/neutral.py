"""Text of records for others' eyes: without folders of the machine that wrote it, without signals to a terminal."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from bench.errors import UsageError

if TYPE_CHECKING:
    from bench.store.record import Record

HOME = "$BENCH_HOME"
FOLDER = "folder:"
CACHE = "logit-inversion-bench"  # the default cache folder's name, on whichever machine
# A path from the root of a POSIX or Windows file system: in quotes up to the closing one, else up to a space.
_STEP = r"[^\s/\\'\"<>|,;:*?()\[\]]+"
_ROOT = r"(?:/|[A-Za-z]:[/\\]|\\\\)"
_PATH = re.compile(
    rf"(?<=['\"]){_ROOT}[^'\"\n]+(?=['\"])|(?<![\w/\\.~$%-])(?:file://)?{_ROOT}(?:{_STEP}[/\\])+(?:{_STEP})?"
)
T = TypeVar("T")


def neutral(text: str, dataset: str = "") -> str:
    """The text with every absolute path cut down: ``$BENCH_HOME/...`` in the cache, else ``.../NAME``.

    Args:
        text: a reason, a note, a name.
        dataset: ``folder:PATH`` where the text may speak of that folder; it becomes the folder's own name.
    """
    if "/" not in text and "\\" not in text:
        return text
    if dataset.startswith(FOLDER) and len(root := dataset.removeprefix(FOLDER).rstrip("/\\")) > 1:
        plain = re.sub(r"@\d+$", "", root)  # texts speak of the folder, without the size that images are read at
        for known in dict.fromkeys((os.path.abspath(root), root, os.path.abspath(plain), plain)):
            text = _replaced(text, known, _name(known))
    text = re.sub(rf"{FOLDER}(?:[/\\~.]|[A-Za-z]:)\S*", lambda found: _folder(found[0]), text)
    for known, shown in _known_folders().items():
        text = _replaced(text, known, shown)
    return _PATH.sub(lambda found: _short(found[0]), text)


def _replaced(text: str, folder: str, name: str) -> str:
    """Another name for a folder and for what lies in it, not for what merely begins alike."""
    return re.sub(rf"(?<![\w.]){re.escape(folder)}(?![\w-])", lambda _: name, text)


def dataset_name(name: str) -> str:
    """A dataset as others may see it: of ``folder:PATH`` the last component."""
    return _folder(name) if name.startswith(FOLDER) else name


def _folder(name: str) -> str:
    return FOLDER + _name(name.removeprefix(FOLDER))


def _name(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1] or "root"


def _known_folders() -> Mapping[str, str]:
    """Folders of this machine whose names may hold spaces, with what stands for them, the longest first."""
    from bench.paths import home

    known = {}
    with suppress(UsageError):  # without a home folder nothing lies in it
        known[str(home())] = HOME
    with suppress(RuntimeError):
        known[str(Path.home())] = "/~"
    return dict(sorted(((k, v) for k, v in known.items() if len(k) > 1), key=lambda pair: -len(pair[0])))


def _short(path: str) -> str:
    steps = [step for step in re.split(r"[/\\]", path) if step]
    if CACHE in steps:
        return "/".join([HOME, *steps[steps.index(CACHE) + 1 :]])
    return f".../{steps[-1]}"


def here(record: Record) -> Record:
    """The record as this machine's terminal shows it: ``$BENCH_HOME`` by its path, and no signals to the terminal."""
    place = next((folder for folder, shown in _known_folders().items() if shown == HOME), HOME)
    return mapped(record, lambda text: printable(text.replace(HOME, place)))


def printable(text: str) -> str:
    """The text without control characters, changes of direction or halves of characters, each by its escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shareable(record: Record) -> Record:
    """The record as it may leave this machine: no text of it holds one of its paths."""
    name = record.dataset
    once = cache(lambda text: neutral(text, name))  # names of metrics and fields stand in it by the dozen
    return dataclasses.replace(mapped(record, once), dataset=dataset_name(name))


@cache
def _names(cls: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(cls))


def mapped(value: T, change: Callable[[str], str]) -> T:
    """The same record, score, mapping or list with every text in it changed, keys included."""
    found: Any = value
    if value is None or isinstance(value, bool | int | float):  # most of what a record holds
        return value
    if isinstance(value, str):
        found = change(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = type(value)(**{name: mapped(getattr(value, name), change) for name in _names(type(value))})
    elif isinstance(value, Mapping):
        found = {mapped(key, change): mapped(one, change) for key, one in value.items()}
    elif isinstance(value, tuple | list):
        found = type(value)(mapped(one, change) for one in value)
    return cast(T, found)
