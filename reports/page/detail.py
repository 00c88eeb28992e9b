"""What a group's means leave out: pair by pair, over the images, class by class; each for the metric that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reports.analysis.differences import Difference, differences
from reports.analysis.groups import Entry, Group
from reports.analysis.metrics import first
from reports.analysis.ranks import Standings
from reports.analysis.spread import MOST_CLASSES, Spread, classes, means_by_class, spreads, telling, values_of
from reports.page.gallery.island import island
from reports.words import numbers, text
from reports.words.gallery_names import class_name
from reports.words.glossary import DIRECTIONS
from reports.words.ranks import APART

if TYPE_CHECKING:
    from markupsafe import Markup

UNPAIRED = f" A dash: no values to pair; certainly better then means {APART}."
HEIGHT = 20  # of the tallest bar, in units of the drawing; a bar is 4 of them wide


@dataclass(frozen=True)
class Row:
    """A line of a table: its head, the drawing beside it if the table has drawings, and the other cells."""

    head: str
    cells: tuple[str, ...]
    bars: str = ""


@dataclass(frozen=True)
class Table:
    """For one metric; ``about`` says how to read it."""

    about: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Option:
    """A metric to choose."""

    key: str
    title: str
    chosen: bool


@dataclass(frozen=True)
class Detail:
    """A table for each metric, of which one is shown; ``data`` has the others for the script."""

    anchor: str
    title: str
    caption: str
    options: tuple[Option, ...]
    shown: Table
    data: Markup


def details(group: Group, ranked: Standings, anchor: str) -> tuple[Detail, ...]:
    """The three of a group; one that has nothing to show is left out."""
    compared = differences(ranked, group.metrics)
    keys = [key for key in group.metrics if any(len(values_of(entry, key)) for entry in group.complete)]
    labelled = keys if len(classes(group)[0]) > 1 else []
    made = (
        _detail(
            group,
            f"{anchor}-pairs",
            "Differences pair by pair",
            "Differences between the inverters",
            list(compared),
            lambda key: _pairs(key, group, compared[key]),
        ),
        _detail(
            group,
            f"{anchor}-images",
            "Distributions over the images",
            "How the scores spread over the images",
            keys,
            lambda key: _images(key, group),
        ),
        _detail(
            group,
            f"{anchor}-classes",
            "Scores class by class",
            "Means over the images of each class",
            labelled,
            lambda key: _classes(key, group),
        ),
    )
    return tuple(one for one in made if one is not None)


def _detail(
    group: Group, anchor: str, title: str, caption: str, keys: Sequence[str], table: Callable[[str], Table]
) -> Detail | None:
    if not keys:
        return None
    closest = first({key: group.metrics[key] for key in keys}, "closest") or keys[0]
    tables = {key: table(key) for key in keys}
    packed = {
        key: [one.about, one.heads, [[row.head, row.bars, *row.cells] for row in one.rows]]
        for key, one in tables.items()
    }
    options = tuple(Option(key, group.metric(key).title, key == closest) for key in keys)
    return Detail(anchor, title, caption, options, tables[closest], island(packed))


def _pairs(key: str, group: Group, found: Sequence[Difference]) -> Table:
    card = group.metric(key)
    about = f"{card.title}, {DIRECTIONS[card.higher_is_better][1]}: the first inverter less the second over the same "
    about += "images (subsets, for kernel distances), with the 95 % interval and p after Holm's correction."
    about += UNPAIRED if any(one.p is None for one in found) else ""
    rows = []
    for one in found:
        difference, interval = text.DASH, text.DASH
        if one.interval is not None:
            digits = numbers.places(card, *one.interval)
            difference = numbers.signed(one.interval[0], digits)
            interval = numbers.interval(*one.interval[1:], digits)
        better = "not separated" if one.better is None else one.better.label
        rows.append(Row(f"{one.first.label} less {one.second.label}", (difference, interval, _p(one.p), better)))
    return Table(about, ("pair", "difference", "95 % interval", "p", "certainly better"), tuple(rows))


def _p(value: float | None) -> str:
    if value is None:
        return text.DASH
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _images(key: str, group: Group) -> Table:
    card = group.metric(key)
    low, high, found = spreads(key, group.complete)
    ends = [text.number(card, end) for end in (low, high)]
    about = f"{card.title}, {DIRECTIONS[card.higher_is_better][1]}: shares of the images from {ends[0]} at the left to "
    about += f"{ends[1]} at the right, the same scale for all; what lies beyond counts to the last bar."
    rows = (
        Row(one.entry.label, tuple(text.number(card, value) for value in one.percentiles), _bars(one)) for one in found
    )
    return Table(about, ("method", "images", "5 %", "median", "95 %"), tuple(rows))


def _bars(spread: Spread) -> str:
    """The bars as a path in a box of 4 BARS by HEIGHT, the tallest of them as high as the box."""
    tops = HEIGHT - np.rint(HEIGHT * spread.shares / spread.shares.max()).astype(int)
    return f"M0 {HEIGHT}" + "".join(f"V{top}h{4}" for top in tops) + f"V{HEIGHT}z"


def _classes(key: str, group: Group) -> Table:
    card, entries = group.metric(key), _with_values(key, group)
    labels, counts = classes(group)
    means = means_by_class(key, group, entries)
    chosen = telling(means)
    about = f"{card.title}, {DIRECTIONS[card.higher_is_better][1]}: means over the images of each true class."
    if len(chosen) < len(labels):
        about += f" Of {text.count(len(labels))} classes the {MOST_CLASSES} at either end by the mean over all rows."
    names = group.cards.dataset.class_names
    rows = (
        Row(
            class_name(names, float(labels[row])),
            (text.count(int(counts[row])), *(_mean(key, entry, means[row, k]) for k, entry in enumerate(entries))),
        )
        for row in chosen
    )
    return Table(about, ("class", "images", *(entry.label for entry in entries)), tuple(rows))


def _with_values(key: str, group: Group) -> list[Entry]:
    return [entry for entry in group.complete if len(values_of(entry, key))]


def _mean(key: str, entry: Entry, value: float) -> str:
    return text.number(entry.metric(key), float(value)) if np.isfinite(value) else text.DASH
