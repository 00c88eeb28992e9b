"""How a metric spreads over the images of a run: as bars on a scale that all methods share, and class by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.analysis.groups import Entry, Group
from reports.analysis.images import facts

BARS = 24
ENDS = (0.5, 99.5)  # percentiles between which the scale lies; what is beyond counts to its last bar
MIDDLES = (5, 50, 95)
MOST_CLASSES = 40

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """One method's values: shares of its images in bars of equal width, and three percentiles."""

    entry: Entry
    shares: Doubles
    percentiles: tuple[float, float, float]  # of ``MIDDLES``


def values_of(entry: Entry, key: str) -> Doubles:
    """(N,) values of a metric, NaN where it is not defined; empty where no image has one."""
    found = entry.values.get(key)
    values = np.asarray([] if found is None else found, np.float64)
    return values if np.isfinite(values).any() else np.empty(0)


def spreads(key: str, entries: Sequence[Entry]) -> tuple[float, float, list[Spread]]:
    """The ends of the scale, and each method that has values; of a metric that has none anywhere (0, 0, [])."""
    held = [(entry, values[np.isfinite(values)]) for entry in entries if len(values := values_of(entry, key))]
    if not held:
        return 0.0, 0.0, []
    low, high = map(float, np.percentile(np.concatenate([values for _, values in held]), ENDS))
    middles = _percentiles([values for _, values in held])
    return low, high, [_spread(*one, low, high, middle) for one, middle in zip(held, middles, strict=True)]


def _percentiles(held: Sequence[Doubles]) -> list[tuple[float, float, float]]:
    """Three of each, at once where all have as many values."""
    alike = len({len(values) for values in held}) == 1
    found = np.percentile(np.stack(held), MIDDLES, axis=1).T if alike else [np.percentile(one, MIDDLES) for one in held]
    return [(float(low), float(middle), float(high)) for low, middle, high in found]


def _spread(entry: Entry, values: Doubles, low: float, high: float, middle: tuple[float, float, float]) -> Spread:
    place = np.clip((values - low) / ((high - low) or 1) * BARS, 0, BARS - 1).astype(np.int64)
    return Spread(entry, np.bincount(place, minlength=BARS) / len(values), middle)


def classes(group: Group) -> tuple[NDArray[np.int64], Doubles]:
    """The labels that the images have, in their order, and how many images each has; empty where none were stored."""
    labels = facts(group).get("label")
    if labels is None:
        return np.empty(0, np.int64), np.empty(0)
    found, counts = np.unique(np.asarray(labels, np.int64), return_counts=True)
    return found, counts.astype(np.float64)


def means_by_class(key: str, group: Group, entries: Sequence[Entry]) -> Doubles:
    """(classes, methods) mean over the images of each class; NaN where nothing is defined."""
    labels = np.asarray(facts(group)["label"], np.int64)
    known, places = np.unique(labels, return_inverse=True)
    found = np.full((len(known), len(entries)), np.nan)
    for column, entry in enumerate(entries):
        values = values_of(entry, key)
        if len(values) != len(labels):
            continue
        defined = np.isfinite(values)
        counts = np.bincount(places[defined], minlength=len(known))
        sums = np.bincount(places[defined], weights=values[defined], minlength=len(known))
        found[counts > 0, column] = sums[counts > 0] / counts[counts > 0]
    return found


def telling(means: Doubles) -> list[int]:
    """Rows of the classes to show: all in their order, or of more than ``MOST_CLASSES`` those at either end."""
    if len(means) <= MOST_CLASSES:
        return list(range(len(means)))
    defined = np.isfinite(means)
    total = np.where(defined, means, 0).sum(axis=1) / np.maximum(defined.sum(axis=1), 1)
    order = [int(row) for row in np.argsort(total, kind="stable") if defined[row].any()]
    half = MOST_CLASSES // 2
    return [*order[:half], *order[max(half, len(order) - half) :]]
