from itertools import permutations

import numpy as np
import pytest

from bench.metrics.ranks import instance_ranks, within_class_ranks

RNG = np.random.default_rng(0)


def harmonic(n: int) -> float:
    return sum(1 / k for k in range(1, n + 1))


def test_ranks_by_counting() -> None:
    originals = RNG.normal(size=(23, 4)).astype(np.float32)
    reconstructions = (originals + RNG.normal(0, 1.0, size=(23, 4))).astype(np.float32)
    found = instance_ranks(originals, reconstructions, gallery=10)
    for start, stop in ((0, 10), (10, 20), (20, 23)):
        mean = originals[start:stop].astype(np.float64).mean(0)
        for i in range(start, stop):
            q = reconstructions[i] - mean
            cosines = [q @ (o - mean) / np.linalg.norm(q) / np.linalg.norm(o - mean) for o in originals[start:stop]]
            rank = 1 + sum(c > cosines[i - start] for c in cosines)
            assert (found.greater[i] + 1, found.ties[i], found.gallery[i]) == (rank, 0, stop - start)
            assert found.reciprocal()[i] == pytest.approx(1 / rank)
            assert found.recall(5)[i] == (rank <= 5)


def test_ties_are_the_mean_over_their_orders() -> None:
    originals = np.array([[1.0, 0], [1, 0], [1, 0], [-1, 0.5], [-1, -0.5], [-1, 0]])
    found = instance_ranks(originals, np.array([[1.0, 0]] * 6))
    assert list(zip(found.greater.tolist(), found.ties.tolist(), strict=True))[:3] == [(0, 2)] * 3
    places = [order.index(0) + 1 for order in permutations(range(3))]
    assert found.reciprocal()[0] == pytest.approx(np.mean([1 / p for p in places]))
    assert found.recall(1)[0] == pytest.approx(np.mean([p <= 1 for p in places]))
    assert found.recall(5)[0] == 1


def test_originals_find_themselves() -> None:
    originals = RNG.normal(size=(40, 6)).astype(np.float32)
    found = instance_ranks(originals, originals)
    assert found.recall(1).mean() == found.reciprocal().mean() == 1
    twice = np.concatenate([originals, originals])
    assert instance_ranks(twice, twice).recall(1).mean() == 0.5


@pytest.mark.parametrize("answer", [0.0, 1.0])
def test_a_constant_inverter_gets_exactly_chance(answer: float) -> None:
    originals = RNG.normal(size=(50, 6))
    constant = np.full((50, 6), answer) if answer else np.repeat(originals.mean(0, keepdims=True), 50, axis=0)
    found = instance_ranks(originals, constant, gallery=20)
    chance = [20 / 50, 20 / 50, 10 / 50]
    expected = [sum(w * s for w, s in zip(chance, (1 / 20, 1 / 20, 1 / 10), strict=True))]
    assert found.recall(1).mean() == pytest.approx(expected[0])
    assert found.recall(1).mean() == pytest.approx(found.chance_recall(1))
    assert found.recall(5).mean() == pytest.approx(found.chance_recall(5))
    assert found.reciprocal().mean() == pytest.approx(found.chance_reciprocal())


def test_chance_per_gallery() -> None:
    found = instance_ranks(RNG.normal(size=(25, 3)), RNG.normal(size=(25, 3)), gallery=20)
    assert found.chance_recall(1) == pytest.approx((20 / 20 + 5 / 5) / 25)
    assert found.chance_recall(5) == pytest.approx((20 * 5 / 20 + 5 * 1) / 25)
    assert found.chance_reciprocal() == pytest.approx((harmonic(20) + harmonic(5)) / 25)


def test_a_class_only_inverter_gets_chance_within_the_class() -> None:
    labels = np.arange(60) % 3
    centres = RNG.normal(0, 5, size=(3, 8))
    originals = centres[labels] + RNG.normal(size=(60, 8))
    class_only = originals[:3][labels]
    everywhere = instance_ranks(originals, class_only)
    assert everywhere.recall(1).mean() > everywhere.chance_recall(1)
    within = within_class_ranks(originals, class_only, labels, gallery=30)
    assert set(within.gallery.tolist()) == {10}
    assert within.recall(1).mean() == pytest.approx(within.chance_recall(1)) == pytest.approx(0.1)
    assert within.reciprocal().mean() == pytest.approx(within.chance_reciprocal()) == pytest.approx(harmonic(10) / 10)


def test_galleries_do_not_see_one_another() -> None:
    originals, reconstructions = RNG.normal(size=(2, 40, 5))
    whole = instance_ranks(originals, reconstructions, gallery=20)
    prefix = instance_ranks(originals[:20], reconstructions[:20], gallery=20)
    np.testing.assert_array_equal(whole.greater[:20], prefix.greater)


def test_ranks_within_a_class_stay_within_their_block() -> None:
    originals = RNG.normal(size=(23, 4)).astype(np.float32)
    reconstructions = (originals + RNG.normal(0, 1.0, size=(23, 4))).astype(np.float32)
    labels = RNG.integers(0, 2, 23)
    found = within_class_ranks(originals, reconstructions, labels, gallery=10)
    for block in (slice(0, 10), slice(10, 20), slice(20, 23)):
        alone = within_class_ranks(originals[block], reconstructions[block], labels[block], gallery=10)
        assert found.greater[block].tolist() == alone.greater.tolist()
        assert found.gallery[block].tolist() == alone.gallery.tolist()
        assert found.gallery[block].tolist() == [int((labels[block] == label).sum()) for label in labels[block]]
