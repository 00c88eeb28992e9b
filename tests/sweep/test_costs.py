"""What is expected of cells by the records that are there."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.store.record import Cost, Record
from bench.sweep.costs import Costs, Expected, dealt, longest_first, makespan
from tests.sweep.plans import opened


def test_the_nearest_record_counts_and_scoring_with_it(tmp_path: Path) -> None:
    _, cells = opened(tmp_path, "biggan-logit", "oracle", more="[[override]]\nmethod='oracle'\nnum_images=8")
    cost = Cost(10.0, 1.0, 300.0, "cpu", score_seconds=20.0)
    near = Record("biggan-logit", "robust_resnet152", "cifar10", 10, 0, cost=cost)
    far = replace(near, classifier="resnet152", cost=Cost(99.0, 9.9, 900.0, "cpu"))
    other = replace(near, dataset="tiny-imagenet", cost=Cost(50.0, 5.0, 1.0, "cpu"))
    unlike = [
        replace(near, preset="paper"),
        replace(near, cost=replace(cost, device="cuda"), key="0"),
        replace(near, probe="noise"),
    ]
    costs = Costs([far, *unlike, other, near, replace(near, status="failed")])
    for known, seconds, memory in ((costs, 12.0, 300.0), (Costs([far]), 39.6, 900.0)):
        expected = known.of(cells[0])
        assert expected.seconds == pytest.approx(seconds)
        assert expected == Expected(expected.seconds, memory)
    assert Costs(unlike).of(cells[0]) == costs.of(cells[1]) == Expected()


def test_longest_first_and_what_nobody_knows_before(tmp_path: Path) -> None:
    more = '[[override]]\nmethod = "oracle"\nnum_images = 9'
    _, cells = opened(tmp_path, "Noisy", "oracle", "Descending", "Grey", "biggan-logit", more=more)
    expected = [Expected(3.0), Expected(), Expected(), Expected(5.0), Expected()]
    assert longest_first(cells, expected) == [2, 1, 4, 3, 0]


def test_work_is_dealt_out_evenly() -> None:
    assert dealt([5.0, 4.0, 3.0, 3.0], 2) == [[0, 3], [1, 2]]
    assert makespan([5.0, 4.0, 3.0, 3.0], 2) == 8.0
    assert makespan([5.0, 1.0], 9) == 5.0
    assert makespan([], 2) == 0.0
    assert sorted(place for hand in dealt([1.0] * 7, 3) for place in hand) == list(range(7))
