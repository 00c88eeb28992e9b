"""Markdown that GitHub and MkDocs read alike: tables, facts, code, and the text of docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}


def entities(text: str) -> str:
    """Text without what HTML or a table would read as its own."""
    return re.sub(r"[&<>|]", lambda found: _ENTITIES[found[0]], text)


def code(text: str) -> str:
    """A span of code, also inside a table."""
    if "|" in text or "`" in text:
        return f"<code>{entities(text)}</code>"
    return f"`{text}`"


def prose(text: str) -> str:
    """Text of the code as one paragraph: ``spans`` stay code, all else shows as it stands."""
    parts = re.split(r"``(.+?)``|`([^`]+)`", " ".join(text.split()))
    shown = []
    for plain, double, single in zip(parts[::3], [*parts[1::3], None], [*parts[2::3], None], strict=True):
        shown.append(_plain(plain))
        if span := double or single:
            shown.append(code(span))
    return "".join(shown)


def _plain(text: str) -> str:
    escaped = re.sub(r"\*|(?<![^\W_])_|_(?![^\W_])|\](?=[(\[:])", lambda found: "\\" + found[0], text)
    return entities(escaped)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[str] = ()) -> str:
    """A table; the columns of ``numbers`` are aligned right. A column that is empty everywhere is left out."""
    lines = list(rows)
    kept = [k for k in range(len(head)) if any(line[k] for line in lines)]
    rule = ["---:" if head[k] in numbers else "---" for k in kept]
    cells = ([line[k] for k in kept] for line in [head, *lines])
    first, *others = (f"| {' | '.join(one)} |" for one in cells)
    return "\n".join([first, f"| {' | '.join(rule)} |", *others])


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Names and what they are, as a table; what is empty is left out."""
    return table(("property", "value"), [(name, value) for name, value in rows if value])


def bullets(items: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {item}" for item in items)


def block(text: str, language: str = "") -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def joined(parts: Iterable[str]) -> str:
    """Paragraphs and blocks, one after the other; empty ones are left out."""
    return "\n\n".join(part for part in parts if part)


def sentence(text: str) -> str:
    """With a capital letter, where it begins with a word, and a full stop."""
    begun = text[:1].upper() + text[1:] if re.match(r"[a-z]+[ ,]", text) else text
    return begun + ("" if not text or text.endswith((".", "?", ":")) else ".")


def number(value: float, digits: int = 2) -> str:
    """So many significant digits, never with an exponent."""
    if abs(value) < 1e-10:
        return "0"
    shown = float(f"{value:.{digits}g}")
    return f"{shown:,.0f}" if abs(shown) >= 10 ** (digits - 1) else f"{shown:.10f}".rstrip("0").rstrip(".")


def duration(seconds: float) -> str:
    """In the unit in which it is easily read."""
    for unit, factor in (("h", 3600.0), ("min", 60.0), ("s", 1.0)):
        if seconds >= 2 * factor or (unit == "s" and seconds >= 1):
            return f"{number(seconds / factor)} {unit}"
    return f"{number(1000 * seconds)} ms"
