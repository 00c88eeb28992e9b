"""Docstrings in Google's style, taken apart."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from typing import Any

from studies.docs.markdown import block, bullets, joined, prose, table

SECTIONS = ("Attributes", "Args", "Returns", "Raises")


@dataclass(frozen=True)
class Docstring:
    """A docstring's parts.

    Attributes:
        paragraphs: as written, without their indentation.
        sections: the text of each section by its title.
    """

    paragraphs: list[str]
    sections: dict[str, str] = field(default_factory=dict)

    def items(self, section: str) -> dict[str, str]:
        """Names and what they mean; names that share a line share the meaning."""
        found = re.split(r"^(?=\S)", self.sections.get(section, ""), flags=re.M)
        pairs = (one.partition(":") for one in found if one.strip())
        return {name.strip(): meaning for names, _, meaning in pairs for name in names.split(",")}

    def described(self) -> str:
        """The paragraphs as Markdown; indented ones are code, dashes begin what is listed."""
        return joined(map(_shown, self.paragraphs))


def _shown(paragraph: str) -> str:
    if paragraph.startswith(" "):
        return block(inspect.cleandoc(f"\n{paragraph}"))
    if paragraph.startswith("- "):
        return bullets(prose(one) for one in re.split(r"^- ", paragraph, flags=re.M) if one)
    return prose(paragraph)


def parsed(thing: Any) -> Docstring:
    """The docstring of a class or function, its own or what it inherits."""
    parts = re.split(rf"^({'|'.join(SECTIONS)}):\n", inspect.getdoc(thing) or "", flags=re.M)
    sections = {title: inspect.cleandoc(f"\n{text}") for title, text in zip(parts[1::2], parts[2::2], strict=True)}
    return Docstring([one.rstrip() for one in parts[0].split("\n\n") if one.strip()], sections)


def summary(thing: Any) -> str:
    """The first paragraph."""
    return " ".join(parsed(thing).paragraphs[0].split())


def outcome(found: Docstring) -> str:
    """What is returned and what is raised."""
    returns = found.sections.get("Returns", "")
    raised = "; ".join(f"`{name}`: {prose(why).rstrip('.')}" for name, why in found.items("Raises").items())
    return joined(
        [f"**Returns** {prose(returns)}" if returns else "", f"**Raises** {raised}." if raised else ""],
    )


def arguments(found: Docstring) -> str:
    """What each argument means."""
    rows = [(f"`{name}`", prose(meaning)) for name, meaning in found.items("Args").items()]
    return table(("argument", "meaning"), rows) if rows else ""
