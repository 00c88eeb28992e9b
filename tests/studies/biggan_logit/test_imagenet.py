"""The ImageNet recipes: a tiny dry run, the arithmetic of its estimate, and the late start of the average."""

from dataclasses import replace

import pytest
import torch

from bench.errors import UsageError
from bench.training.engine import Engine
from methods.biggan_logit.generator import effective_state
from methods.biggan_logit.train import Adversaries
from studies.biggan_logit.imagenet import BY_SIZE, GPUS, Cost, Sample, SyntheticPairs, dry_run, main

TINY = replace(BY_SIZE[64], channels=8, hidden=8)


def test_recipes_are_the_published_ones() -> None:
    for size, channels in ((64, 64), (128, 96)):
        recipe = BY_SIZE[size]
        assert (recipe.channels, recipe.batch, recipe.d_steps) == (channels, 2_048, 2)
        assert (recipe.lr_g, recipe.lr_d, recipe.ema_decay, recipe.ema_start) == (5e-5, 2e-4, 0.9999, 20_000)
        assert recipe.batch % GPUS == 0


@pytest.mark.networks
def test_a_tiny_dry_run_counts_what_can_be_counted_otherwise() -> None:
    cost = dry_run(TINY, 64, 2, Engine(), num_logits=5)
    assert (cost.small.images, cost.large.images) == (2, 4)
    task = Adversaries(replace(TINY, batch=1), Engine(), SyntheticPairs(64, Engine(), 5))
    parameters = sum(p.numel() for p in (*task.g.parameters(), *task.d.parameters()))
    assert sum(cost.parameters) == parameters
    assert cost.fixed["weights"] == cost.fixed["gradients"] == 4 * parameters
    assert cost.fixed["optimiser"] == pytest.approx(2 * cost.fixed["weights"], rel=0.01)  # and a step number each
    assert cost.large.flops == pytest.approx(2 * cost.small.flops, rel=0.01)
    assert cost.activations > 64 * 64 * 2 * 2 * 8 * 2  # more than G's last layer alone, 2 ch at full size in bfloat16
    assert min(cost.large.seconds, cost.large.peak) > 0


def test_the_estimate_follows_its_formula() -> None:
    """1e12 FLOPs and 4 MiB an image: 2,048 images on 8 GPUs at 1e14 FLOP/s take 2.56 s, 250,000 of them 7.4 days."""
    small = Sample(1, 1.0, 10**12, 5 * 2**20, 0)
    large = Sample(3, 2.0, 3 * 10**12, 13 * 2**20, 2**30)
    cost = Cost(BY_SIZE[128], 128, (1_000, 10), {"weights": 2**30}, small, large)
    assert cost.flops(2_048) == 2_048e12
    found = cost.report(1e14, "cpu")
    assert "250,000 x 2.56 s = 7.4 days" in found
    assert "1.00 GiB + 256 images x 4.0 MiB = 2.0 GiB a GPU" in found
    assert "1.50 images/s, 1.500e+12 FLOP/s" in found
    assert "that is not measured" in found
    measured = cost.report(None, "cuda")  # 1.5e12 FLOP/s
    assert "250,000 x 170.67 s = 493.8 days" in measured
    assert "not measured" not in measured


def test_without_dry_run_it_says_what_is_missing() -> None:
    with pytest.raises(UsageError, match="only --dry-run runs"):
        main(["--size", "64"])
    with pytest.raises(UsageError, match="at least 2 images, got --batch 1"):
        main(["--size", "64", "--dry-run", "--device", "cpu", "--batch", "1"])


def test_before_its_start_the_average_follows_the_weights_closely() -> None:
    task = Adversaries(replace(TINY, batch=2, ema_start=100), Engine(), SyntheticPairs(64, Engine(), 5))
    task.step(0)
    before = {name: value.clone() for name, value in task.average.average.items()}
    task.step(50)
    name = "blocks.0.conv1.weight"
    expected = torch.lerp(before[name], effective_state(task.g)[name], 0.9)  # 1 - 1/10, the decay of a first step
    torch.testing.assert_close(task.average.average[name], expected)
