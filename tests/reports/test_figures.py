from __future__ import annotations

import dataclasses

import pytest

from bench.record import Record, Score
from reports.figures import scatter, whiskers
from reports.groups import Entry, group


def with_scores(record: Record, **scores: Score) -> Entry:
    return Entry(dataclasses.replace(record, metrics=scores))


def test_points_lie_where_the_shares_are(records: list[Record]) -> None:
    x, y = Score(0.9, (0.85, 0.95), 40, 0.1, True), Score(0.25, (0.2, 0.3), 40, 0.1, True)
    (one,) = group([with_scores(records[0], reid_class_target=x, reid_class_judge=y)])
    figure = scatter(one)
    assert figure is not None
    (point,) = figure.points
    assert (point.x, point.y) == ("90.00%", "75.00%")  # SVG counts downwards
    assert point.x_ends == ("85.00%", "95.00%")
    assert point.y_ends == ("80.00%", "70.00%")
    assert (figure.x_chance, figure.y_chance) == ("10.00%", "90.00%")
    assert "target 0.900, judge 0.250" in point.words


def test_zero_is_a_value(records: list[Record]) -> None:
    zero = Score(0.0, (0.0, 0.0), 40)
    (one,) = group([with_scores(records[0], reid_class_target=zero, reid_class_judge=zero, lpips=zero)])
    figure = scatter(one)
    assert figure is not None
    assert figure.points[0].x == "0.00%"
    bars = whiskers(one)
    assert bars is not None
    assert bars.bars[0].at == "0.00%"


@pytest.mark.parametrize("top", [0.003, 0.31, 0.5, 0.88, 1.0, 7.2])
def test_the_scale_is_round_and_holds_every_interval(records: list[Record], top: float) -> None:
    (one,) = group([with_scores(records[0], lpips=Score(top / 2, (top / 4, top), 40))])
    figure = whiskers(one)
    assert figure is not None
    last = float(figure.ticks[-1].label)
    assert last >= top * 0.999
    assert 3 <= len(figure.ticks) <= 8
    assert float(figure.bars[0].high.rstrip("%")) == pytest.approx(100 * top / last, abs=0.01)


def test_missing_scores_make_no_figure(records: list[Record]) -> None:
    (one,) = group([with_scores(records[0], lpips=Score(None, note="failed"))])
    assert scatter(one) is None
    assert whiskers(one) is None
