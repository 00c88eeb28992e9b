"""What a probe's plot is made of: points with their intervals, in traces, in panels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.cards import MetricCard

Ends = tuple[float, float]
Limits = tuple[float | None, float | None]
Tick = tuple[float, str]


@dataclass(frozen=True)
class Mark:
    """A value on a panel, with its interval along either axis, and as printed."""

    x: float
    y: float
    x_ends: Ends | None = None
    y_ends: Ends | None = None
    words: str = ""


@dataclass(frozen=True)
class Style:
    """How a trace looks: positions in the colours, markers and dashes of ``plotting``."""

    colour: int
    marker: int
    dash: int = 0
    hollow: bool = False


@dataclass(frozen=True)
class Trace:
    """Marks that belong together, in their order; ``joined`` by a line."""

    label: str
    style: Style
    marks: tuple[Mark, ...]
    joined: bool = True


@dataclass(frozen=True)
class Panel:
    """One plot.

    Attributes:
        title: of the plot, for the page.
        traces: what is drawn.
        x_label, y_label: of the axes; empty for none.
        x_ticks, y_ticks: where they are not left to the plotting library.
        x_limits, y_limits: where the range is fixed; an end may be None.
        neutral: a vertical line at the level that changes nothing.
        chance: what guessing scores: a line across the measure's axis.
        rows: number of rows of a whisker plot, 0 for all others.
        bands: whether intervals are bands along the line, not whiskers.
    """

    title: str
    traces: tuple[Trace, ...]
    x_label: str = ""
    y_label: str = ""
    x_ticks: tuple[Tick, ...] = ()
    y_ticks: tuple[Tick, ...] = ()
    x_limits: Limits = (None, None)
    y_limits: Limits = (None, None)
    neutral: float | None = None
    chance: float | None = None
    rows: int = 0
    bands: bool = False

    @property
    def description(self) -> str:
        """Every number of the plot in words."""
        return "; ".join(f"{one.label}: {', '.join(mark.words for mark in one.marks)}" for one in self.traces)


@dataclass(frozen=True)
class Drawable:
    """The panels of one figure, its legend, and the titles of what has no value anywhere."""

    panels: tuple[Panel, ...]
    legend: tuple[tuple[str, Style], ...] = ()
    empty: tuple[str, ...] = ()


def limits(card: MetricCard, values: Sequence[float]) -> Limits:
    """Shares from 0 to 1 at least, distances from 0, all else where the values are; ends that are None are open."""
    if not values:
        return (None, None)
    if card.share:
        return (min(0.0, *values) - 0.03, max(1.0, *values) + 0.03)
    if card.reads_distance and min(values) >= 0:
        return (-0.03 * max(values) if max(values) else -0.03, 1.06 * max(values) or 1.0)
    return (None, None)


def legend_of(panels: Iterable[Panel]) -> tuple[tuple[str, Style], ...]:
    """Every trace once."""
    return tuple({(trace.label, trace.style): None for panel in panels for trace in panel.traces})
