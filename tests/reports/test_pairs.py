from __future__ import annotations

import numpy as np

from bench.metrics.bootstrap import paired_difference
from bench.metrics.catalogue import KID_SUBSET_SIZE, KID_SUBSETS
from reports.pairs import MIN_PAIRS, over_images, over_subsets

N = 2_500


def test_images_are_bootstrapped_and_few_are_refused() -> None:
    a, b = np.random.default_rng(0).random((2, MIN_PAIRS))
    assert over_images(a, b) == paired_difference(a, b)
    assert over_images(a[1:], b[1:]) is None


def test_subsets_that_share_images_cover_the_truth_as_often_as_they_say() -> None:
    """Means over subsets of images with a true difference of 0: the interval leaves 0 out in 5 % of all trials."""
    rng = np.random.default_rng(0)
    zero = np.zeros(KID_SUBSETS)
    out = bootstrapped_out = 0
    for _ in range(400):
        images = rng.normal(0, 1, N)
        means = np.array([rng.choice(images, KID_SUBSET_SIZE, replace=False).mean() for _ in range(KID_SUBSETS)])
        found = over_subsets(means, zero, N)
        assert found is not None
        out += not found[1] <= 0 <= found[2]
        mean, error = means.mean(), means.std() / KID_SUBSETS**0.5
        bootstrapped_out += abs(mean) > 2 * error
    assert 8 <= out <= 36  # 20 expected
    assert bootstrapped_out > 200  # as if the subsets shared nothing


def test_subsets_of_no_more_images_than_a_subset_decide_nothing() -> None:
    values = np.random.default_rng(0).random(KID_SUBSETS)
    assert over_subsets(values, values * 0, KID_SUBSET_SIZE) is None
    assert over_subsets(values[: MIN_PAIRS - 1], values[: MIN_PAIRS - 1] * 0, N) is None
