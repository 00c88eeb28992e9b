"""One progress bar for everything that may take longer than two seconds, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")


class Bar(Protocol):
    """What a running bar accepts."""

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Move on by ``amount`` and show ``note`` behind the bar."""


class _Silent:
    def advance(self, amount: int = 1, note: str = "") -> None:
        """Do nothing."""


class _Line:
    """One line on the screen."""

    def __init__(self, screen: Progress, total: int, title: str, start: int) -> None:
        self.screen = screen
        self.task = screen.add_task(title, total=total, completed=start, note="")

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Move the bar."""
        if note:
            self.screen.update(self.task, advance=amount, note=note)
        else:
            self.screen.advance(self.task, amount)


_screens: list[Progress] = []  # the one on the terminal, if any: a bar within a bar is its next line


@contextmanager
def progress(total: int, title: str, start: int = 0) -> Iterator[Bar]:
    """A bar over ``total`` units that disappears when done; silent where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield _Silent()
    elif _screens:
        line = _Line(_screens[0], total, title, start)
        try:
            yield line
        finally:
            _screens[0].remove_task(line.task)
    else:
        _screens.append(_screen())
        try:
            with _screens[0] as screen:
                yield _Line(screen, total, title, start)
        finally:
            _screens.clear()


def each(items: Sequence[T], title: str) -> Iterator[T]:
    """The items one after the other, with a bar over their number."""
    with progress(len(items), title) as bar:
        for item in items:
            yield item
            bar.advance()


def _screen() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<34}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)
