"""The figures' geometry, as strings for the SVG templates: re-identification and LPIPS with its intervals.

Positions are percentages of the plot and labels keep their size, so that a narrow screen shrinks the plot and not its
text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bench.record import Score
from reports import text
from reports.groups import Entry, Group
from reports.labels import Label, layout

PLOT_PIXELS = (400, 290)  # as in style.css: on wide and on narrow screens
X_KEY, Y_KEY = "reid_class_target", "reid_class_judge"


@dataclass(frozen=True)
class Tick:
    """A labelled position on an axis."""

    at: str
    label: str
    from_top: str = ""


@dataclass(frozen=True)
class Point:
    """A method in the plane of two shares, with its intervals."""

    name: str
    kind: str
    x: str
    y: str
    x_ends: tuple[str, str]
    y_ends: tuple[str, str]
    wide: Label
    narrow: Label
    words: str


@dataclass(frozen=True)
class Scatter:
    """reid_class_judge over reid_class_target."""

    x_key: str
    y_key: str
    ticks: tuple[Tick, ...]
    points: tuple[Point, ...]
    x_chance: str | None
    y_chance: str | None


@dataclass(frozen=True)
class Bar:
    """A method's mean and interval on the scale of the figure."""

    name: str
    kind: str
    at: str
    low: str
    high: str
    value: str
    bounds: str


@dataclass(frozen=True)
class Whiskers:
    """Means with intervals, a row a method."""

    key: str
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]


def scatter(group: Group) -> Scatter | None:
    """Agreement by the target against agreement by the judge; None where nobody has both."""
    placed = [(e, x, y) for e, x, y in ((e, _score(e, X_KEY), _score(e, Y_KEY)) for e in group.complete) if x and y]
    if not placed:
        return None
    places = [(x.value or 0.0, 1 - (y.value or 0.0)) for _, x, y in placed]
    names = [entry.label for entry, _, _ in placed]
    wide, narrow = (layout(names, [(x * side, y * side) for x, y in places], side) for side in PLOT_PIXELS)
    points = tuple(_point(e, x, y, *labels) for (e, x, y), *labels in zip(placed, wide, narrow, strict=True))
    x_chance, y_chance = placed[0][1].chance, placed[0][2].chance
    return Scatter(
        x_key=X_KEY,
        y_key=Y_KEY,
        ticks=tuple(Tick(text.percent(step / 5), f"{step / 5:.1f}", text.percent(1 - step / 5)) for step in range(6)),
        points=points,
        x_chance=None if x_chance is None else text.percent(x_chance),
        y_chance=None if y_chance is None else text.percent(1 - y_chance),
    )


def whiskers(group: Group, key: str = "lpips") -> Whiskers | None:
    """A metric's means with their intervals, from zero on; None where nobody has it."""
    found = [(entry, score) for entry, score in ((e, _score(e, key)) for e in group.complete) if score]
    if not found:
        return None
    largest = max(_ends(score)[1] for _, score in found)
    step = _step(largest)
    top = step * max(1, math.ceil(largest / step - 1e-9))
    steps = round(top / step)
    return Whiskers(
        key=key,
        ticks=tuple(Tick(text.percent(i / steps), f"{i * step:.4g}") for i in range(steps + 1)),
        bars=tuple(_bar(key, entry, score, top) for entry, score in found),
    )


def _score(entry: Entry, key: str) -> Score | None:
    score = entry.record.metrics.get(key)
    return score if score is not None and score.value is not None else None


def _ends(score: Score) -> tuple[float, float]:
    value = score.value or 0.0
    return score.ci95 or (value, value)


def _point(entry: Entry, x: Score, y: Score, wide: Label, narrow: Label) -> Point:
    (x_low, x_high), (y_low, y_high) = _ends(x), _ends(y)
    x_value, y_value = x.value or 0.0, y.value or 0.0
    return Point(
        name=entry.label,
        kind=entry.record.kind,
        x=text.percent(x_value),
        y=text.percent(1 - y_value),
        x_ends=(text.percent(x_low), text.percent(x_high)),
        y_ends=(text.percent(1 - y_low), text.percent(1 - y_high)),
        wide=wide,
        narrow=narrow,
        words=f"{entry.label}: target {text.number(X_KEY, x_value)}, judge {text.number(Y_KEY, y_value)}",
    )


def _bar(key: str, entry: Entry, score: Score, top: float) -> Bar:
    low, high = _ends(score)
    value = score.value or 0.0
    return Bar(
        name=entry.label,
        kind=entry.record.kind,
        at=text.percent(value / top),
        low=text.percent(low / top),
        high=text.percent(high / top),
        value=text.number(key, value),
        bounds=text.bounds(key, value, score.ci95) if score.ci95 else "",
    )


def _step(largest: float) -> float:
    """A round distance between four to eight ticks."""
    raw = max(largest, 1e-6) / 5
    scale = float(10.0 ** math.floor(math.log10(raw)))
    return next(scale * factor for factor in (1, 2, 2.5, 5, 10) if scale * factor >= raw * 0.999)
