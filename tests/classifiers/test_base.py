"""What every shipped classifier does to images before its first layer."""

import pytest
import torch
import torch.nn.functional as F

from bench.classifiers.resnet import ThinResNet152
from bench.classifiers.vgg import JudgeVGG


@pytest.mark.parametrize("build", [ThinResNet152, JudgeVGG])
def test_images_of_its_own_size_are_normalised_alone(build: type[ThinResNet152 | JudgeVGG]) -> None:
    network, images = build().eval(), torch.rand(2, 3, 32, 32)
    assert torch.equal(network.prepare(images), (images - network.mean) / network.std)


@pytest.mark.parametrize("side", [20, 64, 224])
def test_images_of_another_size_are_resized_within(side: int) -> None:
    torch.manual_seed(0)
    network, images = JudgeVGG().eval(), torch.rand(2, 3, side, side, requires_grad=True)
    seen = network.prepare(images) * network.std + network.mean
    expected = F.interpolate(images, (32, 32), mode="bicubic", align_corners=False, antialias=True)
    assert seen.shape == (2, 3, 32, 32)
    assert torch.allclose(seen, expected, atol=1e-6)
    logits = network(images)
    assert logits.shape == (2, 10)
    (gradient,) = torch.autograd.grad(logits.square().sum(), images)
    assert (gradient != 0).float().mean() > 0.9  # antialiased: every pixel counts
