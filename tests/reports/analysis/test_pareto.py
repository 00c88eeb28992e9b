from __future__ import annotations

import pytest

from reports.analysis.pareto import front

POINTS = [(1.0, 9.0), (2.0, 4.0), (3.0, 4.0), (3.0, 1.0), (5.0, 5.0)]


@pytest.mark.parametrize(
    ("higher", "found"),
    [((False, False), [0, 1, 3]), ((True, True), [4, 0]), ((True, False), [4, 3]), ((False, True), [0])],
)
def test_nothing_on_the_front_is_beaten(higher: tuple[bool, bool], found: list[int]) -> None:
    assert front(POINTS, higher) == found


def test_equal_points_stand_together_and_one_alone_is_the_front() -> None:
    assert front([(1.0, 1.0), (1.0, 1.0), (2.0, 2.0)], (False, False)) == [0, 1]
    assert front([(4.0, 2.0)], (True, False)) == [0]
    assert front([], (True, False)) == []
