"""A report read back: its tags in order, checked for balance, and its tables as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser

VOID = {"meta", "br", "wbr", "img", "link", "input", "hr", "line", "circle", "rect"}


@dataclass
class Tag:
    name: str
    attributes: dict[str, str]
    pieces: list[str] = field(default_factory=list)
    children: list[Tag] = field(default_factory=list)

    @cached_property
    def text(self) -> str:
        """Its text and that of its descendants."""
        return "".join(self.pieces)

    def all(self, name: str, **attributes: str) -> list[Tag]:
        """Descendants by name and attributes (class: one of them), in document order."""
        found = []
        for child in self.children:
            if child.name == name and all(
                value in child.attributes.get(key.rstrip("_"), "").split() for key, value in attributes.items()
            ):
                found.append(child)
            found += child.all(name, **attributes)
        return found

    def all_tags(self) -> list[Tag]:
        """Every descendant, in document order."""
        return [tag for child in self.children for tag in (child, *child.all_tags())]

    def first(self, name: str, **attributes: str) -> Tag:
        return self.all(name, **attributes)[0]


class Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.root = Tag("", {})
        self._open = [self.root]
        self.feed(html)
        self.close()
        assert self._open == [self.root], f"never closed: {[tag.name for tag in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        here = Tag(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(here)
        if tag not in VOID:
            self._open.append(here)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Tag(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].name == tag, f"</{tag}> closes <{self._open[-1].name}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for tag in self._open:
            tag.pieces.append(data)
