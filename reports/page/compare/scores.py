"""Two records of one cell, metric by metric: what both scored, and their paired difference where there can be one."""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose

import numpy as np

from bench.metrics.catalogue import MetricInfo
from bench.record import Score
from reports.analysis.groups import Entry
from reports.analysis.pairs import MIN_PAIRS, Doubles, alike, no_more_than, over_images, over_subsets
from reports.page.scores import DIRECTIONS
from reports.words import glossary, text
from reports.words.numbers import interval, places, signed

EQUAL, OPEN, NOT_COMPARABLE = "equal", "no difference shown", "not comparable"
RANKS = ("reid_instance_", "reid_within_")
CENTRED = ("logit_cosine",)  # by the mean over all images of its run


@dataclass(frozen=True)
class Shown:
    """A score of one side; ``note`` says why it is missing, or what to know."""

    value: str
    bounds: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Difference:
    """B less A over pairs; ``verdict`` is equal, better, worse, higher, lower or no difference shown."""

    verdict: str
    value: str
    interval: str
    pairs: str


@dataclass(frozen=True)
class MetricRow:
    """A metric of both sides; without a difference the reason says why."""

    key: str
    title: str
    arrow: str
    direction: str
    a: Shown
    b: Shown
    difference: Difference | None
    reason: str

    @property
    def verdict(self) -> str:
        """In a word or three."""
        return self.difference.verdict if self.difference else NOT_COMPARABLE


def metric_rows(a: Entry, b: Entry, *, comparable: bool) -> tuple[MetricRow, ...]:
    """The main metrics of two complete records, and ``fid`` where one has it."""
    keys = list(glossary.MAIN_METRICS)
    if any(_score(entry, "fid").value is not None for entry in (a, b)):
        keys.insert(0, "fid")
    return tuple(_row(key, a, b, comparable) for key in keys)


def _row(key: str, a: Entry, b: Entry, comparable: bool) -> MetricRow:
    info = glossary.metric(key)
    arrow, direction = DIRECTIONS[info.higher_is_better]
    found = paired(key, a, b) if comparable else "different protocols"
    difference = None if isinstance(found, str) else _difference(key, *found, a.record.num_images)
    few = f"fewer than {MIN_PAIRS} pairs" if difference is None else ""
    reason = found if isinstance(found, str) else few
    return MetricRow(key, info.title, arrow, direction, _shown(key, a), _shown(key, b), difference, reason)


def _score(entry: Entry, key: str) -> Score:
    return entry.record.metrics.get(key) or Score(None, note="this record was written without this metric")


def _shown(key: str, entry: Entry) -> Shown:
    score = _score(entry, key)
    if score.value is None:
        return Shown(text.DASH, note=score.note or "no reason was recorded")
    bounds = text.bounds(score.ci95) or None
    if bounds is None and score.std is not None:
        bounds = f"sd {text.number(key, score.std)}"
    return Shown(text.number(key, score.value, score.ci95), bounds, score.note)


def paired(key: str, a: Entry, b: Entry) -> tuple[Doubles, Doubles, str] | str:
    """Values of both on the same images or subsets with the pairs' name, or why there are none."""
    mine, theirs = _score(a, key), _score(b, key)
    if mine.value is None or theirs.value is None:
        return "a value is missing"
    equal = a.record.num_images == b.record.num_images
    if glossary.metric(key).level == "set":
        if not mine.subsets or not theirs.subsets or len(mine.subsets) != len(theirs.subsets):
            return "a set-level score has no pairs"
        if not equal:
            return "set-level scores of different numbers of images"
        return np.array(mine.subsets), np.array(theirs.subsets), "subset"
    if not equal and (reason := _depends_on_n(key, mine, theirs)):
        return reason
    return _images(key, a, b)


def _depends_on_n(key: str, a: Score, b: Score) -> str | None:
    if key.startswith(RANKS) and not (a.chance is not None and b.chance is not None and isclose(a.chance, b.chance)):
        return "ranks in galleries of different sizes"
    return "centred by the mean over different numbers of images" if key in CENTRED else None


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


def _difference(key: str, a: Doubles, b: Doubles, unit: str, num_images: int) -> Difference | None:
    found = over_subsets(b, a, num_images) if unit == "subset" else over_images(b, a)
    if found is None:
        return None
    mean, low, high = found
    digits = places(key, mean, low, high)
    return Difference(
        verdict=_verdict(glossary.metric(key), found, num_images if unit == "subset" else len(a)),
        value=signed(mean, digits),
        interval=interval(low, high, digits),
        pairs=text.plural(len(a), unit),
    )


def _verdict(info: MetricInfo, found: tuple[float, float, float], n: int) -> str:
    """Where the interval lies; better and worse only where the metric has a direction, and can tell so little apart."""
    _, low, high = found
    if no_more_than(info.least(n), *found):
        return EQUAL
    if low <= 0 <= high:
        return OPEN
    if info.higher_is_better is None:
        return "higher" if low > 0 else "lower"
    return "better" if (low > 0) == info.higher_is_better else "worse"
