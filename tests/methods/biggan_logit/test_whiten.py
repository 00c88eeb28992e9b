"""Whitened training logits: identity covariance, the scale of the standardised ones, no direction blown up."""

import pytest
import torch

from bench.inverters.standardise import Standardise
from bench.training.inverters import MANTISSA as KEPT
from bench.weights.files import rounded
from methods.biggan_logit.whiten import FLOOR, MANTISSA, Whiten


def fitted(logits: torch.Tensor) -> Whiten:
    whiten = Whiten(logits.shape[1])
    whiten.fit(logits)
    return whiten


def correlated(k: int = 6) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    mixing = torch.eye(k) + 0.3 * torch.randn(k, k, generator=generator)
    return 4 * torch.randn(5_000, k, generator=generator) @ mixing + 2


def test_training_logits_come_out_with_covariance_identity_over_k() -> None:
    logits = correlated()
    found = fitted(logits)(logits)
    torch.testing.assert_close(torch.cov(found.T), torch.eye(6) / 6, atol=0.01 / 6, rtol=0)
    plain = Standardise(6)
    plain.fit(logits)
    assert (torch.cov(plain(logits).T) - torch.eye(6) / 6).abs().max() > 0.2 / 6  # there was something to do


def test_uncorrelated_logits_come_out_as_standardised_ones() -> None:
    logits = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]) * torch.tensor([3.0, 0.5]) + 7
    plain = Standardise(2)
    plain.fit(logits)
    torch.testing.assert_close(fitted(logits)(logits), plain(logits) * (4 / 3) ** 0.5, rtol=0.01, atol=0)


def test_a_direction_without_variance_is_not_blown_up_and_the_scale_stays() -> None:
    logits = correlated()
    logits = torch.cat([logits, logits.sum(1, keepdim=True)], 1)  # the seventh says nothing new
    whiten = fitted(logits)
    found = whiten(logits)
    assert found.square().sum(1).mean().item() == pytest.approx(1, rel=0.02)
    largest = torch.linalg.eigvalsh(whiten.matrix.double())[-1].item()
    assert largest == pytest.approx((7 / 6 / FLOOR) ** 0.5, rel=0.05)  # 1/7 of the variance's share is given back


def test_what_trains_is_what_the_weight_file_keeps() -> None:
    assert MANTISSA == KEPT
    for name, buffer in fitted(correlated()).state_dict().items():
        torch.testing.assert_close(rounded(buffer, KEPT).float(), buffer, rtol=0, atol=0, msg=name)


def test_it_never_computes_in_bfloat16() -> None:
    logits = correlated()
    whiten = fitted(logits)
    with torch.autocast("cpu", torch.bfloat16):
        found = whiten(logits)
    assert torch.equal(found, whiten(logits))
