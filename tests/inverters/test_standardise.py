"""Standardised logits: what they sum to, and that a constant logit does no harm."""

import pytest
import torch

from bench.inverters.standardise import Standardise


def test_standardised_logits_have_mean_squared_norm_one() -> None:
    z = torch.randn(5_000, 20) * torch.arange(1, 21) + 3
    layer = Standardise(20)
    layer.fit(z)
    assert layer(z).square().sum(1).mean().item() == pytest.approx(1, abs=0.01)


def test_a_constant_logit_stays_finite() -> None:
    z = torch.cat([torch.full((100, 1), 7.0), torch.randn(100, 1)], 1)
    layer = Standardise(2)
    layer.fit(z)
    assert layer(z)[:, 0].abs().max().item() == 0


def test_what_was_fitted_goes_with_the_weights() -> None:
    layer, other = Standardise(3), Standardise(3)
    layer.fit(torch.tensor([[0.0, 1, 2], [2, 5, -2]]))
    other.load_state_dict(layer.state_dict())
    assert sorted(layer.state_dict()) == ["mean", "std"]
    assert torch.equal(other(torch.ones(1, 3)), layer(torch.ones(1, 3)))
