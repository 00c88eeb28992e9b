"""What a card says of small differences, and what it says of a metric that nobody knows."""

import math

import pytest

from bench.cards import LAST, MetricCard, unknown
from bench.probes.measures import known
from studies.docs import committed, ours


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


EVERY = {key: one.card for key, one in (ours.always() | ours.on_request()).items()} | known()


@pytest.mark.parametrize("card", EVERY.values(), ids=lambda card: card.key)
def test_every_metric_has_a_formula_and_says_what_is_good(card: MetricCard) -> None:
    assert card.formula
    assert card.good.endswith(".")
    assert card.question or card in known().values()


def test_every_committed_score_lies_between_the_ends_of_its_card() -> None:
    bounded = 0
    for record in committed.cells():
        for key, score in record.metrics.items():
            card = EVERY[key]
            if score.value is None:
                continue
            assert score.value >= (card.lowest if card.lowest is not None else -math.inf) - 1e-6, key
            assert score.value <= (card.highest if card.highest is not None else math.inf) + 1e-6, key
            bounded += card.lowest is not None
    assert bounded > 1_000


def test_the_ceiling_is_the_highest_value_where_there_is_one() -> None:
    """What the original itself scores; the judge and the label are two opinions about it."""
    for key, card in EVERY.items():
        found = committed.worth("ceiling", key)
        if found and card.higher_is_better and key != "reid_label_judge":
            assert card.highest == pytest.approx(min(found)) == pytest.approx(max(found)), key
