"""The thin ResNet-152: the published block plan, counted."""

import torch
from torch import nn

from bench.classifiers.resnet import Bottleneck, ThinResNet152


def test_152_weighted_layers_in_3_8_36_3_bottlenecks() -> None:
    net = ThinResNet152()
    weighted = [m for name, m in net.named_modules() if isinstance(m, nn.Conv2d | nn.Linear) and "shortcut" not in name]
    assert len(weighted) == 152
    assert sum(isinstance(m, Bottleneck) for m in net.modules()) == 3 + 8 + 36 + 3


def test_stages_work_at_16_8_4_and_2_pixels() -> None:
    net, sides = ThinResNet152().eval(), []
    for block in net.stages:
        block.register_forward_hook(lambda _m, _i, out: sides.append(out.shape[-1]))
    net(torch.rand(1, 3, 32, 32))
    assert sides == [16] * 3 + [8] * 8 + [4] * 36 + [2] * 3


def test_normalises_inside_and_head_of_features_is_the_answer() -> None:
    net, images = ThinResNet152(width=4).eval(), torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(net.head(net.features(images)), net(images))
    assert net.features(images).shape == (2, 32 * 4)
    torch.testing.assert_close(net.prepare(images)[0, 0], (images[0, 0] - 0.4914) / 0.2470)


def test_every_residual_branch_starts_as_zero() -> None:
    torch.manual_seed(0)
    block = Bottleneck(16, 4, 1).eval()
    x = torch.rand(2, 16, 8, 8)
    torch.testing.assert_close(block(x), x)  # relu(x + 0) with x >= 0
