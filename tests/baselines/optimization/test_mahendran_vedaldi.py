"""``mahendran-vedaldi``: constants by the stated arithmetic, the same priors at any size, what a stronger one does."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from baselines.optimization.mahendran_vedaldi import MahendranVedaldi, Settings
from baselines.optimization.objectives import alpha_norm, total_variation
from tests.baselines.optimization.small import Small, target


def test_the_published_constants_at_32_pixels() -> None:
    method = MahendranVedaldi(target("paper"), Settings(lambda_tv=100, lambda_alpha=8e-10, eta=0.004))
    assert method.tv == pytest.approx(0.004428, rel=1e-3)
    assert method.alpha == pytest.approx(0.007537, rel=1e-3)
    stages = [(0.8976, 100), (0.08976, 200), (0.008976, 100)]
    assert method.plan.rates == pytest.approx([rate for rate, count in stages for _ in range(count)], rel=1e-3)


def test_the_published_constants_at_their_own_size() -> None:
    """At 227 pixels only the units change: x = 255 y."""
    method = MahendranVedaldi(target(side=227), Settings(lambda_tv=100, lambda_alpha=8e-10, eta=0.004))
    torch.manual_seed(0)
    y = torch.rand(1, 3, 9, 9) - 0.5
    published = 50 * total_variation(255 * y.double()) / 27_098.116**2
    assert (method.tv * total_variation(y)).item() == pytest.approx(published.item(), rel=1e-5)
    published = 4e-10 * alpha_norm(255 * y.double(), 6) / 27_098.116**2
    assert (method.alpha * alpha_norm(y, 6)).item() == pytest.approx(published.item(), rel=1e-4)


def test_priors_of_one_picture_are_the_same_at_any_size() -> None:
    def picture(side: int) -> Tensor:
        t = (torch.arange(side) + 0.5) / side * 2 * math.pi
        waves = [torch.outer(torch.sin(k * t), torch.cos(t)) / 2 for k in (1, 2, 3)]
        return torch.stack(waves)[None]

    small, large = MahendranVedaldi(target(side=32)), MahendranVedaldi(target(side=128))
    ratio = large.tv * total_variation(picture(128)) / (small.tv * total_variation(picture(32)))
    assert ratio.item() == pytest.approx(1, abs=0.08)  # differences across the border are missing
    ratio = large.alpha * alpha_norm(picture(128), 6) / (small.alpha * alpha_norm(picture(32), 6))
    assert ratio.item() == pytest.approx(1, abs=0.01)


def test_jitter_ends_before_the_last_stage() -> None:
    plan = MahendranVedaldi(target("paper"), Settings(jitter=1)).plan
    assert (plan.jitter, plan.jittered) == (1, 300)


def test_stronger_priors_give_smoother_images() -> None:
    network = Small()
    z = network(torch.rand(3, 3, 32, 32))
    roughness = [
        total_variation(MahendranVedaldi(target(), Settings(lambda_tv=weight)).invert(z, range(3))).mean().item()
        for weight in (0.0, 10.0, 1000.0)
    ]
    assert roughness[0] > 2 * roughness[1] > 4 * roughness[2]
