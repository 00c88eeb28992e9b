"""Full-width ResNets for 32x32 images, by numbers of parameters that are known from public code."""

import pytest
import torch

from bench.classifiers.cifar_resnet import cifar_resnet, renamed


@pytest.mark.parametrize(("depth", "parameters"), [(18, 11_173_962), (50, 23_520_842)])
def test_size_and_shapes(depth: int, parameters: int) -> None:
    with torch.device("meta"):
        net = cifar_resnet(depth, 10).eval()
        assert net(torch.rand(2, 3, 32, 32)).shape == (2, 10)
        stem = torch.nn.Sequential(net.get_submodule("conv1"), net.get_submodule("maxpool"))
        assert stem(torch.rand(1, 3, 32, 32)).shape == (1, 64, 32, 32)
    assert sum(one.numel() for one in net.parameters()) == parameters


def test_names_of_that_code_are_torchvisions() -> None:
    theirs = {"layer2.0.shortcut.0.weight": torch.ones(1), "linear.bias": torch.zeros(1), "conv1.weight": torch.ones(2)}
    assert set(renamed(theirs)) == {"layer2.0.downsample.0.weight", "fc.bias", "conv1.weight"}
