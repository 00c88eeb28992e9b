"""Several seeds of one method: a table with each metric's spread, and its cells as points on one scale."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.store.record import Score
from reports.analysis.groups import Entry, Group
from reports.analysis.metrics import headlines
from reports.analysis.seeds import Apart, Pair, Spread, spread
from reports.words import seeds, text

if TYPE_CHECKING:
    from markupsafe import Markup

ROOM = 0.06  # of the width, at either end
LANE = 10  # pixels a training


@dataclass(frozen=True)
class Line:
    """One metric: its mean, half of its interval, and what the seeds do; ``points`` is a drawing."""

    title: str
    key: str
    value: str
    half: str
    cells: tuple[str, ...]
    points: Markup


@dataclass(frozen=True)
class Seeds:
    """One row of the leaderboard that is several cells."""

    label: str
    mean_of: str
    sentence: str
    heads: tuple[str, ...]
    lanes: str  # whose points each line of a drawing holds, from above
    within: bool  # whether there are several runs of several trainings
    lines: tuple[Line, ...]


def several(group: Group) -> tuple[Seeds, ...]:
    """Each row of several seeds, in the order of the rows."""
    return tuple(_seeds(group, entry) for entry in group.complete if entry.cells)


def _seeds(group: Group, entry: Entry) -> Seeds:
    keys = [key for key in group.metrics if spread(key, entry) is not None]
    main = headlines(group.metrics, keys)
    found = {key: one for key in (*main, *(key for key in keys if key not in main)) if (one := spread(key, entry))}
    told = {name: apart.number for one in found.values() for name, apart in seeds.kinds(one)}
    heads = [head for name, number in told.items() for head in (f"sd of {number} {name}", "range", "sd / half")]
    trainings = dict.fromkeys(one.record.training_seed for one in entry.cells)
    return Seeds(
        label=entry.label,
        mean_of=seeds.mean_of(entry),
        sentence=seeds.sentence(group, entry, main),
        heads=tuple(heads),
        lanes=text.listing(map(str, trainings)) if len(trainings) > 1 else "",
        within=len(told) > 1,
        lines=tuple(_line(group, entry, key, one, list(told)) for key, one in found.items()),
    )


def _line(group: Group, entry: Entry, key: str, found: Spread, names: list[str]) -> Line:
    card, score, apart = group.metric(key), entry.record.metrics[key], dict(seeds.kinds(found))
    value = score.value if score.value is not None else 0.0
    return Line(
        title=card.title,
        key=key,
        value=text.number(card, value, score.ci95),
        half=text.half_width(score.ci95) or text.DASH,
        cells=tuple(cell for name in names for cell in _cells(apart.get(name), found.half)),
        points=_points(score, found),
    )


def _cells(apart: Apart | None, half: float | None) -> tuple[str, str, str]:
    """Standard deviation, range, and the first in halves of the interval over images."""
    if apart is None:
        return (text.DASH,) * 3
    reach = text.half_width((-apart.reach, apart.reach)) or "0"
    return seeds.deviation(apart), reach, text.fixed(apart.std / half, 2) if half else text.DASH


def _points(score: Score, found: Spread) -> Markup:
    """A lane a training with a dot a run, over the interval around the mean; values grow from left to right."""
    from markupsafe import Markup

    values = [value for _, value in found.points]
    low, high = min([*values, *(score.ci95 or ())]), max([*values, *(score.ci95 or ())])
    lanes = list(dict.fromkeys(training for (_, training), _ in found.points))

    def at(value: float) -> str:
        return text.percent(ROOM + (1 - 2 * ROOM) * (value - low) / (high - low) if high > low else 0.5)

    height, parts = LANE * len(lanes), []
    if score.ci95 is not None:
        left, right = at(score.ci95[0]), at(score.ci95[1])
        parts.append(f'<line class="seed-range" x1="{left}" x2="{right}" y1="{height / 2:g}" y2="{height / 2:g}"/>')
    if score.value is not None:
        parts.append(f'<line class="seed-mean" x1="{at(score.value)}" x2="{at(score.value)}" y1="0" y2="{height}"/>')
    parts += [_dot(at(value), LANE * (lanes.index(pair[1]) + 0.5), pair, value) for pair, value in found.points]
    words = html.escape("; ".join(f"{seeds.pair(pair)}: {value:.6g}" for pair, value in found.points))
    return Markup(f'<svg class="seeds" role="img" aria-label="{words}" height="{height}">{"".join(parts)}</svg>')


def _dot(x: str, y: float, pair: Pair, value: float) -> str:
    told = html.escape(f"{seeds.pair(pair)}: {value:.6g}")
    return f'<circle cx="{x}" cy="{y:g}" r="3"><title>{told}</title></circle>'
