"""The board of the first screen: inverters and the controls that matter most over five metrics, with six pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.store.record import Score
from reports.analysis.controls import leading, strongest
from reports.analysis.front import columns, scored
from reports.analysis.groups import Entry, Group, has_value
from reports.analysis.ranks import Standing, Standings
from reports.figures.dots import Scale, scale, strip
from reports.page.gallery.gallery import Gallery, Tile
from reports.words import glossary, text
from reports.words.ranks import basis

if TYPE_CHECKING:
    from markupsafe import Markup

PICTURES = 6
ALONE, STRONGEST = "class alone", "strongest control"


@dataclass(frozen=True)
class Head:
    """A column: its title, how to read it, and where the class alone stands on its scale."""

    key: str
    title: str
    definition: str
    arrow: str
    direction: str
    floor: str  # empty where no such control has a value
    at: str  # in per cent of the column


@dataclass(frozen=True)
class Cell:
    """A score as printed; ``leads`` where it is certainly better than that of every other inverter."""

    key: str
    value: str
    raw: str = ""
    half_width: str = ""
    rank: str = ""
    rank_words: str = ""
    leads: bool = False
    drawing: Markup | None = None


@dataclass(frozen=True)
class Pictures:
    """Six tiles of one sheet; empty where no pictures lie beside the record."""

    sheet: str = ""
    tiles: tuple[Tile, ...] = ()


@dataclass(frozen=True)
class Line:
    """A method with its scores and pictures; ``role`` says why a control stands here."""

    label: str
    kind: str
    tone: str
    role: str
    cells: tuple[Cell, ...]
    pictures: Pictures


@dataclass(frozen=True)
class Board:
    """Of one group; ``section`` is the anchor of its leaderboard."""

    anchor: str
    section: str
    short: str
    classifier: str
    images: str
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    originals: Pictures
    style: str  # sizes of tiles and sheets, as of the gallery
    any_alone: bool
    any_beyond: bool


def board(
    group: Group, ranked: Standings, pictures: Gallery | None, tones: Mapping[str, str], section: str, short: str
) -> Board:
    """The view model of one group's board."""
    keys, floor = columns([group]), group.control("class-floor")
    scales = {key: _scale(key, group, floor) for key in keys}
    known = (
        {strip.label: Pictures(strip.sheet, strip.tiles[:PICTURES]) for strip in pictures.strips} if pictures else {}
    )
    lines, beyond = [], False
    for entry, role in rows(group, ranked):
        cells = tuple(_cell(entry, key, ranked[key], scales[key], floor) for key in keys)
        beyond = beyond or any('class="strip-beyond"' in (cell.drawing or "") for cell in cells)
        tone = tones.get(entry.record.method, "") if entry.record.kind == "inverter" else ""
        lines.append(Line(entry.label, entry.record.kind, tone, role, cells, known.get(entry.label, Pictures())))
    return Board(
        anchor=f"board-{section}",
        section=section,
        short=short,
        classifier=group.classifier,
        images=f"{text.plural(group.num_images, 'image')} of {group.dataset}",
        heads=tuple(_head(key, group, scales[key], floor) for key in keys),
        lines=tuple(lines),
        originals=next(iter(known.values()), Pictures()),
        style=pictures.style if pictures else "",
        any_alone=any(_value(floor, key) is not None for key in keys),
        any_beyond=beyond,
    )


def rows(group: Group, ranked: Standings) -> list[tuple[Entry, str]]:
    """Ranked inverters, then the class alone and the strongest control of the closest inverter, each once."""
    floor = group.control("class-floor")
    matches = [strongest(group, entry) for entry in leading(group, ranked)[:1]]
    best = next((one.control for one in matches if one is not None), None)
    controls = [(floor, ALONE if floor is not best else f"{ALONE}, {STRONGEST}"), (best, STRONGEST)]
    told = [(entry, role) for entry, role in controls if entry is not None]
    return [*((entry, "") for entry in scored(group)), *(told if floor is not best else told[:1])]


def _scale(key: str, group: Group, floor: Entry | None) -> Scale | None:
    """Set by inverters and the class alone: a ceiling would press them together."""
    entries = [*scored(group), *([floor] if floor is not None else [])]
    scores = [entry.record.metrics[key] for entry in entries if has_value(entry, key)]
    return scale(scores, bool(group.metric(key).higher_is_better))


def _value(entry: Entry | None, key: str) -> float | None:
    return entry.record.metrics[key].value if entry is not None and has_value(entry, key) else None


def _head(key: str, group: Group, on: Scale | None, floor: Entry | None) -> Head:
    card, alone = group.metric(key), _value(floor, key)
    arrow, direction = glossary.DIRECTIONS[card.higher_is_better]
    known = alone is not None and on is not None and floor is not None
    return Head(
        key=key,
        title=card.title,
        definition=card.definition,
        arrow=arrow,
        direction=direction,
        floor=_printed(floor, floor.record.metrics[key], key) if known and floor is not None else "",
        at=on.at(alone) if alone is not None and on is not None else "0%",
    )


def _printed(entry: Entry, score: Score, key: str) -> str:
    return text.number(entry.metric(key), score.value or 0.0, score.ci95)


def _cell(entry: Entry, key: str, standing: Standing, on: Scale | None, floor: Entry | None) -> Cell:
    if not has_value(entry, key):
        return Cell(key, text.DASH)
    score, rank = entry.record.metrics[key], standing.ranks.get(entry)
    value, alone = _printed(entry, score, key), _value(floor, key)
    words = [f"{entry.label}: {entry.metric(key).title} {value}"]
    words += [f"95 % CI {text.bounds(score.ci95)}"] if text.bounds(score.ci95) else []
    words += [f"class alone {_printed(floor, floor.record.metrics[key], key)}"] if floor and alone is not None else []
    return Cell(
        key=key,
        value=value,
        raw=repr(score.value),
        half_width=text.half_width(score.ci95),
        rank="" if rank is None else str(rank).replace("-", "–"),
        rank_words="" if rank is None else f"rank {rank} of {standing.num_methods}, by {basis(standing)}",
        leads=entry in standing.leaders,
        drawing=None if on is None else strip(on, score, alone, ", ".join(words)),
    )


def tones(groups: Sequence[Group], number: int = 8) -> dict[str, str]:
    """A colour for each inverter of the page, by number of the style sheet's series; more than there are begin anew."""
    methods = dict.fromkeys(entry.record.method for one in groups for entry in one.inverters)
    return {method: str(place % number + 1) for place, method in enumerate(methods)}
