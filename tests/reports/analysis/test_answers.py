from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.cards import Answer
from bench.store.record import Level, Record, Score
from reports.analysis.answers import EACH, LEAST, MOST, levels, side, value
from reports.analysis.groups import Entry
from reports.analysis.probe_groups import Together, together
from tests.reports.analysis.claims.world import Cell, ids, spread

NAMES = ("none", "weak", "strong")
MOVED = Answer("", (("contrast", "weak"), ("contrast", "strong")))


def entry(root: Path, means: tuple[float, ...], n: int = 60, lacks: tuple[str, ...] = ()) -> Entry:
    """A probe's record with these means of contrast at three levels, image by image beside it."""
    scores = {"contrast": Score(0.0, None, n)}
    levels = tuple(Level(name, None, dict(scores)) for name in NAMES)
    record = Record("m", "resnet152", "cifar10", n, 0, key=f"wobble-{means}", probe="wobble", levels=levels)
    columns = {
        "level": np.repeat(NAMES, n),
        "image_id": ids(n) * len(NAMES),
        "contrast": np.concatenate([spread(mean, k, n=n) for k, mean in enumerate(means)]),
    }
    return Cell(record, columns, lacks).entry(root)


def alone(*entries: Entry) -> Together:
    (only,) = together(entries)
    return only


@pytest.mark.parametrize(
    ("means", "expected"), [((0, 0.1, 0.4), "larger"), ((0, 0.4, 0.1), "smaller"), ((0, 0.3, 0.3), "open")]
)
def test_the_second_value_lies_where_the_interval_of_the_difference_does(
    tmp_path: Path, means: tuple[float, ...], expected: str
) -> None:
    assert side(MOVED, alone(entry(tmp_path, means)).series[0]) == expected


def test_nothing_is_compared_that_has_no_pairs(tmp_path: Path) -> None:
    few = entry(tmp_path / "few", (0.0, 0.1, 0.9), n=49)
    bare = entry(tmp_path / "bare", (0.0, 0.1, 0.9), lacks=("contrast",))
    for one in (few, bare):
        assert side(MOVED, alone(one).series[0]) == "unpaired"
    other = Answer("", (("contrast", "weak"), ("contrast", "no such level")))
    assert side(other, alone(entry(tmp_path / "x", (0, 0.1, 0.9))).series[0]) == "unpaired"


def test_levels_are_those_of_least_and_most_without_the_one_of_no_change(tmp_path: Path) -> None:
    group = alone(entry(tmp_path, (0.0, 0.3, 0.1)))
    assert levels(group, "contrast", LEAST, "none") == ["strong"]
    assert levels(group, "contrast", LEAST, "") == ["none"]
    assert levels(group, "contrast", MOST, "none") == ["weak"]
    assert levels(group, "contrast", EACH, "") == list(NAMES)
    assert levels(group, "contrast", "strong", "") == ["strong"]
    assert levels(group, "unheard", LEAST, "") == []


def test_a_value_is_the_records_own(tmp_path: Path) -> None:
    (one,) = alone(entry(tmp_path, (0.0, 0.3, 0.1))).series
    assert value(one, "contrast", "weak") == pytest.approx(0.3)
    assert value(one, "contrast", "") is None
    assert value(one, "contrast", "no such level") is None
