"""The judges: no residual connections, features from the last but one layer."""

import pytest
import torch
from torch import nn

from bench.classifiers.base import Classifier
from bench.classifiers.providers.zoo import ZOO

JUDGES = {"judge": (10, 192), "judge-tiny-imagenet": (200, 448)}  # logits and features


@pytest.mark.parametrize("name", JUDGES)
def test_is_a_plain_chain_of_seven_convolutions(name: str) -> None:
    net, (logits, features) = ZOO[name].build(), JUDGES[name]
    assert sum(isinstance(m, nn.Conv2d) for m in net.modules()) == 7
    images = torch.rand(2, 3, net.input_size, net.input_size)
    assert net.features(images).shape == (2, features)
    assert net(images).shape == (2, logits)


@pytest.mark.parametrize("name", JUDGES)
def test_an_earlier_layer_set_to_zero_silences_everything_behind_it(name: str) -> None:
    """With a shortcut around it, information would pass."""
    net = ZOO[name].build().eval()
    nn.init.zeros_(first(net).weight)
    a, b = net(torch.rand(2, 3, net.input_size, net.input_size))
    torch.testing.assert_close(a, b)


def first(net: Classifier) -> nn.Conv2d:
    """Of the second group."""
    groups = net.groups
    assert isinstance(groups, nn.Sequential)
    group = groups[1]
    assert isinstance(group, nn.Sequential)
    assert isinstance(group[0], nn.Conv2d)
    return group[0]


def test_every_judge_is_marked_as_one() -> None:
    assert {name for name, one in ZOO.items() if not one.target} == set(JUDGES)
