"""One progress bar for everything that may take longer than two seconds, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Bar(Protocol):
    """What a running bar accepts."""

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Move on by ``amount`` and show ``note`` behind the bar."""


class _Silent:
    def advance(self, amount: int = 1, note: str = "") -> None:
        """Do nothing."""


class _Rich:
    def __init__(self, total: int, title: str, start: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self.progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self.task = self.progress.add_task(title, total=total, completed=start, note="")

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Move the bar."""
        if note:
            self.progress.update(self.task, advance=amount, note=note)
        else:
            self.progress.advance(self.task, amount)


@contextmanager
def progress(total: int, title: str, start: int = 0) -> Iterator[Bar]:
    """A bar over ``total`` units that disappears when done; silent where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield _Silent()
        return
    bar = _Rich(total, title, start)
    with bar.progress:
        yield bar
