"""Precision, recall, density and coverage against a plain reference, by hand, for known sets, and in memory."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch_fidelity.metric_prc import calculate_precision_recall_full

from bench.errors import MetricError
from bench.metrics import neighbours, registry
from bench.metrics.base import ExtractorMetric
from bench.metrics.neighbours import METRICS, Coverage, Density, Precision, Recall, squared_radii

Made = tuple[float, float, float, float]


def plain(a: np.ndarray, b: np.ndarray) -> Made:
    """Loops over pairs, straight from Kynkäänniemi et al. 2019 (equations 1 and 2) and Naeem et al. 2020 (4 and 5)."""

    def far(x: np.ndarray, y: np.ndarray) -> float:
        return float(np.sqrt(sum((p - q) ** 2 for p, q in zip(x, y, strict=True))))

    def radius(of: np.ndarray, k: int) -> list[float]:
        return [sorted(far(x, y) for j, y in enumerate(of) if j != i)[k - 1] for i, x in enumerate(of)]

    def inside(x: np.ndarray, centres: np.ndarray, radii: list[float]) -> list[bool]:
        return [far(x, c) <= r for c, r in zip(centres, radii, strict=True)]

    a3, b3, a5 = radius(a, 3), radius(b, 3), radius(a, 5)
    precision = np.mean([any(inside(x, a, a3)) for x in b])
    recall = np.mean([any(inside(x, b, b3)) for x in a])
    density = np.mean([sum(inside(x, a, a5)) / 5 for x in b])
    coverage = np.mean([any(far(x, c) <= r for x in b) for c, r in zip(a, a5, strict=True)])
    return float(precision), float(recall), float(density), float(coverage)


def scores(a: np.ndarray, b: np.ndarray) -> list[float]:
    return [float(metric("judge").between(a, b).value or 0.0) for metric in METRICS]


def draw(n: int, f: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, f)).astype(np.float32)


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.7, 1.0), (0.0, 0.4), (0.3, 1.8)])
@pytest.mark.parametrize("block", [7, 500])
def test_all_four_equal_the_plain_reference(
    shift: float, scale: float, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "BLOCK", block)
    a, b = draw(41, 3, 0), shift + scale * draw(33, 3, 1)
    found = scores(a, b)
    np.testing.assert_allclose(found, plain(a, b), rtol=1e-12)
    assert len(set(found)) > 1


def test_precision_and_recall_equal_torch_fidelitys() -> None:
    a, b = draw(600, 16, 0), 0.2 + 0.8 * draw(500, 16, 1)
    generated, real = (torch.from_numpy(x.astype(np.float64)) for x in (b, a))
    assert scores(a, b)[:2] == pytest.approx(calculate_precision_recall_full(generated, real), abs=1e-6)


def test_a_line_by_hand() -> None:
    """Originals at 0, 1, ..., 7; reconstructions at 0.5 (thrice) and at 100 (thrice)."""
    a, b = np.arange(8.0)[:, None], np.array([0.5] * 3 + [100.0] * 3)[:, None]
    assert squared_radii(a, 3).tolist() == [9, 4, 4, 4, 4, 4, 4, 9]
    precision, recall, density, coverage = scores(a, b)
    assert precision == 0.5
    assert recall == 1.0  # the third other of each reconstruction is 99.5 away: such balls hold all originals
    inside = [0.5 <= 5, 0.5 <= 4, 1.5 <= 3, 2.5 <= 3, 3.5 <= 3, 4.5 <= 3, 5.5 <= 4, 6.5 <= 5]
    assert density == pytest.approx(3 * sum(inside) / 6 / 5)
    assert coverage == sum(inside) / 8


@pytest.mark.parametrize("metric", [Precision, Recall, Coverage])
def test_of_equal_sets_all_is_held_and_of_distant_ones_nothing(metric: Callable[[str], ExtractorMetric]) -> None:
    a = draw(60, 4, 0)
    assert metric("judge").between(a, a).value == 1
    assert metric("judge").between(a, a + 1e3).value == 0


def test_of_one_kind_density_is_about_1_and_of_a_crowd_it_is_more() -> None:
    a = draw(2_000, 8, 0)
    assert Density("judge").between(a, draw(2_000, 8, 1)).value == pytest.approx(1, abs=0.06)
    assert float(Density("judge").between(a, 0.3 * draw(2_000, 8, 1)).value or 0) > 1.5


def test_precision_and_recall_trade_places_with_the_sets() -> None:
    a, b = draw(200, 4, 0), 0.5 * draw(200, 4, 1)
    assert Precision("judge").between(a, b).value == Recall("judge").between(b, a).value
    assert float(Precision("judge").between(a, b).value or 0) > float(Recall("judge").between(a, b).value or 1)


def test_memory_holds_blocks_of_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "BLOCK", 50)
    a, b = draw(3_000, 2, 0), draw(3_000, 2, 1)
    tracemalloc.start()
    try:
        Coverage("judge").between(a, b)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3_000 * 3_000 * 8 / 5


def test_what_has_no_neighbours_or_no_value_is_refused() -> None:
    with pytest.raises(MetricError, match="More than 5 images"):
        Density("judge").between(draw(5, 2, 0), draw(9, 2, 1))
    with pytest.raises(MetricError, match="not finite"):
        Precision("judge").between(draw(9, 2, 0), np.full((9, 2), np.nan))


def test_they_exist_for_every_extractor_where_they_are_asked_for() -> None:
    for name in ("precision", "recall", "density", "coverage"):
        for extractor in ("judge", "inception", "efficientnet_lite0"):
            key = f"{name}_{extractor}"
            assert key in registry.asked_for()
            assert key not in registry.metrics()
            card = registry.cards()[key]
            assert card.extractor == extractor
            assert card.headline is None
            assert (card.lowest, card.highest) == (0, None if name == "density" else 1)
            assert card.citation[0] in ("kynkaanniemi2019improved", "naeem2020reliable")
