"""Methods and controls as named points in the plane of two measures, cropped to the methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from reports.analysis.groups import Entry
from reports.analysis.pareto import front
from reports.figures import plotting
from reports.figures.labels import Box, Spot, layout
from reports.figures.plotting import INK, MUTED, PAPER, SERIES
from reports.figures.scales import Axis, Ends
from reports.words import text

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

SIZE = (440, 410)  # CSS pixels
LEFT, TOP, RIGHT, BOTTOM = 62, 12, 12, 46  # margins around the plot, in pixels
PLOT = (SIZE[0] - LEFT - RIGHT, SIZE[1] - TOP - BOTTOM)
LOOKS = {"logits": (SERIES[0], "o"), "white-box": (SERIES[1], "s"), "features": (SERIES[2], "^")}
OTHER_LOOK = (SERIES[6], "D")
LONGEST = 27  # characters of a name that fits in half a plot
# Where a triangle points, counter-clockwise from above, by the sides on which a value lies beyond the scales.
TURNS = {(0, 1): 0, (-1, 1): 45, (-1, 0): 90, (-1, -1): 135, (0, -1): 180, (1, -1): 225, (1, 0): 270, (1, 1): 315}


class Point(NamedTuple):
    """A method in the plane of two measures, with its intervals and both values as they are printed."""

    entry: Entry
    x: float
    y: float
    x_ends: Ends
    y_ends: Ends
    x_words: str
    y_words: str
    words: str

    @property
    def control(self) -> bool:
        """Whether it is none of the methods that the plot is about."""
        return self.entry.record.kind == "control"


class Scene(NamedTuple):
    """A plot before it is drawn: the points, the scales, which of them is better where, and the colours."""

    points: Sequence[Point]
    across: Axis
    up: Axis
    higher: tuple[bool, bool]
    tones: Mapping[str, str]

    def places(self, point: Point) -> tuple[int, int]:
        """On which side of the scales a point lies beyond them; (0, 0) within."""
        return self.across.beyond(point.x), self.up.beyond(point.y)

    @property
    def beyond(self) -> list[Point]:
        """The points outside of the scales."""
        return [point for point in self.points if self.places(point) != (0, 0)]

    @property
    def front(self) -> list[Point]:
        """The ranked inverters that no other beats in both; empty where there is one alone."""
        ranked = [one for one in self.points if not one.control and one.entry.record.access != "features"]
        if len(ranked) < 2:
            return []
        return [ranked[k] for k in front([(one.x, one.y) for one in ranked], self.higher)]


def drawn(scene: Scene, title: str, anchor: str, guides: Callable[[Axes], None]) -> Markup:
    """The points with their intervals and names, and the line of those that nothing beats."""
    across, up = scene.across, scene.up
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
        stair = _stair(scene)
        plot.plot([x for x, _ in stair], [y for _, y in stair], color=INK, lw=1.1, ls=(0, (5, 3)), zorder=2)
        for point in scene.points:
            _mark(plot, point, scene)
        _name(plot, scene)
        words = "; ".join(f"{point.entry.label}: {point.words}" for point in scene.points)
        on = text.listing(one.entry.label for one in scene.front)
        told = f"{words}." + (f" On the line that no other ranked inverter passes: {on}." if on else "")
        return plotting.svg(fig, title=title, description=told, name=anchor)


def _stair(scene: Scene) -> list[tuple[float, float]]:
    """The corners of a line over the front, around all that some ranked inverter equals or beats in both."""
    found = scene.front
    if not found:
        return []
    worst_x = scene.across.low if scene.higher[0] else scene.across.high
    worst_y = scene.up.low if scene.higher[1] else scene.up.high
    inner = [corner for a, b in pairwise(found) for corner in ((b.x, a.y), (b.x, b.y))]
    return [(found[0].x, worst_y), (found[0].x, found[0].y), *inner, (worst_x, found[-1].y)]


def _mark(plot: Axes, point: Point, scene: Scene) -> None:
    """Hollow and grey for controls; for inverters the method's colour, and a shape by access.

    What lies beyond the scales is a triangle at the edge that points there.
    """
    record, place = point.entry.record, scene.places(point)
    own, marker = (MUTED, "o") if point.control else LOOKS.get(record.access, OTHER_LOOK)
    tone = "" if point.control else scene.tones.get(record.method, "")
    colour = SERIES[int(tone) - 1] if tone else own
    order = 3 if point.control else 4
    if place == (0, 0):
        plot.plot(point.x_ends, (point.y, point.y), color=colour, lw=1.6, zorder=order)
        plot.plot((point.x, point.x), point.y_ends, color=colour, lw=1.6, zorder=order)
    plot.plot(
        [scene.across.clipped(point.x)],
        [scene.up.clipped(point.y)],
        marker=marker if place == (0, 0) else (3, 0, TURNS[place]),
        ms=7,
        mfc=PAPER if point.control else colour,
        mec=MUTED if point.control else PAPER,
        mew=1.5 if point.control else 0.8,
        zorder=order + 2,
        clip_on=False,
    )


def _name(plot: Axes, scene: Scene) -> None:
    """Each point's name beside it, with a line where it had to move away."""

    def at(x: float, y: float) -> Spot:
        x, y = scene.across.clipped(x), scene.up.clipped(y)
        return scene.across.share(x) * PLOT[0], (1 - scene.up.share(y)) * PLOT[1]

    def bars(point: Point) -> list[Box]:
        (left, bottom), (right, top) = at(point.x_ends[0], point.y_ends[0]), at(point.x_ends[1], point.y_ends[1])
        x, y = at(point.x, point.y)
        return [(left, y - 2, right, y + 2), (x - 2, top, x + 2, bottom)]

    spots = [at(point.x, point.y) for point in scene.points]
    blocked = [bar for point in scene.points for bar in bars(point)]
    for (x, y), (across, down) in pairwise(at(*corner) for corner in _stair(scene)):
        blocked.append((min(x, across) - 1, min(y, down) - 1, max(x, across) + 1, max(y, down) + 1))
    names = [_called(point, scene.places(point)) for point in scene.points]
    for point, name, label in zip(scene.points, names, layout(names, spots, PLOT, blocked), strict=True):
        align = {"start": "left", "middle": "center", "end": "right"}[label.anchor]
        spot = scene.across.clipped(point.x), scene.up.clipped(point.y)
        place: dict[str, Any] = {"xytext": (label.dx, -label.dy), "textcoords": "offset points", "va": "center"}
        if label.leader:  # below all names, whose halo cuts it
            line = {"arrowstyle": "-", "color": MUTED, "lw": 0.7, "shrinkA": 1, "shrinkB": 5}
            plot.annotate("", spot, ha=align, zorder=2.5, arrowprops=line, **place)
        plot.annotate(name, spot, ha=align, color=MUTED if point.control else INK, fontsize=11, zorder=8, **place)


def _called(point: Point, place: tuple[int, int]) -> str:
    """The name, and what the scales do not show: the values that lie beyond them."""
    label = point.entry.label
    short = label if len(label) <= LONGEST else f"{label[:13]}…{label[-13:]}"
    told = [words for words, beyond in zip((point.x_words, point.y_words), place, strict=True) if beyond]
    return f"{short} ({', '.join(told)})" if told else short
