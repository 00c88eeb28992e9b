"""Two records of one cell in one metric: their pairs, and what the difference between them says."""

from __future__ import annotations

from math import isclose

import numpy as np

from bench.cards import MetricCard
from bench.store.record import Score
from reports.analysis.groups import Entry, same_making
from reports.analysis.pairs import Doubles, alike, no_more_than

EQUAL, OPEN = "equal", "no difference shown"


def score_of(entry: Entry, key: str) -> Score:
    """The record's score, or one that says why there is none."""
    return entry.record.metrics.get(key) or Score(None, note="this record was written without this metric")


def paired(key: str, a: Entry, b: Entry) -> tuple[Doubles, Doubles, str] | str:
    """Values of both on the same images or subsets with the pairs' name, or why there are none."""
    mine, theirs = score_of(a, key), score_of(b, key)
    if mine.value is None or theirs.value is None:
        return "a value is missing"
    if not same_making(key, a.record, b.record):
        return "scored in different ways"
    equal = a.record.num_images == b.record.num_images
    if a.metric(key).level == "set":
        if not mine.subsets or not theirs.subsets or len(mine.subsets) != len(theirs.subsets):
            return "a set-level score has no pairs"
        if not equal:
            return "set-level scores of different numbers of images"
        return np.array(mine.subsets), np.array(theirs.subsets), "subset"
    if not equal and (reason := _depends_on_n(a.metric(key), mine, theirs)):
        return reason
    return _images(key, a, b)


def _depends_on_n(card: MetricCard, a: Score, b: Score) -> str | None:
    alike = a.chance is not None and b.chance is not None and isclose(a.chance, b.chance)
    if card.depends_on == "gallery" and not alike:
        return "ranks in galleries of different sizes"
    return "centred by the mean over different numbers of images" if card.depends_on == "mean" else None


def _images(key: str, a: Entry, b: Entry) -> tuple[Doubles, Doubles, str] | str:
    """The common prefix, without the images on which one side has no value."""
    for name, columns in (("A", a.per_image), ("B", b.per_image)):
        if "image_id" not in columns or key not in columns:
            return f"no values image by image beside {name}'s record"
    first, second = a.per_image, b.per_image
    n = min(len(first["image_id"]), len(second["image_id"]))
    if not np.array_equal(first["image_id"][:n], second["image_id"][:n]):
        return "different images"
    x, y = alike(first[key][:n], second[key][:n])
    both = np.isfinite(x) & np.isfinite(y)
    return (x[both], y[both], "image") if both.any() else "not defined on any image of both"


def verdict(info: MetricCard, found: tuple[float, float, float], n: int) -> str:
    """Where the interval lies; better and worse only where the metric has a direction, and can tell so little apart."""
    _, low, high = found
    if no_more_than(info.least(n), *found):
        return EQUAL
    if low <= 0 <= high:
        return OPEN
    if info.higher_is_better is None:
        return "higher" if low > 0 else "lower"
    return "better" if (low > 0) == info.higher_is_better else "worse"
