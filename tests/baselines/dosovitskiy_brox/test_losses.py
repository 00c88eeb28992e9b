"""The loss of 2016a on tiny examples by hand, and the balance rule on a script."""

import math

import pytest
import torch

from baselines.dosovitskiy_brox.discriminator import GENERATED, REAL
from baselines.dosovitskiy_brox.losses import (
    Balance,
    adversarial_term,
    discriminator_loss,
    euclidean,
    feature_term,
    image_term,
)


def test_euclidean_is_caffes_where_the_sizes_agree() -> None:
    a, b = torch.randn(4, 3, 5, 5), torch.randn(4, 3, 5, 5)
    caffe = (a - b).square().sum() / (2 * 4)
    torch.testing.assert_close(euclidean(a, b, 3 * 5 * 5), caffe)


def test_image_term_equals_a_hand_computed_value() -> None:
    generated = torch.zeros(1, 3, 1, 2)
    generated[..., 0], generated[..., 1] = 0.1, -0.2
    # mean square 0.025, in grey levels 0.025 * 255^2 = 1625.625; 2e-6 / 2 * 3 * 227^2 = 0.154587
    assert image_term(generated, torch.zeros(1, 3, 1, 2)).item() == pytest.approx(251.3006, rel=1e-5)


def test_image_term_is_2513_times_the_error_over_minus_1_to_1() -> None:
    a, b = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    error = ((2 * a - 1) - (2 * b - 1)).square().mean()
    assert (image_term(a, b) / error).item() == pytest.approx(2513, rel=1e-4)


def test_feature_term_equals_a_hand_computed_value() -> None:
    generated, aim = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    # 0.01 / 2 * 9216 = 46.08; mean square (1 + 4) / 2 = 2.5; RMS 2 makes it four times as large
    assert feature_term(generated, aim, 1.0).item() == pytest.approx(115.2)
    assert feature_term(generated, aim, 2.0).item() == pytest.approx(460.8)


def test_adversarial_term_equals_a_hand_computed_value() -> None:
    scores = torch.tensor([[math.log(3.0), 0.0], [0.0, 0.0]])  # real with probability 3/4 and 1/2
    assert adversarial_term(scores, REAL).item() == pytest.approx(50 * (math.log(4 / 3) + math.log(2)), rel=1e-5)
    assert adversarial_term(scores, GENERATED).item() == pytest.approx(50 * (math.log(4) + math.log(2)), rel=1e-5)


def test_discriminator_loss_wants_real_ones_real_and_generated_ones_generated() -> None:
    sure = torch.tensor([[5.0, -5.0]])
    assert discriminator_loss(sure, -sure).item() == pytest.approx(200 * math.log1p(math.exp(-10)), rel=1e-3)
    assert discriminator_loss(-sure, sure).item() == pytest.approx(200 * (10 + math.log1p(math.exp(-10))), rel=1e-4)


def test_balance_follows_the_script() -> None:
    script = [
        (2.0, True, True),
        (0.11, True, True),  # not below 0.1
        (0.09, False, True),  # D is too good
        (0.3, False, True),
        (0.5, False, True),  # not above 0.5
        (0.51, True, True),
        (10.0, True, True),  # not above 10
        (10.5, True, False),  # D is too bad
        (2.0, True, False),  # G stays paused until D has won
        (0.2, True, False),
        (0.05, False, True),
        (11.0, True, False),  # from one extreme to the other
    ]
    balance = Balance()
    for ratio, train_d, train_g in script:
        balance = balance.after(ratio)
        assert (balance.train_d, balance.train_g) == (train_d, train_g), ratio
