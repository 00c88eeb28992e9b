"""JSON to frozen dataclasses: whatever a field's type does not allow is refused, with the place where it stands."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

DEEPEST = 24  # levels of nesting
LARGEST = 1e15  # of what is measured: far above it, far below where formatting and drawing break
LARGEST_WHOLE = 2**64  # of whole numbers, among them seeds

T = TypeVar("T")


def loads(text: str) -> Any:
    """A JSON document without NaN, infinities, repeated keys or endless nesting.

    Raises:
        ValueError: it is none.
    """
    try:
        return json.loads(text, parse_constant=_no_number, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:80]!r} is given twice")
        found[key] = value
    return found


def build(cls: type[T], raw: object, where: str) -> T:
    """A dataclass from a JSON object; fields that it does not know, from later versions, are ignored.

    Args:
        cls: with fields of str, int, float, bool, literals, tuples, dicts by name, dataclasses, Any, or null.
        raw: as JSON gave it.
        where: what the object is called in errors.

    Raises:
        ValueError: a field is missing or cannot be what it is.
    """
    if not isinstance(raw, dict):
        raise ValueError(f"{where} should be an object and is {_shown(raw)}")
    hints = _hints(cls)  # type: ignore[arg-type]  # classes are hashable
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    missing = dataclasses.MISSING
    absent = [f.name for f in fields if f.name not in raw and f.default is missing and f.default_factory is missing]
    if absent:
        raise ValueError(f"{where} lacks {', '.join(absent)}")
    return cls(**{f.name: _value(hints[f.name], raw[f.name], f"{where}.{f.name}") for f in fields if f.name in raw})


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls)


@cache
def _pieces(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    return get_origin(hint), get_args(hint)


def _value(hint: Any, raw: object, where: str) -> Any:
    """What the JSON value is as this type."""
    origin, inner = _pieces(hint)
    if origin in (Union, UnionType):
        if raw is None and NoneType in inner:
            return None
        *others, last = (one for one in inner if one is not NoneType)
        for kind in others:
            with suppress(ValueError):
                return _value(kind, raw, where)
        return _value(last, raw, where)
    if origin is tuple:
        return _tuple(inner, raw, where)
    if origin is dict:
        return _dict(inner[1], raw, where)
    if origin is Literal:
        return _expected(raw in inner and isinstance(raw, str), raw, where, f"one of {', '.join(map(str, inner))}")
    if dataclasses.is_dataclass(hint):
        return build(hint, raw, where)  # type: ignore[arg-type]
    return _plain(hint, raw, where)


def _tuple(inner: tuple[Any, ...], raw: object, where: str) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise ValueError(f"{where} should be a list and is {_shown(raw)}")
    kinds = [inner[0]] * len(raw) if inner[-1] is Ellipsis else list(inner)
    _expected(len(raw) == len(kinds), raw, where, f"{len(kinds)} values")
    return tuple(_value(kind, one, f"{where}[{k}]") for k, (kind, one) in enumerate(zip(kinds, raw, strict=True)))


def _dict(inner: Any, raw: object, where: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ValueError(f"{where} should be an object and is {_shown(raw)}")
    return {key: _value(inner, one, f"{where}.{key[:80]}") for key, one in raw.items()}


def _plain(hint: Any, raw: object, where: str) -> Any:
    """Text, a number, a truth value, or any JSON."""
    if hint is Any:
        return _any(raw, where, DEEPEST)
    if hint is float:
        return float(_number(raw, where, (int, float)))
    if hint is int:
        return _number(raw, where, (int,))
    return _expected(isinstance(raw, hint), raw, where, {str: "text", bool: "true or false"}[hint])


def _number(raw: object, where: str, kinds: tuple[type, ...]) -> Any:
    """A number of sensible size; JSON's true and false are none."""
    _expected(
        isinstance(raw, kinds) and not isinstance(raw, bool), raw, where, "a number" if float in kinds else "whole"
    )
    largest = LARGEST if float in kinds else LARGEST_WHOLE
    return _expected(abs(raw) <= largest, raw, where, f"at most {largest:g}")  # type: ignore[arg-type]


def _any(raw: object, where: str, deepest: int) -> object:
    if not deepest:
        raise ValueError(f"{where} is nested too deeply")
    if isinstance(raw, dict):
        return {key: _any(one, f"{where}.{key[:80]}", deepest - 1) for key, one in raw.items()}
    if isinstance(raw, list):
        return [_any(one, where, deepest - 1) for one in raw]
    if raw is None or isinstance(raw, str | bool):
        return raw
    return _number(raw, where, (int,) if isinstance(raw, int) else (int, float))


def _expected(holds: bool, raw: object, where: str, what: str) -> Any:
    if not holds:
        raise ValueError(f"{where} should be {what} and is {_shown(raw)}")
    return raw


def _shown(raw: object) -> str:
    """A value in an error, cut short."""
    try:
        text = json.dumps(raw)
    except (ValueError, RecursionError):  # a whole number of thousands of digits, endless nesting
        text = type(raw).__name__
    return text if len(text) <= 60 else f"{text[:60]}..."
