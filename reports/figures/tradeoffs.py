"""The trade-offs of a group as drawings: quality against cost, classifier against judge, one image against the set."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from bench.store.record import Score
from reports.analysis.groups import Entry, Group
from reports.analysis.metrics import first, picked
from reports.figures import plotting
from reports.figures.labels import Box, Spot, layout
from reports.figures.plotting import INK, MUTED, PAPER, SERIES
from reports.words import text

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

SIZE = (440, 410)  # CSS pixels
LEFT, TOP, RIGHT, BOTTOM = 62, 12, 12, 46  # margins around the plot, in pixels
PLOT = (SIZE[0] - LEFT - RIGHT, SIZE[1] - TOP - BOTTOM)
FASTEST = 1e-5  # seconds an image; what takes less is a look-up, and its time says nothing
LOOKS = {"logits": (SERIES[0], "o"), "white-box": (SERIES[1], "s"), "features": (SERIES[2], "^")}
OTHER_LOOK = (SERIES[6], "D")
Ends = tuple[float, float]


@dataclass(frozen=True)
class Plot:
    """A figure of the page, or the reason why it cannot be drawn.

    ``name`` tells the template which caption it has, ``key`` and ``near`` the titles of the metrics in it, ``floor``
    the control that knows the class alone.
    """

    name: str
    drawing: Markup | None
    missing: str | None = None
    note: str | None = None
    key: str = ""
    near: str = ""
    floor: str = ""


class Point(NamedTuple):
    """A method in the plane of two measures, with its intervals."""

    entry: Entry
    x: float
    y: float
    x_ends: Ends
    y_ends: Ends
    words: str


class Axis(NamedTuple):
    """A scale: its label, its ends, its ticks, and whether it is logarithmic."""

    label: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    log: bool = False

    def share(self, value: float) -> float:
        """Where a value lies between the ends, from 0 to 1."""
        bend: Callable[[float], float] = math.log10 if self.log else float
        return (bend(value) - bend(self.low)) / (bend(self.high) - bend(self.low))


def tradeoffs(group: Group, anchor: str, tones: Mapping[str, str] = MappingProxyType({})) -> tuple[Plot, ...]:
    """The group's three figures; empty where no cell has scores. ``tones`` are the colours of inverters, from 1."""
    if not group.complete:
        return ()
    return cost(group, anchor, tones), recognition(group, anchor, tones), distances(group, anchor, tones)


def cost(group: Group, anchor: str, tones: Mapping[str, str] = MappingProxyType({})) -> Plot:
    """How close images are to their originals, over the seconds that one takes, the latter on a logarithmic scale."""
    key = first(group.metrics, "closest")
    name = _title(group, key)
    timed = [(entry, entry.record.cost.seconds_per_image) for entry in group.complete]
    points = []
    for entry, seconds in timed:
        score = _score(entry, key)
        if score is not None and seconds is not None:
            at = max(seconds, FASTEST)
            words = f"{_value(entry, key, score)}, {text.duration(seconds)} an image"
            points.append(Point(entry, at, score.value or 0.0, (at, at), _ends(score), words))
    if not points:
        reason = _why(group, key, f"No cell of this group holds both {name or 'a likeness'} and a time.")
        return Plot("cost", None, missing=reason, key=name)
    low, high = min(point.x for point in points), max(point.x for point in points)
    axes = _times(low, high), _linear(name, max(point.y_ends[1] for point in points))
    title = f"{name} against seconds an image, {group.classifier} on {group.dataset}"
    devices = text.listing(sorted({point.entry.record.cost.device for point in points}))
    note = f"Timed on {devices}." + (" Look-ups under 10 µs stand at the left edge." if low <= FASTEST else "")
    return Plot("cost", _drawn(points, axes, title, anchor, tones), note=note, key=name)


