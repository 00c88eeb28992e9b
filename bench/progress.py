"""How far long work is, on stderr: a bar with rate and time left on a terminal, elsewhere a line every half minute."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from bench.cli.printing import say

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")
EVERY = 30.0  # seconds between lines where stderr is no terminal; work that takes less has none
PAUSE = 10.0  # seconds without work after which what begins is new work, and not the next part of the old
_clock = time.monotonic


class Bar(Protocol):
    """What running work accepts."""

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Move on by ``amount`` and show ``note`` behind the rest."""


class _Work:
    """One piece of work: how much of it is done since when, and from that the rate and the time left."""

    def __init__(self, total: int, title: str, start: int) -> None:
        self.total, self.title, self.start, self.done, self.note = total, title, start, start, ""
        self.began = self.moved = _clock()

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Move on; what was done before ``start`` says nothing about the rate."""
        self.note = note or self.note
        if amount:
            self.done += amount
            self.moved = _clock()

    @property
    def rate(self) -> float | None:
        """Units a second up to the last one; None before the first."""
        seconds = self.moved - self.began
        return (self.done - self.start) / seconds if self.done > self.start and seconds > 0 else None

    def __str__(self) -> str:
        """The rate and the time left, from the first block on."""
        if (rate := self.rate) is None:
            return ""
        seconds = (self.total - self.done) / rate - (_clock() - self.moved)
        return f"{_pace(rate)}, {_time(max(0.0, seconds))} left"

    def line(self) -> str:
        """All about it without control characters, for a log."""
        share = f" ({self.done / self.total:.0%})" if self.total else ""
        parts = [f"{self.title}: {self.done:,} of {self.total:,}{share}"]
        parts.append(str(self) or f"{_time(_clock() - self.began)} so far")
        text = ", ".join([*parts, *([self.note] if self.note else [])])
        return "".join(c if c.isprintable() else "?" for c in text)


def _pace(rate: float) -> str:
    """Units a second, or seconds a unit where that is more than one."""
    if rate < 1:
        return f"{1 / rate:.3g} s each"
    return f"{rate:.3g} a second" if rate < 1_000 else f"{rate:,.0f} a second"


def _time(seconds: float) -> str:
    """Minutes and seconds, hours where there are any: 4:01, 1:00:00."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class _Line(_Work):
    """Work that is one line on the screen."""

    def __init__(self, screen: Progress, total: int, title: str, start: int) -> None:
        super().__init__(total, title, start)
        self.screen = screen
        self.task = screen.add_task(title, total=total, completed=start, note="", work=self)

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Move the bar."""
        super().advance(amount, note)
        self.screen.update(self.task, completed=self.done, note=self.note)


class _Reported(_Work):
    """Work that is part of a line every half minute."""

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Move on, and say so if the time has come."""
        super().advance(amount, note)
        _log.tick()


class _Log:
    """The lines where stderr is no terminal: all work that goes on, the outermost first, every half minute.

    A thread looks at the clock, so that a block that takes minutes is not silent either.
    """

    def __init__(self) -> None:
        self.open: list[_Work] = []
        self.said = self.ended = float("-inf")
        self.guard = threading.Lock()

    @contextmanager
    def work(self, one: _Work) -> Iterator[_Work]:
        """Report on a piece of work while it lasts."""
        outermost = not self.open
        if outermost and _clock() - self.ended > PAUSE:
            self.said = _clock()
        self.open.append(one)
        stop = threading.Event()
        watch = threading.Thread(target=self._watch, args=(stop,), daemon=True, name="progress")
        if outermost:
            watch.start()
        try:
            yield one
        finally:
            self.open.remove(one)
            self.ended = _clock()
            stop.set()
            if outermost:
                watch.join()

    def _watch(self, stop: threading.Event) -> None:
        while not stop.wait(max(0.1, self.said + EVERY - _clock())):
            self.tick()

    def tick(self) -> None:
        """Print a line if half a minute has passed since the last one, or since the work began."""
        with self.guard:
            if self.open and _clock() - self.said >= EVERY:
                self.said = _clock()
                say("; ".join(one.line() for one in self.open))


_log = _Log()
_screens: list[Progress] = []  # the one on the terminal, if any: a bar within a bar is its next line


@contextmanager
def progress(total: int, title: str, start: int = 0) -> Iterator[Bar]:
    """Show how far ``total`` units of work are: a bar that disappears when done, or lines; see the module.

    Of the processes of one training only the first shows anything.
    """
    if os.environ.get("RANK", "0") != "0":
        yield _Work(total, title, start)
    elif not sys.stderr.isatty():
        with _log.work(_Reported(total, title, start)) as work:
            yield work
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
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description:<34}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[work]}", style="progress.remaining"),
        TextColumn("{task.fields[note]}", markup=False),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)
