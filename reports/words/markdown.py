"""Markdown: a table's lines, and text that shows as it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence

WORDS = (
    "method", "access", "training", "stochastic", "network", "command", "status", "strongest control", "metric",
    "claim", "level",
)  # fmt: skip


ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"})  # not all unescape these


def markdown_lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table; columns of words are aligned left, numbers right."""
    rule = ["---" if name in WORDS else "---:" for name in head]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]


def escaped(name: str) -> str:
    """Text that every Markdown shows as it stands, in one line."""
    return re.sub(r"([\\`*\[\]])", r"\\\1", " ".join(name.split()).translate(ENTITIES))
