"""What metrics are given: what they need, arrays that may be missing, what several share, cards of families."""

import numpy as np
import pytest

from bench.cards import MetricCard
from bench.errors import MetricError
from bench.metrics.base import JUDGE, MIN_SET_IMAGES, TARGET, Array, Arrays, Data, ExtractorMetric, Metric, Needs, both
from bench.metrics.extractors import extractors
from bench.store.record import Score


def test_networks_are_named_once_and_the_target_is_no_extractor() -> None:
    needs = Needs(logits=("target", "judge"), features=("judge", "inception"), networks=("lpips_alex", "inception"))
    assert needs.target
    assert needs.extractors == ("judge", "inception", "lpips_alex")
    assert not Needs(features=("judge",)).target


def test_arrays_are_filled_by_rows_and_one_that_is_missing_says_why() -> None:
    arrays, name = Arrays(5), ("x",)
    assert name not in arrays
    for start, stop in ((0, 3), (3, 5)):
        arrays.put(name, slice(start, stop), np.arange(start, stop, dtype=np.float32)[:, None] * [1, 2])
    assert name in arrays
    assert arrays[name].tolist() == [[k, 2 * k] for k in range(5)]
    arrays.miss([name, ("y",)], "it broke")
    for gone in (name, ("y",)):
        assert gone not in arrays
        with pytest.raises(MetricError, match="it broke"):
            arrays[gone]
    arrays.put(name, slice(0, 5), np.zeros((5, 2)))  # what failed once stays missing
    assert name not in arrays


def data(labels: bool = True) -> Data:
    arrays = Arrays(3)
    for side in both(TARGET, "logits"):
        arrays.put(side, slice(0, 3), np.eye(3))
    for side, width in zip(both(JUDGE, "logits"), (4, 5), strict=True):
        arrays.put(side, slice(0, 3), np.zeros((3, width)))
    for side, value in zip(both("e", "features"), (1.0, 2.0), strict=True):
        arrays.put(side, slice(0, 3), np.full((3, 2), value))
    return Data(arrays, np.arange(3) if labels else None, stochastic=False)


def test_logits_and_features_come_as_pairs_of_both_sides() -> None:
    z, z_hat = data().logits(TARGET)
    assert np.array_equal(z, z_hat)
    a, b = data().features("e")
    assert (a.max(), b.max()) == (1, 2)
    with pytest.raises(MetricError, match=r"stored logits have the shape \(3, 4\) and the classifier gives \(3, 5\)"):
        data().logits(JUDGE)


def test_what_needs_labels_says_where_there_are_none() -> None:
    assert data().need_labels().tolist() == [0, 1, 2]
    with pytest.raises(MetricError, match="These images carry no labels"):
        data(labels=False).need_labels()


def test_what_several_share_is_made_once() -> None:
    one, made = data(), []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [one.once("ranks", make), one.once("ranks", make), one.once("other", make)] == [1, 1, 2]


class Looked(Metric):
    card = MetricCard("looked", "looked", "what was looked at", None, "image")
    undefined = "nothing was there"


def test_a_metrics_values_are_by_default_what_it_looked_at() -> None:
    one = data()
    one.arrays.put(("looked",), slice(0, 3), np.array([1, np.nan, 3], np.float32))
    found = Looked().compute(one)
    assert not isinstance(found, float | Score | np.ndarray)
    assert (found.values.dtype.name, found.undefined) == ("float64", "nothing was there")
    np.testing.assert_array_equal(found.values, [1, np.nan, 3])


class Shift(ExtractorMetric):
    """By how much the features' means differ."""

    prefix = "shift"
    facts = MetricCard("", "shift", "difference of the means of {about}", False, "set", citation=("one",))

    def between(self, a: Array, b: Array) -> Score:
        return Score(float(b.mean() - a.mean()))


def test_a_family_has_a_card_for_each_extractor() -> None:
    extractor = extractors()["efficientnet_lite0"]
    card = Shift(extractor.name, headline=4, roles=("distance",)).card
    assert (card.key, card.title) == ("shift_efficientnet_lite0", f"shift {extractor.title}")
    assert card.definition == f"difference of the means of {extractor.about}"
    assert (card.extractor, card.headline, card.roles) == ("efficientnet_lite0", 4, ("distance",))
    assert card.citation == ("one", *extractor.citation)
    assert Shift("e").needs == Needs(features=("e",))
    assert Shift.least_images == MIN_SET_IMAGES


def test_a_score_of_a_set_has_its_number_and_a_mark_where_the_target_is_the_extractor() -> None:
    one = data()
    assert Shift("e").compute(one) == Score(1.0, n=3)
    one.twins = frozenset({"e"})
    assert "this same network" in str(Shift("e").compute(one).note)
