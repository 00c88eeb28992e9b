from __future__ import annotations

import pytest

from reports.figures.scales import Axis, linear, shares, times, window
from reports.words import text


def same(*values: float) -> list[tuple[float, float]]:
    return [(value, value) for value in values]


def test_a_control_that_is_near_widens_the_scale_and_one_that_is_far_does_not() -> None:
    low, high = window(same(0.4, 0.6), same(0.65, 0.0), 0.0)
    assert low == pytest.approx(0.4 - 0.06 * 0.25)
    assert high == pytest.approx(0.65 + 0.06 * 0.25)


def test_the_methods_take_most_of_the_scale_wherever_the_controls_lie() -> None:
    for far in (0.61, 0.66, 0.68, 5.0, -3.0):
        low, high = window([(0.4, 0.42), (0.55, 0.6)], same(far, -far), 0.0)
        assert low <= 0.4 < 0.6 <= high
        assert 0.2 / (high - low) > 0.5


def test_a_single_method_has_room_around_it() -> None:
    axis = linear("x", same(0.5), same(0.0, 1.0))
    assert axis.low < 0.46 < 0.54 < axis.high
    assert (axis.beyond(0.0), axis.beyond(0.5), axis.beyond(1.0)) == (-1, 0, 1)
    assert (axis.clipped(0.0), axis.clipped(0.5), axis.clipped(1.0)) == (axis.low, 0.5, axis.high)


@pytest.mark.parametrize("top", [0.003, 0.31, 0.5, 0.88, 1.0, 7.2, 1035.6])
@pytest.mark.parametrize("bottom", [0.0, 0.4, 0.9])
def test_a_scale_is_round_and_holds_every_interval(top: float, bottom: float) -> None:
    axis = linear("lpips", [(bottom * top, bottom * top), (0.95 * top, top)])
    assert axis.low <= bottom * top < top <= axis.high
    assert axis.low >= -0.02 * axis.high
    assert 3 <= len(axis.ticks) <= 9
    for value, label in axis.ticks:
        assert float(label) == pytest.approx(value, rel=1e-3)
        assert axis.low <= value <= axis.high


def test_what_is_negative_keeps_its_scale() -> None:
    axis = linear("x", same(-4.0, 2.0))
    assert axis.low < -4
    assert axis.ticks[0][1].startswith(text.MINUS)


def test_shares_stay_between_nothing_and_all() -> None:
    axis = shares("x", same(0.0, 1.0))
    assert (axis.low, axis.high) == (-0.02, 1.02)
    assert [label for _, label in axis.ticks] == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    assert shares("x", same(0.97, 1.0)).high == 1.02


@pytest.mark.parametrize(("low", "high"), [(1e-5, 4.0), (0.003, 0.0031), (0.5, 0.5), (1e-5, 1e-5), (2.0, 9000.0)])
def test_times_span_a_decade_and_are_named(low: float, high: float) -> None:
    axis = times(same(low, high))
    assert axis.low < low <= high < axis.high
    assert axis.high / axis.low >= 10
    assert len(axis.ticks) >= 2
    assert [label for _, label in axis.ticks] == [text.duration(value) for value, _ in axis.ticks]


def test_places_on_scales() -> None:
    assert Axis("x", 0, 4, ()).share(1) == 0.25
    assert Axis("x", 0.01, 100, (), log=True).share(1) == pytest.approx(0.5)
