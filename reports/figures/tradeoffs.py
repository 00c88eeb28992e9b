"""The trade-offs of a group as drawings: quality against cost, classifier against judge, one image against the set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from bench.store.record import Score
from reports.analysis.groups import Entry, Group
from reports.analysis.metrics import first, picked
from reports.figures.plotting import MUTED
from reports.figures.points import Point, Scene, drawn
from reports.figures.scales import Ends, linear, shares, times
from reports.words import text

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

FASTEST = 1e-5  # seconds an image; what takes less is a look-up, and its time says nothing


@dataclass(frozen=True)
class Plot:
    """A figure of the page, or the reason why it cannot be drawn.

    ``name`` tells the template which caption it has, ``key`` and ``near`` the titles of the metrics in it, ``floor``
    the control that knows the class alone, ``front`` the ranked inverters on the line that nothing beats, ``beyond``
    the controls that lie outside of the scales.
    """

    name: str
    drawing: Markup | None
    missing: str | None = None
    note: str | None = None
    key: str = ""
    near: str = ""
    floor: str = ""
    front: str = ""
    beyond: str = ""


def tradeoffs(group: Group, anchor: str, tones: Mapping[str, str] = MappingProxyType({})) -> tuple[Plot, ...]:
    """The group's three figures; empty where no cell has scores. ``tones`` are the colours of inverters, from 1."""
    if not group.complete:
        return ()
    return cost(group, anchor, tones), recognition(group, anchor, tones), distances(group, anchor, tones)


def cost(group: Group, anchor: str, tones: Mapping[str, str] = MappingProxyType({})) -> Plot:
    """How close images are to their originals, over the seconds that one takes, the latter on a logarithmic scale."""
    key = first(group.metrics, "closest")
    name = _title(group, key)
    points = []
    for entry in group.complete:
        score, seconds = _score(entry, key), entry.record.cost.seconds_per_image
        if score is not None and seconds is not None:
            at, spent = max(seconds, FASTEST), text.duration(seconds)
            words = f"{_value(entry, key, score)}, {spent} an image"
            told = spent if seconds >= FASTEST else f"< {text.duration(FASTEST)}"
            points.append(
                Point(entry, at, score.value or 0.0, (at, at), _ends(score), told, _number(entry, key), words)
            )
    if not points:
        reason = _why(group, key, f"No cell of this group holds both {name or 'a likeness'} and a time.")
        return Plot("cost", None, missing=reason, key=name)
    scene = Scene(points, times(*_sides(points, 0)), linear(name, *_sides(points, 1)), (False, _up(group, key)), tones)
    title = f"{name} against seconds an image, {group.classifier} on {group.dataset}"
    note = f"Timed on {text.listing(sorted({point.entry.record.cost.device for point in points}))}."
    if any(point.x <= FASTEST for point in points if scene.places(point) == (0, 0)):
        note += f" Look-ups under {text.duration(FASTEST)} stand there."
    return _plot("cost", scene, title, anchor, {"note": note, "key": name})


def recognition(group: Group, anchor: str, tones: Mapping[str, str] = MappingProxyType({})) -> Plot:
    """Agreement by an independent judge over agreement by the classifier that was inverted."""
    keys = first(group.metrics, "target-class"), first(group.metrics, "judge-class")
    natural = group.control("class-floor")
    floor = natural.record.method if natural is not None else ""
    points = _points(group, *keys)
    if not points:
        reason = _why(group, keys[1], "No cell of this group holds both shares.")
        return Plot("recognition", None, missing=reason, floor=floor)
    across, up = (shares(_title(group, key), *_sides(points, axis)) for axis, key in enumerate(keys))
    scene = Scene(points, across, up, (_up(group, keys[0]), _up(group, keys[1])), tones)
    title = f"{up.label} against {across.label}, {group.classifier} on {group.dataset}"
    scores = [_score(points[0].entry, key) for key in keys]
    chances = tuple(score.chance if score else None for score in scores)

    def guides(plot: Axes) -> None:
        plot.plot([0, 1], [0, 1], color=MUTED, lw=1, zorder=1)
        for chance, axis, line in zip(chances, (across, up), (plot.axvline, plot.axhline), strict=True):
            if chance is not None and not axis.beyond(chance):
                line(chance, color=MUTED, lw=1, ls=(0, (1, 3)), zorder=1)

    return _plot("recognition", scene, title, anchor, {"floor": floor}, guides)