def recognition(group: Group, anchor: str, tones: Mapping[str, str] = MappingProxyType({})) -> Plot:
    """Agreement by an independent judge over agreement by the classifier that was inverted."""
    x_key, y_key = first(group.metrics, "target-class"), first(group.metrics, "judge-class")
    natural = group.control("class-floor")
    floor = natural.record.method if natural is not None else ""
    points = _points(group, x_key, y_key)
    if not points:
        reason = _why(group, y_key, "No cell of this group holds both shares.")
        return Plot("recognition", None, missing=reason, floor=floor)
    ticks = [(step / 5, f"{step / 5:.1f}") for step in range(6)]
    title = f"{_title(group, y_key)} against {_title(group, x_key)}, {group.classifier} on {group.dataset}"
    scores = [_score(points[0].entry, key) for key in (x_key, y_key)]
    chances = tuple(score.chance if score else None for score in scores)
    axes = Axis(_title(group, x_key), -0.02, 1.02, ticks), Axis(_title(group, y_key), -0.02, 1.02, ticks)

    def guides(plot: Axes) -> None:
        plot.plot([0, 1], [0, 1], color=MUTED, lw=1, zorder=1)
        for chance, line in zip(chances, (plot.axvline, plot.axhline), strict=True):
            if chance is not None:
                line(chance, color=MUTED, lw=1, ls=(0, (1, 3)), zorder=1)

    return Plot("recognition", _drawn(points, axes, title, anchor, tones, guides), floor=floor)


def distances(group: Group, anchor: str, tones: Mapping[str, str] = MappingProxyType({})) -> Plot:
    """The distance between the sets over the mean distance between the images."""
    near, keys = first(group.metrics, "closest"), picked(group.metrics, "distance")
    keys = [key for key in keys if group.metric(key).extractor != group.classifier] or keys or [""]
    key = next((key for key in keys if _points(group, near, key)), keys[0])
    points = _points(group, near, key)
    if not points:
        held = f"both {_title(group, near) or 'a likeness'} and {_title(group, key) or 'a distance between sets'}"
        return Plot(
            "distances",
            None,
            missing=_why(group, key, f"No cell of this group holds {held}."),
            key=_title(group, key),
            near=_title(group, near),
        )
    axes = (
        _linear(_title(group, near), max(point.x_ends[1] for point in points)),
        _linear(_title(group, key), max(point.y for point in points)),
    )
    title = f"{_title(group, key)} against {_title(group, near)}, {group.classifier} on {group.dataset}"
    return Plot(
        "distances", _drawn(points, axes, title, anchor, tones), key=_title(group, key), near=_title(group, near)
    )


def _points(group: Group, x_key: str, y_key: str) -> list[Point]:
    found = []
    for entry in group.complete:
        x, y = _score(entry, x_key), _score(entry, y_key)
        if x is not None and y is not None:
            words = f"{_value(entry, x_key, x)}, {_value(entry, y_key, y)}"
            found.append(Point(entry, x.value or 0.0, y.value or 0.0, _ends(x), _ends(y), words))
    return found


def _score(entry: Entry, key: str) -> Score | None:
    score = entry.record.metrics.get(key)
    return score if score is not None and score.value is not None else None


def _value(entry: Entry, key: str, score: Score) -> str:
    return f"{entry.metric(key).title} {text.number(entry.metric(key), score.value or 0.0)}"


def _title(group: Group, key: str) -> str:
    return group.metric(key).title if key else ""


def _ends(score: Score) -> Ends:
    value = score.value or 0.0
    return score.ci95 or (value, value)


def _why(group: Group, key: str, otherwise: str) -> str:
    """The records' own reason for a missing value."""
    scores = [entry.record.metrics.get(key) for entry in group.complete]
    return next((score.note for score in scores if score is not None and score.value is None and score.note), otherwise)


def _linear(label: str, largest: float) -> Axis:
    """From zero to just above the largest value, with four to eight round ticks."""
    raw = max(largest, 1e-6) / 5
    scale = float(10.0 ** math.floor(math.log10(raw)))
    step = next(scale * factor for factor in (1, 2, 2.5, 5, 10) if scale * factor >= raw * 0.999)
    high = max(largest * 1.06, step)
    ticks = [(i * step, f"{i * step:.4g}") for i in range(math.floor(high / step) + 1)]
    return Axis(label, -0.02 * high, high, ticks)


