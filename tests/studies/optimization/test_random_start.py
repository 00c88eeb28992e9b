"""How far a reconstruction depends on its start: what is averaged over what."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench.datasets.base import Pixels
from studies.optimization import random_start
from studies.optimization.study import lpips


def pixels(seed: int, n: int = 3) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)


def study(runs: list[Pixels]) -> Any:
    return SimpleNamespace(originals=pixels(9), reconstruct=lambda make, seed: runs[seed])


@pytest.mark.networks
def test_equal_answers_do_not_depend_on_the_start() -> None:
    found = random_start.measure(study([pixels(0)] * 3), 3)
    assert found["starts"].tolist() == [0, 0, 0]
    assert (found["images"] > 0.01).all()


@pytest.mark.networks
def test_distances_are_averaged_over_pairs_of_starts() -> None:
    """Two equal runs and another one: two of three pairs differ, each by the same."""
    a, b = pixels(0), pixels(1)
    found = random_start.measure(study([a, a, b]), 3)
    assert found["starts"] == pytest.approx(lpips(a, b) * 2 / 3)
    assert found["originals"] == pytest.approx(lpips(pixels(9), np.roll(pixels(9), -1, axis=0)))
    assert found["original"] == pytest.approx((2 * lpips(pixels(9), a) + lpips(pixels(9), b)) / 3)
