"""Pre-activation networks, by numbers of parameters that are known, and by what a block without a branch lets pass."""

import torch
from torch import nn

from bench.classifiers.preactivation import Block, Form, preact_resnet18, wide_resnet


def parameters(net: nn.Module) -> int:
    return sum(one.numel() for one in net.parameters())


def test_sizes() -> None:
    """Wide ResNets: Zagoruyko & Komodakis 2016, table 4, to every parameter as public code has them."""
    with torch.device("meta"):
        assert parameters(wide_resnet(28, 10, 10, Form())) == 36_479_194
        assert parameters(wide_resnet(34, 10, 10, Form())) == 46_160_474
        net = preact_resnet18(10, Form(norm_last=False))
        assert parameters(net) == 11_171_146
        assert net(torch.rand(2, 3, 32, 32)).shape == (2, 10)


def test_with_its_branch_silenced_a_block_gives_back_what_came_in() -> None:
    block, x = Block(4, 4, 1, Form()).eval(), torch.rand(1, 4, 8, 8)
    assert block.shortcut is None
    nn.init.zeros_(block.conv2.weight)  # type: ignore[arg-type]
    assert torch.equal(block(x), x)


def test_a_shortcut_sees_the_activated_input_or_the_input() -> None:
    x = -torch.rand(1, 2, 4, 4)
    for activated in (True, False):
        block = Block(2, 3, 1, Form(activated=activated)).eval()
        nn.init.zeros_(block.conv2.weight)  # type: ignore[arg-type]
        assert bool((block(x) == 0).all()) is activated  # of negative numbers ReLU leaves nothing
