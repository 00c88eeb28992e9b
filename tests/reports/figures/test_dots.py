"""Better is to the right, whatever the direction; what lies beyond the scale is a triangle at its end."""

from __future__ import annotations

import re

import pytest

from bench.store.record import Score
from reports.figures.dots import ROOM, Scale, scale, strip

LOW, HIGH = Score(0.2, (0.1, 0.3), 60), Score(0.8, (0.7, 0.9), 60)


def test_the_scale_holds_values_with_their_intervals_and_better_is_right() -> None:
    up, down = scale([LOW, HIGH], higher_is_better=True), scale([LOW, HIGH], higher_is_better=False)
    assert (up, down) == (Scale(0.1, 0.9), Scale(0.9, 0.1))
    assert up is not None
    assert down is not None
    assert up.share(0.1) == down.share(0.9) == ROOM
    assert up.share(0.9) == down.share(0.1) == pytest.approx(1 - ROOM)
    assert scale([Score(None)], higher_is_better=True) is None


def test_one_value_alone_stands_in_the_middle() -> None:
    on = scale([Score(0.5)], higher_is_better=True)
    assert on is not None
    assert (on.at(0.5), on.at(7.0)) == ("50.00%", "50.00%")


def test_a_strip_holds_its_value_interval_floor_and_words() -> None:
    drawn = strip(Scale(0.0, 1.0), Score(0.5, (0.25, 0.75), 60), 0.0, 'a "quoted" <name>')
    assert 'aria-label="a &quot;quoted&quot; &lt;name&gt;"' in drawn
    assert 'role="img"' in drawn
    assert re.search(r'class="strip-floor" x1="5.00%" x2="5.00%"', drawn)
    assert re.search(r'class="strip-range" x1="27.50%" x2="72.50%"', drawn)
    assert '<circle cx="50.00%"' in drawn


def test_without_a_floor_or_an_interval_there_is_no_line_for_it() -> None:
    drawn = strip(Scale(0.0, 1.0), Score(0.5), None, "x")
    assert "strip-floor" not in drawn
    assert "strip-range" not in drawn


@pytest.mark.parametrize(("value", "at"), [(9.0, "100.00%"), (-9.0, "0.00%")])
def test_what_lies_beyond_is_a_triangle_at_the_end(value: float, at: str) -> None:
    drawn = strip(Scale(0.0, 1.0), Score(value, (value - 1, value + 1), 60), 0.5, "x")
    assert f'class="strip-beyond" x="{at}"' in drawn
    assert "<circle" not in drawn