def distances(group: Group, anchor: str, tones: Mapping[str, str] = MappingProxyType({})) -> Plot:
    """The distance between the sets over the mean distance between the images."""
    near, keys = first(group.metrics, "closest"), picked(group.metrics, "distance")
    keys = [key for key in keys if group.metric(key).extractor != group.classifier] or keys or [""]
    key = next((key for key in keys if _points(group, near, key)), keys[0])
    points, names = _points(group, near, key), {"key": _title(group, key), "near": _title(group, near)}
    if not points:
        held = f"both {names['near'] or 'a likeness'} and {names['key'] or 'a distance between sets'}"
        reason = _why(group, key, f"No cell of this group holds {held}.")
        return Plot("distances", None, missing=reason, **names)
    across, up = linear(names["near"], *_sides(points, 0)), linear(names["key"], *_sides(points, 1))
    scene = Scene(points, across, up, (_up(group, near), _up(group, key)), tones)
    title = f"{names['key']} against {names['near']}, {group.classifier} on {group.dataset}"
    return _plot("distances", scene, title, anchor, names)


def _points(group: Group, x_key: str, y_key: str) -> list[Point]:
    found = []
    for entry in group.complete:
        x, y = _score(entry, x_key), _score(entry, y_key)
        if x is not None and y is not None:
            words = f"{_value(entry, x_key, x)}, {_value(entry, y_key, y)}"
            told = _number(entry, x_key), _number(entry, y_key)
            found.append(Point(entry, x.value or 0.0, y.value or 0.0, _ends(x), _ends(y), *told, words))
    return found


def _sides(points: Sequence[Point], axis: int) -> tuple[list[Ends], list[Ends]]:
    """The intervals of the inverters and of the controls; where no inverter is, the controls are what it is about."""
    methods = [(one.x_ends, one.y_ends)[axis] for one in points if not one.control]
    controls = [(one.x_ends, one.y_ends)[axis] for one in points if one.control]
    return (methods, controls) if methods else (controls, [])


def _score(entry: Entry, key: str) -> Score | None:
    score = entry.record.metrics.get(key)
    return score if score is not None and score.value is not None else None


def _value(entry: Entry, key: str, score: Score) -> str:
    return f"{entry.metric(key).title} {text.number(entry.metric(key), score.value or 0.0)}"


def _number(entry: Entry, key: str) -> str:
    return text.number(entry.metric(key), entry.record.metrics[key].value or 0.0)


def _title(group: Group, key: str) -> str:
    return group.metric(key).title if key else ""


def _up(group: Group, key: str) -> bool:
    """Whether more is better."""
    return group.metric(key).higher_is_better is True


def _ends(score: Score) -> Ends:
    value = score.value or 0.0
    return score.ci95 or (value, value)


def _why(group: Group, key: str, otherwise: str) -> str:
    """The records' own reason for a missing value."""
    scores = [entry.record.metrics.get(key) for entry in group.complete]
    return next((score.note for score in scores if score is not None and score.value is None and score.note), otherwise)


def _plot(
    name: str,
    scene: Scene,
    title: str,
    anchor: str,
    words: Mapping[str, str],
    guides: Callable[[Axes], None] = lambda plot: None,
) -> Plot:
    """The figure with what its caption says of the line and of the edge."""
    on, out = ([one.entry.label for one in found] for found in (scene.front, scene.beyond))
    drawing = drawn(scene, title, anchor, guides)
    return Plot(name, drawing, front=text.listing(on), beyond=text.listing(out), **words)
