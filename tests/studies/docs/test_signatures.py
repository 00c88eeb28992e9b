from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from studies.docs.signatures import WIDTH, signature, value


class Colour(StrEnum):
    red = "red"


@dataclass(frozen=True)
class Made:
    one: int
    more: dict[str, Any] = field(default_factory=dict)


def short(a: int, /, b: str = "x", *rest: int, c: bool = False, **others: Any) -> None: ...


def long(first_argument: dict[str, int] | None = None, *, second_argument: Path = Path("runs")) -> list[str]:
    return []


def test_a_call_is_written_as_it_is_typed() -> None:
    assert signature("m.short", short) == 'm.short(a: int, b: str = "x", *rest: int, c: bool = False, **others: Any)'
    assert signature("Made", Made) == "Made(one: int, more: dict[str, Any] = ...)"
    assert signature("x.short", short, bound=True).startswith("x.short(b: str")


def test_a_long_call_has_a_line_for_each_argument() -> None:
    shown = signature("module.long", long)
    assert shown.splitlines() == [
        "module.long(",
        "    first_argument: dict[str, int] | None = None,",
        "    *,",
        '    second_argument: Path = Path("runs"),',
        ") -> list[str]",
    ]
    assert max(map(len, shown.splitlines())) <= WIDTH


def test_values_are_the_same_on_every_system() -> None:
    assert value(Path("a") / "b") == 'Path("a/b")'
    assert value(Colour.red) == '"red"'
    assert value(("a",)) == '("a",)'
    assert value(("a", 1)) == '("a", 1)'
    assert value(MappingProxyType({"a": 1})) == "{...}"
    assert value(Made(1)) == "Made()"
    assert value(None) == "None"
