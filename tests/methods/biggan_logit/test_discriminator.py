"""The discriminator: parameters of the published tables, the paper's projection, pooling with its gradient."""

import pytest
import torch
import torch.nn.functional as F

from methods.biggan_logit.discriminator import Discriminator, halved
from tests.methods.biggan_logit.small import count


def test_discriminator_at_ch_64_has_the_published_parameters_less_one_bias() -> None:
    """BigGAN-PyTorch: 4,207,361 for 10 classes; our w1 has no bias, as the paper's formula has none."""
    assert count(Discriminator(10, channels=64)) == 4_207_361 - 1


def test_discriminator_is_the_projection_of_the_paper() -> None:
    d, images, z = Discriminator(5, channels=2), torch.rand(3, 3, 32, 32), torch.randn(3, 5)
    d.standardise.fit(torch.randn(100, 5) * 4 + 1)
    psi = d.psi(images)
    w = d.w1.weight + d.standardise(z) @ d.W2.weight.T  # (3, n_d)
    torch.testing.assert_close(d(images, z), (w * psi).sum(1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_halved_is_average_pooling_with_its_gradient(dtype: torch.dtype) -> None:
    x = torch.randn(3, 5, 8, 6).to(dtype).to(memory_format=torch.channels_last)
    weight = torch.randn(3, 5, 4, 3).to(dtype)
    ours, theirs = (x.clone().requires_grad_() for _ in range(2))
    (halved(ours) * weight).sum().backward()  # type: ignore[no-untyped-call]
    (F.avg_pool2d(theirs, 2) * weight).sum().backward()  # type: ignore[no-untyped-call]
    assert torch.equal(halved(x), F.avg_pool2d(x, 2))
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.equal(ours.grad, theirs.grad)
