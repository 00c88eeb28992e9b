"""What a probe's records say to a question about two values, pair by pair; numbers alone, no words."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bench.cards import Answer
from reports.analysis.pairs import alike, no_more_than, over_images
from reports.analysis.probe_groups import Series, Together

Side = Literal["smaller", "larger", "open", "unpaired"]
EACH, LEAST, MOST = "*", "<", ">"
SPANNING = "all"  # how per-image tables call what spans the levels


def value(one: Series, key: str, level: str) -> float | None:
    """A measure at a level, or across all of them (empty); None where the record has none."""
    score = one.score(level or None, key)
    return None if score is None else score.value


def means(group: Together, key: str, level: str) -> list[tuple[Series, float]]:
    """Every record that has this value, with it."""
    found = [(one, value(one, key, level)) for one in group.series]
    return [(one, number) for one, number in found if number is not None]


def levels(group: Together, key: str, level: str, origin: str) -> list[str]:
    """The levels that are meant: all of them, the one with the least or the most of it on average, or the one named."""
    if level not in (EACH, LEAST, MOST):
        return [level]
    held = {name: means(group, key, name) for name in group.level_names if name != origin}
    averages = {name: sum(number for _, number in found) / len(found) for name, found in held.items() if found}
    if level == EACH or not averages:
        return list(averages)
    return [min(averages, key=averages.__getitem__) if level == LEAST else max(averages, key=averages.__getitem__)]


def side(answer: Answer, one: Series) -> Side:
    """Where the second value of an answer lies to the first, by the interval of their difference over images."""
    first, second = (_of_images(one, key, level) for key, level in answer.values[:2])
    if first is None or second is None or not np.array_equal(first[0], second[0]):
        return "unpaired"
    a, b = alike(first[1], second[1])
    both = np.isfinite(a) & np.isfinite(b)
    found = over_images(b[both], a[both])
    if found is None:
        return "unpaired"
    _, low, high = found
    if low <= 0 <= high or no_more_than(one.entry.metric(answer.values[0][0]).least(int(both.sum())), *found):
        return "open"
    return "larger" if low > 0 else "smaller"


def _of_images(one: Series, key: str, level: str) -> tuple[NDArray[Any], NDArray[Any]] | None:
    columns = one.entry.per_image
    if not {"level", "image_id", key} <= set(columns):
        return None
    rows = np.asarray(columns["level"]) == (level or SPANNING)
    return np.asarray(columns["image_id"])[rows], np.asarray(columns[key])[rows]
