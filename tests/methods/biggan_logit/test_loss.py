"""Both losses by hand."""

import pytest
import torch

from methods.biggan_logit.loss import discriminator_loss, generator_loss


def test_losses_equal_hand_computed_values() -> None:
    real, fake = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 0.25])
    # max(-1, fake) = (-1, 0.25); min(1, real) = (1, 0.5); differences (-2, -0.25)
    assert discriminator_loss(real, fake).item() == pytest.approx(-1.125)
    assert generator_loss(fake).item() == pytest.approx(1.375)
