"""How a function is called and a class is made, as Python that a reader can copy."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

WIDTH = 88  # of a line in a page


def signature(name: str, call: Any, *, bound: bool = False) -> str:
    """The call with its arguments, a line each where one line is too long.

    Args:
        name: as it is called.
        call: the function or class.
        bound: whether the first argument is the object itself.
    """
    shape = inspect.signature(call)
    parts: list[str] = []
    bare = False
    for one in list(shape.parameters.values())[bound:]:
        if one.kind is one.KEYWORD_ONLY and not bare:
            parts, bare = [*parts, "*"], True
        bare = bare or one.kind is one.VAR_POSITIONAL
        parts.append(_parameter(one))
    returns = "" if shape.return_annotation in (shape.empty, None, "None") else f" -> {_type(shape.return_annotation)}"
    line = f"{name}({', '.join(parts)}){returns}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {part}," for part in parts), f"){returns}"])


def _parameter(one: inspect.Parameter) -> str:
    star = "*" if one.kind is one.VAR_POSITIONAL else "**" if one.kind is one.VAR_KEYWORD else ""
    kind = "" if one.annotation is one.empty else f": {_type(one.annotation)}"
    if one.default is one.empty:
        return f"{star}{one.name}{kind}"
    return f"{star}{one.name}{kind}{' = ' if kind else '='}{value(one.default)}"


def _type(hint: Any) -> str:
    return hint if isinstance(hint, str) else getattr(hint, "__name__", str(hint))


def value(default: Any) -> str:
    """A default as it is written."""
    if isinstance(default, PurePath):
        return f'Path("{default.as_posix()}")'
    if isinstance(default, str):
        return f'"{default}"'
    if isinstance(default, tuple):
        return f"({', '.join(map(value, default))}{',' * (len(default) == 1)})"
    if isinstance(default, Mapping):
        return "{...}" if default else "{}"
    if isinstance(default, Enum):
        return value(default.value)
    if dataclasses.is_dataclass(default):
        return f"{type(default).__name__}()"
    made = type(default).__name__ == "_HAS_DEFAULT_FACTORY_CLASS"  # of a dataclass: an empty list or the like
    return "..." if made else repr(default)
