"""What a card says of small differences, and what it says of a metric that nobody knows."""

import pytest

from bench.cards import LAST, MetricCard, unknown


@pytest.mark.parametrize(("resolution", "n", "least"), [("1/n", 40, 0.025), (1e-4, 40, 1e-4), (0.5, 2_500, 0.5)])
def test_the_least_difference_is_one_image_of_n_or_the_same_for_all_n(resolution: float, n: int, least: float) -> None:
    assert MetricCard("x", "x", "x", None, "image", resolution=resolution).least(n) == least


def test_a_metric_that_nobody_knows_goes_by_its_key_and_has_no_direction() -> None:
    card = unknown("wobble")
    assert (card.key, card.title, card.higher_is_better, card.headline, card.place) == (
        "wobble",
        "wobble",
        None,
        None,
        LAST,
    )
    assert (card.roles, card.extractor) == ((), None)
