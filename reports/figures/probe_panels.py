"""From the records of a group to what its figures show: points with their intervals, by trace and by panel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from bench.cards import Look
from bench.store.record import Score
from reports.analysis.probe_groups import Series, Together
from reports.figures.probe_curves import curves
from reports.figures.probe_histograms import histograms
from reports.figures.probe_marks import Drawable, Mark, Panel, Style, Tick, Trace, legend_of, limits
from reports.words import text

LONGEST = 24  # characters of a name beside a row
DODGE = 0.6  # of a row's height, shared by its marks


def drawable(look: Look, group: Together) -> Drawable:
    """What one figure shows of these records."""
    if look.sight == "curve":
        return curves(look, group)
    if look.sight == "histogram":
        return histograms(look, group)
    if look.sight == "lines":
        panels = {key: _lines(look, key, group) for key in look.keys}
        legend = tuple((one.label, style(one)) for one in group.series)
    else:
        titles = {look.where: look.keys} if look.combined else {group.metric(key).title: (key,) for key in look.keys}
        panels = {name: _whiskers(look, name, keys, group) for name, keys in titles.items()}
        legend = legend_of(panels.values()) if len(_marks(look, look.keys[:1], group)) > 1 or look.combined else ()
    empty = tuple(panel.title for panel in panels.values() if not panel.traces)
    return Drawable(tuple(panel for panel in panels.values() if panel.traces), legend, empty)


def style(one: Series) -> Style:
    """A record's look: colour and dash of its classifier, marker of its method."""
    return Style(one.colour, one.marker, 0 if one.robust else one.colour, not one.robust)


def levels_of(look: Look, group: Together) -> list[str]:
    """The levels that a figure is about, in their order."""
    return [name for name in group.level_names if name.startswith(look.levels or ())]


def _lines(look: Look, key: str, group: Together) -> Panel:
    """A measure over numbered levels, a line a record."""
    names, card = levels_of(look, group), group.metric(key)
    traces = []
    for one in group.series:
        held = [level for level in one.entry.record.levels if level.name in names]
        found = [(_place(level.value, look), level.metrics.get(key)) for level in held]
        marks = tuple(
            Mark(x, score.value, None, score.ci95, text.number(card, score.value))
            for x, score in found
            if x is not None and score is not None and score.value is not None
        )
        if marks:
            traces.append(Trace(one.label, style(one), marks))
    return Panel(
        title=f"{card.title}, {look.where}" if look.where else card.title,
        traces=tuple(traces),
        x_label=look.axis,
        x_ticks=_ticks(names, look, group),
        y_limits=limits(card, [end for one in traces for mark in one.marks for end in (mark.y, *(mark.y_ends or ()))]),
        neutral=None if look.neutral is None else _place(look.neutral, look),
        chance=_chance(one.score(name, key) for one in group.series for name in names),
        bands=True,
    )


def _place(value: float | None, look: Look) -> float | None:
    """Where a level stands on its axis: levels that double stand evenly."""
    if value is None or (look.doubling and value <= 0):
        return None
    return math.log2(value) if look.doubling else value


def _ticks(names: Sequence[str], look: Look, group: Together) -> tuple[Tick, ...]:
    """A tick a level, every other one where there are many."""
    values = {level.value for one in group.series for level in one.entry.record.levels if level.name in names}
    numbers = ((f"{value:g}", place) for value in values if (place := _place(value, look)) is not None)
    found = sorted((place, look.ticks.get(number, number.replace("-", text.MINUS))) for number, place in numbers)
    return tuple(found if len(found) < 8 else found[::2])


def _chance(scores: Iterable[Score | None]) -> float | None:
    """What guessing would score, where all that are measured agree about it."""
    chances = {score.chance for score in scores if score is not None and score.value is not None}
    return chances.pop() if len(chances) == 1 else None


Marked = tuple[str, str | None, str]  # words of the legend, level (None: across levels), key


def _marks(look: Look, keys: Sequence[str], group: Together) -> list[Marked]:
    """The marks of a row: a level or a key each."""
    if look.levels is None:
        return [(group.metric(key).title, None, key) for key in keys]
    names = levels_of(look, group)
    if look.combined:
        return [(group.metric(key).title, name, key) for key in keys for name in names]
    return [(name, name, key) for key in keys for name in names]


def _whiskers(look: Look, name: str, keys: Sequence[str], group: Together) -> Panel:
    """A row a record, a mark a level (or a key); a row's only mark looks like its record elsewhere."""
    rows = list(reversed(group.series))  # the first record on top
    kinds = _marks(look, keys, group)
    traces = [_trace(kind, position, kinds, rows) for position, kind in enumerate(kinds)]
    if len(kinds) == 1:
        traces = [
            Trace(one.label, style(one), (mark,), joined=False)
            for row, one in enumerate(rows)
            for trace in traces
            for mark in trace.marks
            if mark.y == row
        ][::-1]
    values = [end for trace in traces for mark in trace.marks for end in (mark.x, *(mark.x_ends or ()))]
    return Panel(
        title=name,
        traces=tuple(trace for trace in traces if trace.marks),
        y_ticks=tuple((row, f"{_short(one.classifier)}\n{_short(one.method)}") for row, one in enumerate(rows)),
        x_limits=limits(group.metric(keys[0]), values),
        y_limits=(-0.6, len(rows) - 0.4),
        chance=_chance(one.score(level, key) for one in rows for _, level, key in kinds),
        rows=len(rows),
    )


def _trace(kind: Marked, position: int, kinds: Sequence[Marked], rows: Sequence[Series]) -> Trace:
    """One level (or key) in every row, the first of them on top."""
    words, level, key = kind
    offset = DODGE * (0.5 - (position + 0.5) / len(kinds))
    marks = []
    for row, one in enumerate(rows):
        score = one.score(level, key)
        if score is not None and score.value is not None:
            said = f"{one.label} {text.number(one.entry.metric(key), score.value)}"
            marks.append(Mark(score.value, row + (offset if len(kinds) > 1 else 0), score.ci95, None, said))
    return Trace(words, Style(position % 8, position % 8), tuple(reversed(marks)), joined=False)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
