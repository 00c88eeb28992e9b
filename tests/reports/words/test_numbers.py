"""Differences: as many digits as their interval is worth, a sign that always stands, never a zero that is none."""

import pytest

from bench.cards import MetricCard
from reports.words.numbers import MOST, interval, places, plain, signed
from reports.words.text import MINUS

CARD = MetricCard("x", "x", "x", None, "image", digits=2)


@pytest.mark.parametrize(
    ("difference", "low", "high", "digits"),
    [
        (0.5, 0.5, 0.5, 2),  # the metric's own
        (0.0, -0.3, 0.3, 2),
        (0.0, -0.03, 0.03, 3),  # two of the half width
        (0.0, -0.0003, 0.0003, 5),
        (0.15, 0.0004, 0.3, 4),  # one of the inner bound, which else would be a zero
        (-0.15, -0.3, -0.0004, 4),
        (50.0, 40.0, 60.0, 2),
        (1e-9, 0.9e-9, 1.1e-9, MOST),
    ],
)
def test_the_interval_sets_the_digits(difference: float, low: float, high: float, digits: int) -> None:
    assert places(CARD, difference, low, high) == digits


@pytest.mark.parametrize(
    ("value", "shown", "with_sign"),
    [
        (0.125, "0.12", "+0.12"),
        (-0.126, f"{MINUS}0.13", f"{MINUS}0.13"),
        (-0.001, "0.00", "0.00"),
        (0.001, "0.00", "0.00"),
        (0.0, "0.00", "0.00"),
        (10.0, "10.00", "+10.00"),
    ],
)
def test_a_sign_always_stands_but_for_zero(value: float, shown: str, with_sign: str) -> None:
    assert (plain(value, 2), signed(value, 2)) == (shown, with_sign)


def test_bounds_stand_in_brackets() -> None:
    assert interval(-0.25, 0.5, 2) == f"[{MINUS}0.25, +0.50]"
