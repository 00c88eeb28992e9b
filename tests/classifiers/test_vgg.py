"""The judge: no residual connections, features from the last but one layer."""

import torch
from torch import nn

from bench.classifiers.vgg import JudgeVGG


def test_is_a_plain_chain_of_seven_convolutions() -> None:
    net = JudgeVGG()
    assert sum(isinstance(m, nn.Conv2d) for m in net.modules()) == 7
    assert net.features(torch.rand(2, 3, 32, 32)).shape == (2, 192)
    assert net(torch.rand(2, 3, 32, 32)).shape == (2, 10)


def test_an_earlier_layer_set_to_zero_silences_everything_behind_it() -> None:
    """With a shortcut around it, information would pass."""
    net = JudgeVGG().eval()
    group = net.groups[1]
    assert isinstance(group, nn.Sequential)
    assert isinstance(group[0], nn.Conv2d)
    nn.init.zeros_(group[0].weight)
    a, b = net(torch.rand(2, 3, 32, 32))
    torch.testing.assert_close(a, b)
