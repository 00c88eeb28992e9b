"""Methods by classifiers by datasets in one table, for whichever metric and number of images the reader chooses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from bench.cards import MetricCard
from reports.analysis.floor import Away, away
from reports.analysis.groups import Entry, Group, has_value, held
from reports.analysis.metrics import first, metrics_of
from reports.analysis.ranks import Standings
from reports.page.gallery.island import island
from reports.words import glossary, text

if TYPE_CHECKING:
    from markupsafe import Markup

STEPS = 4  # of the tint, on either side
BANDS = ("Inverters", "Given features, not ranked", "Controls")
NOT_RUN = ""
MOST = "most"  # the table of each column's largest number of images


@dataclass(frozen=True)
class Cell:
    """A score in the matrix; ``href`` leads to its leaderboard and is empty where the method did not run."""

    href: str = ""
    value: str = NOT_RUN
    rank: str = ""
    away: str = ""
    side: str = ""
    tint: str = ""
    leads: bool = False


@dataclass(frozen=True)
class Row:
    """A method over the columns of a table."""

    label: str
    kind: str
    tone: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Head:
    """A group: the classifier, with as much more as tells it apart; ``images`` where columns differ in their number."""

    short: str
    anchor: str
    images: str = ""


@dataclass(frozen=True)
class Table:
    """All groups of one number of images, or of the most of each; ``datasets`` with the number of their columns."""

    anchor: str
    title: str
    datasets: tuple[tuple[str, int], ...]
    heads: tuple[Head, ...]
    bands: tuple[tuple[str, tuple[Row, ...]], ...]
    span: int


@dataclass(frozen=True)
class Option:
    """A metric to choose."""

    key: str
    title: str
    chosen: bool


@dataclass(frozen=True)
class Matrix:
    """The tables as they stand before anybody chooses, and everything else as JSON for the script."""

    tables: tuple[Table, ...]
    options: tuple[tuple[str, tuple[Option, ...]], ...]
    about: str
    data: Markup


Line = tuple[str, str, list["Entry | None"]]  # label, band, an entry a group


def matrix(
    groups: Sequence[Group], found: Sequence[Standings], tones: Mapping[str, str], shorts: Mapping[int, str]
) -> Matrix | None:
    """Of all groups; None where none has scores.

    Args:
        groups: in the order of the page; the anchors are ``group-1`` and so on.
        found: the standings of each.
        tones: a colour for each inverter.
        shorts: by the number of a group, from 0, its name among those of its dataset and of as many images.
    """
    cards = metrics_of(entry for one in groups for entry in one.complete)
    keys = [key for key in cards if any(held(key, one) for one in groups)]
    if not keys:
        return None
    shown = first({key: cards[key] for key in keys}, "closest") or keys[0]
    data: dict[str, dict[str, list[list[str]]]] = {key: {} for key in keys}
    tables = []
    for images, those in _columns(groups, shorts):
        anchor = f"matrix-{images}"
        lines = _lines([groups[number] for number in those])
        every = {key: _cells(key, lines, [(groups[n], found[n], f"group-{n + 1}") for n in those]) for key in keys}
        for key, rows in every.items():
            data[key][anchor] = [_packed(cell) for row in rows for cell in row]
        made = [
            (band, Row(label, "control" if band == BANDS[2] else "inverter", _tone(entries, tones), tuple(cells)))
            for (label, band, entries), cells in zip(lines, every[shown], strict=True)
        ]
        runs = groupby(groups[number].dataset for number in those)
        tables.append(
            Table(
                anchor=anchor,
                title="Most images of each" if images == MOST else text.plural(int(images), "image"),
                datasets=tuple((dataset, len(list(run))) for dataset, run in runs),
                heads=tuple(
                    Head(
                        shorts[number],
                        f"group-{number + 1}",
                        text.plural(groups[number].num_images, "image") if images == MOST else "",
                    )
                    for number in those
                ),
                bands=tuple(
                    (band, tuple(r for b, r in made if b == band)) for band in BANDS if any(b == band for b, _ in made)
                ),
                span=len(those) + 1,
            )
        )
    told = {key: _about(cards[key]) for key in keys}
    return Matrix(tuple(tables), _options(cards, keys, shown), told[shown], island({"cells": data, "about": told}))


def _columns(groups: Sequence[Group], shorts: Mapping[int, str]) -> list[tuple[str, list[int]]]:
    """The groups of each table: the most images of each column, where no one number has them all, then each number."""
    most: dict[tuple[str, str], int] = {}
    for number, one in enumerate(groups):
        column = one.dataset, shorts[number]
        if column not in most or one.num_images > groups[most[column]].num_images:
            most[column] = number
    chosen = list(most.values())
    sizes = sorted({one.num_images for one in groups}, reverse=True)
    tables = [(str(size), [number for number, one in enumerate(groups) if one.num_images == size]) for size in sizes]
    mixed = len({groups[number].num_images for number in chosen}) > 1
    return [(MOST, chosen), *tables] if mixed else tables


def _lines(groups: Sequence[Group]) -> list[Line]:
    """A line a method, band by band; one that has several rows somewhere says everywhere which of them it is."""
    several = {entry.record.method for one in groups for entry in one.entries if entry.label != entry.record.method}
    lines: dict[tuple[str, str], list[Entry | None]] = {}
    for band, place in zip(BANDS, range(3), strict=True):
        for column, one in enumerate(groups):
            for entry in one.bands[place]:
                plain = entry.label == entry.record.method
                label = (
                    f"{entry.label} ({entry.record.preset})"
                    if plain and entry.record.method in several
                    else entry.label
                )
                lines.setdefault((label, band), [None] * len(groups))[column] = entry
    return [(label, band, entries) for (label, band), entries in lines.items()]


def _tone(entries: Iterable[Entry | None], tones: Mapping[str, str]) -> str:
    return next((tones.get(entry.record.method, "") for entry in entries if entry is not None), "")


def _cells(key: str, lines: Sequence[Line], groups: Sequence[tuple[Group, Standings, str]]) -> list[list[Cell]]:
    """By line and group. The farthest inverter has the deepest tint; who sees the original has none."""
    floors = [one.control("class-floor") for one, _, _ in groups]
    apart = [
        [None if e is None else away(key, e, floor) for e, floor in zip(entries, floors, strict=True)]
        for _, _, entries in lines
    ]
    farthest = max(
        (
            one.distance
            for (_, band, _), row in zip(lines, apart, strict=True)
            if band != BANDS[2]
            for one in row
            if one
        ),
        default=0.0,
    )
    return [
        [
            _cell(key, entry, ranked, anchor, one, farthest)
            for entry, (_, ranked, anchor), one in zip(entries, groups, row, strict=True)
        ]
        for (_, _, entries), row in zip(lines, apart, strict=True)
    ]


def _cell(key: str, entry: Entry | None, ranked: Standings, anchor: str, one: Away | None, farthest: float) -> Cell:
    if entry is None:
        return Cell()
    if not entry.complete:
        return Cell(f"#{anchor}", entry.record.status)
    if not has_value(entry, key):
        return Cell(f"#{anchor}", text.DASH)
    score, card = entry.record.metrics[key], entry.metric(key)
    standing = ranked.get(key)
    rank = standing.ranks.get(entry) if standing is not None else None
    if text.is_by_definition(score):
        return Cell(f"#{anchor}", text.DASH)
    return Cell(
        href=f"#{anchor}",
        value=text.number(card, score.value or 0.0, score.ci95),
        rank="" if rank is None else str(rank).replace("-", "–"),
        away="" if one is None else text.number(card, one.distance, score.ci95),
        side="" if one is None else one.side,
        tint="" if one is None or entry.record.access == "original" else _tint(one, farthest),
        leads=standing is not None and entry in standing.leaders,
    )


def _tint(one: Away, farthest: float) -> str:
    """A step of the tint; none where nothing separates the two."""
    if one.side == "even" or farthest <= 0:
        return ""
    step = min(STEPS, max(1, math.ceil(STEPS * one.distance / farthest)))
    return f"{'near' if one.nearer else 'far'}-{step}"


def _packed(cell: Cell) -> list[str]:
    """What a choice changes, for the script."""
    return [cell.value, cell.rank, cell.away, cell.side, cell.tint, "leads" if cell.leads else ""]


def _about(card: MetricCard) -> str:
    """A metric in a line: its definition and direction."""
    return f"{card.title}: {card.definition}; {glossary.DIRECTIONS[card.higher_is_better][1]}."


def _options(
    cards: Mapping[str, MetricCard], keys: Sequence[str], shown: str
) -> tuple[tuple[str, tuple[Option, ...]], ...]:
    families = groupby(keys, key=lambda key: cards[key].family)
    return tuple(
        (family, tuple(Option(key, cards[key].title, key == shown) for key in run)) for family, run in families
    )
