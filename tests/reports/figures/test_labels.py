from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reports.figures import labels
from reports.figures.labels import CHARACTER, Box, Label, layout

SIZE = (340.0, 290.0)
NAMES = ["oracle", "train-nearest", "same-class-random", "onehot-biggan", "biggan-logit", "dosovitskiy-brox-2016a"]
SPOTS = [(340.0, 0.0), (334.0, 30.0), (322.0, 34.0), (330.0, 40.0), (318.0, 70.0), (310.0, 100.0)]


def moved(label: Label, spot: tuple[float, float], name: str) -> Box:
    left, top, right, bottom = label.box(CHARACTER * len(name))
    return left + spot[0], top + spot[1], right + spot[0], bottom + spot[1]


def overlap(a: Box, b: Box) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


def test_names_of_crowded_points_neither_overlap_nor_leave_the_plot() -> None:
    boxes = [moved(label, s, n) for label, s, n in zip(layout(NAMES, SPOTS, SIZE), SPOTS, NAMES, strict=True)]
    for left, top, right, bottom in boxes:
        assert left >= -1
        assert top >= -8
        assert right <= SIZE[0] + 1
        assert bottom <= SIZE[1] + 8
    assert not any(overlap(a, b) for a, b in itertools.combinations(boxes, 2))


def test_names_keep_off_whiskers() -> None:
    bar = (60.0, 90.0, 160.0, 106.0)
    (free,), (pushed,) = layout(["ridge"], [(50, 98)], SIZE), layout(["ridge"], [(50, 98)], SIZE, [bar])
    assert overlap(moved(free, (50, 98), "ridge"), bar)
    assert not overlap(moved(pushed, (50, 98), "ridge"), bar)


def test_lines_to_names_rarely_cross(monkeypatch: pytest.MonkeyPatch) -> None:
    def tangles(crossings: Callable[..., Any]) -> int:
        rng, total = np.random.default_rng(0), 0
        for _ in range(10):
            spots = [(float(x), float(y)) for x, y in zip(rng.uniform(0, 4, 8), rng.uniform(150, 290, 8), strict=True)]
            found = layout(["a-name-of-a-method"] * 8, spots, SIZE)
            lines = np.array([[s, (s[0] + f.tip()[0], s[1] + f.tip()[1])] for s, f in zip(spots, found, strict=True)])
            total += int(crossings(lines, lines).sum()) // 2
        return total

    crossings, now = labels._crossings, tangles(labels._crossings)
    monkeypatch.setattr(labels, "_crossings", lambda lines, others: np.zeros((len(lines), len(others))))
    assert now < tangles(crossings) / 3


@pytest.mark.parametrize(
    ("other", "crossing"),
    [
        (((0.0, 10.0), (10.0, 0.0)), True),
        (((0.0, 10.0), (4.0, 6.0)), False),  # stops short of it
        (((10.0, 10.0), (20.0, 0.0)), False),  # touches its end
        (((1.0, 0.0), (11.0, 10.0)), False),  # beside it
    ],
)
def test_two_lines_cross_where_each_has_the_other_on_both_sides(
    other: tuple[tuple[float, float], tuple[float, float]], crossing: bool
) -> None:
    line = np.array([[(0.0, 0.0), (10.0, 10.0)]])
    assert labels._crossings(line, np.array([other])).tolist() == [[crossing]]
    assert labels._crossings(np.array([other]), line).tolist() == [[crossing]]


def test_a_lone_point_has_its_name_beside_it() -> None:
    (label,) = layout(["ridge"], [(100, 100)], SIZE)
    assert (label.anchor, label.leader) == ("start", False)


@pytest.mark.parametrize("seed", range(3))
def test_places_that_are_not_looked_at_would_not_have_been_chosen(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    spots = [(float(x), float(y)) for x, y in rng.uniform(0, 150, (12, 2))]
    names = ["a name of a method"[: int(length)] for length in rng.integers(4, 18, 12)]
    found = layout(names, spots, SIZE)
    assert len({label.leader for label in found}) == 2
    monkeypatch.setattr(labels, "_STAGES", (slice(0, len(labels._PLACES)),))
    assert layout(names, spots, SIZE) == found
