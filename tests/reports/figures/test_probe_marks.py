"""What a plot is made of: ranges that belong to a measure, every number in words, a legend without repeats."""

from __future__ import annotations

import pytest

from bench.cards import MetricCard
from reports.figures.probe_marks import Mark, Panel, Style, Trace, legend_of, limits

PLAIN = MetricCard("x", "x", "x", None, "image")
SHARE = MetricCard("x", "x", "x", None, "image", share=True)
DISTANCE = MetricCard("x", "x", "x", None, "image", reads_distance=True)
OPEN = (None, None)


@pytest.mark.parametrize(
    ("card", "values", "expected"),
    [
        (SHARE, [0.2, 0.9], (-0.03, 1.03)),
        (SHARE, [0.2, 1.1], (-0.03, 1.13)),
        (SHARE, [-0.2, 0.5], (-0.23, 1.03)),
        (DISTANCE, [0.5, 2.0], (-0.06, 2.12)),
        (DISTANCE, [-0.1, 2.0], OPEN),
        (DISTANCE, [0.0, 0.0], (-0.03, 1.0)),
        (PLAIN, [0.2, 0.9], OPEN),
        (SHARE, [], OPEN),
    ],
)
def test_shares_stand_from_0_to_1_distances_from_0_and_others_where_they_are(
    card: MetricCard, values: list[float], expected: tuple[float | None, float | None]
) -> None:
    assert limits(card, values) == pytest.approx(expected)


def trace(label: str, colour: int, *words: str) -> Trace:
    return Trace(label, Style(colour, 0), tuple(Mark(0, 0, words=one) for one in words))


def test_a_plot_says_every_number_in_words() -> None:
    panel = Panel("p", (trace("a", 0, "0.1", "0.2"), trace("b", 1, "0.3")))
    assert panel.description == "a: 0.1, 0.2; b: 0.3"


def test_a_legend_has_every_trace_once_in_the_order_of_the_panels() -> None:
    panels = [Panel("p", (trace("b", 1), trace("a", 0))), Panel("q", (trace("a", 0), trace("a", 2)))]
    assert legend_of(panels) == (("b", Style(1, 0)), ("a", Style(0, 0)), ("a", Style(2, 0)))