def _times(low: float, high: float) -> Axis:
    """At least a decade, a little wider than the values; ticks at the powers of ten, and between where they are few."""
    low, high = low / 1.6, max(high * 1.6, low * 12)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1,) if math.log10(high / low) > 2 else (1, 3)
    values = [factor * 10.0**power for power in decades for factor in factors]
    return Axis("time an image", low, high, [(v, text.duration(v)) for v in values if low <= v <= high], log=True)


def _drawn(
    points: Sequence[Point],
    axes: tuple[Axis, Axis],
    title: str,
    anchor: str,
    tones: Mapping[str, str],
    guides: Callable[[Axes], None] = lambda plot: None,
) -> Markup:
    """The points with their intervals and names."""
    across, up = axes
    width, height = SIZE
    with plotting.figure(width, height) as fig:
        plot = fig.add_axes((LEFT / width, BOTTOM / height, PLOT[0] / width, PLOT[1] / height))
        if across.log:
            plot.set_xscale("log")
        plot.set(xlim=(across.low, across.high), ylim=(up.low, up.high))
        plot.set_xlabel(across.label, labelpad=6)
        plot.set_ylabel(up.label, labelpad=8)
        plot.set_xticks([tick for tick, _ in across.ticks], [label for _, label in across.ticks])
        plot.set_xticks([], minor=True)
        plot.set_yticks([tick for tick, _ in up.ticks], [label for _, label in up.ticks])
        guides(plot)
        for point in points:
            _mark(plot, point, tones)
        _name(plot, points, axes)
        words = "; ".join(f"{point.entry.label}: {point.words}" for point in points)
        return plotting.svg(fig, title=title, description=f"{words}.", name=anchor)


def _mark(plot: Axes, point: Point, tones: Mapping[str, str]) -> None:
    """Hollow and grey for controls; for inverters the method's colour, and a shape by access."""
    record = point.entry.record
    control = record.kind == "control"
    own, marker = (MUTED, "o") if control else LOOKS.get(record.access, OTHER_LOOK)
    tone = "" if control else tones.get(record.method, "")
    colour = SERIES[int(tone) - 1] if tone else own
    order = 3 if control else 4
    plot.plot(point.x_ends, (point.y, point.y), color=colour, lw=1.6, zorder=order)
    plot.plot((point.x, point.x), point.y_ends, color=colour, lw=1.6, zorder=order)
    face, edge = (PAPER, MUTED) if control else (colour, PAPER)
    plot.plot(
        [point.x],
        [point.y],
        marker,
        ms=7,
        mfc=face,
        mec=edge,
        mew=1.5 if control else 0.8,
        zorder=order + 2,
        clip_on=False,
    )


def _name(plot: Axes, points: Sequence[Point], axes: tuple[Axis, Axis]) -> None:
    """Each point's name beside it, with a line where it had to move away."""

    def at(x: float, y: float) -> Spot:
        return axes[0].share(x) * PLOT[0], (1 - axes[1].share(y)) * PLOT[1]

    def bars(point: Point) -> list[Box]:
        (left, bottom), (right, top) = at(point.x_ends[0], point.y_ends[0]), at(point.x_ends[1], point.y_ends[1])
        x, y = at(point.x, point.y)
        return [(left, y - 2, right, y + 2), (x - 2, top, x + 2, bottom)]

    spots = [at(point.x, point.y) for point in points]
    blocked = [bar for point in points for bar in bars(point)]
    names = [_short(point.entry.label) for point in points]
    for point, name, label in zip(points, names, layout(names, spots, PLOT, blocked), strict=True):
        control = point.entry.record.kind == "control"
        plot.annotate(
            name,
            (point.x, point.y),
            (label.dx, -label.dy),
            textcoords="offset points",
            ha={"start": "left", "middle": "center", "end": "right"}[label.anchor],
            va="center",
            color=MUTED if control else INK,
            fontsize=11,
            zorder=8,
            arrowprops={"arrowstyle": "-", "color": MUTED, "lw": 0.7, "shrinkA": 1, "shrinkB": 5}
            if label.leader
            else None,
        )


def _short(label: str) -> str:
    """A name that fits in half a plot: its middle gives way."""
    return label if len(label) <= 27 else f"{label[:13]}…{label[-13:]}"
