"""The thin Inception-v3: at full width it has the published network's size, and the block plan is the published one."""

import pytest
import torch
from torch import nn

from bench.classifiers.inception import ThinInceptionV3
from bench.classifiers.train import kept


def test_full_width_has_the_parameters_of_the_published_network() -> None:
    """torchvision's inception_v3 without auxiliary head has 23,834,568; 990 of 1,000 classes are left out here."""
    with torch.device("meta"):
        net = ThinInceptionV3(width=1)
    assert sum(p.numel() for p in net.parameters()) == 23_834_568 - 990 * (2048 + 1)


def test_blocks_have_the_published_channels_at_16_8_and_4_pixels() -> None:
    net, seen = ThinInceptionV3(width=1).eval(), []
    blocks = [*net.a, net.b, *net.c, net.d, *net.e]
    for block in blocks:
        block.register_forward_hook(lambda _m, _i, out: seen.append((out.shape[1], out.shape[2])))
    with torch.inference_mode():
        net(torch.rand(1, 3, 32, 32))
    assert seen == [(256, 16), (288, 16), (288, 16)] + [(768, 8)] * 5 + [(1280, 4)] + [(2048, 4)] * 2


def test_the_auxiliary_head_is_there_in_training_alone() -> None:
    plain, net = ThinInceptionV3(), ThinInceptionV3().for_training()
    images = torch.rand(2, 3, 32, 32)
    logits, auxiliary = net.training_logits(images)
    assert logits.shape == auxiliary.shape == (2, 10)
    plain.load_state_dict(kept(net.state_dict(), plain))  # strict: nothing more, nothing less
    torch.testing.assert_close(plain.eval()(images), net.eval()(images))
    with pytest.raises(RuntimeError, match="for_training"):
        plain.training_logits(images)


def test_7x7_convolutions_are_factorised_in_all_four_blocks_c() -> None:
    net = ThinInceptionV3()
    for block in net.c:
        kernels = [m.kernel_size for m in block.modules() if isinstance(m, nn.Conv2d)]
        assert sorted(kernels) == sorted([(1, 1)] * 4 + [(1, 7)] * 3 + [(7, 1)] * 3)
