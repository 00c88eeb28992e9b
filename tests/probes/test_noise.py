from itertools import combinations

import numpy as np
import pytest
import torch

from bench.metrics.extractors.lpips_alex import load_lpips
from bench.metrics.lpips import lpips_distance
from bench.probes.noise import DRAWS, draws
from bench.seeding import sample_seeds, seed_of
from tests.probes.conftest import RunProbe


@pytest.mark.networks
def test_diversity_of_a_coin_is_the_share_of_unequal_pairs(run: RunProbe) -> None:
    found = run("noise", "Coin", "linear")
    black, white = torch.zeros(1, 3, 32, 32), torch.ones(1, 3, 32, 32)
    apart = float(lpips_distance(load_lpips(), black, white))
    ids = found.column("draw 1", "image_id").tolist()
    tosses = np.array(draws(sample_seeds(0, ids))) % 2  # (8, N)
    unequal = np.mean([a != b for a, b in combinations(tosses, 2)], axis=0)
    np.testing.assert_allclose(found.column("all", "diversity"), unequal * apart, atol=1e-6)
    assert 0 < unequal.mean() < 1
    for key in ("class_judge_draws", "class_target_draws"):  # both networks put black and white into different classes
        np.testing.assert_allclose(found.column("all", key), 1 - unequal)
    for k in range(DRAWS):
        np.testing.assert_array_equal(found.column(f"draw {k + 1}", "luminance"), tosses[k])


def test_the_first_two_draws_are_those_of_bench_run() -> None:
    seeds = sample_seeds(3, ["a", "b"])
    found = draws(seeds)
    assert found[0] == seeds
    assert found[1] == [seed_of("second draw", seed) for seed in seeds]
    assert len({tuple(draw) for draw in found}) == DRAWS == 8


@pytest.mark.networks
def test_the_grid_has_the_original_at_its_top_left(run: RunProbe) -> None:
    found = run("noise", "Coin", "tiles")
    assert found.pictures.shape == (4, 9, 32, 32, 3)
    assert found.captions["columns"][:2] == ["original", "draw 1"]
    original = np.load(next(found.folder.parents[2].glob("originals.npy")))
    assert (found.pictures[:, 0] == original[:4]).all()


@pytest.mark.networks
def test_a_deterministic_inverter_is_measured_and_named(run: RunProbe) -> None:
    score = run("noise", "Decode", "tiles").record.metrics["diversity"]
    assert score.value == 0
    assert "deterministic" in (score.note or "")
    assert "deterministic" not in (run("noise", "Coin", "tiles").record.metrics["diversity"].note or "")


@pytest.mark.networks
def test_features_take_the_place_of_logits(run: RunProbe) -> None:
    found = run("noise", "Features", "judge")
    assert found.value("draw 1", "luminance") == pytest.approx(found.value("draw 2", "luminance"))
    assert found.column("draw 1", "luminance").std() > 0
