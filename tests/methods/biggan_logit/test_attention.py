"""Self-attention by hand."""

import torch
from torch import nn

from methods.biggan_logit.attention import SelfAttention


def test_attention_starts_as_the_identity_and_then_mixes_positions() -> None:
    """With queries zero all positions weigh the same: the mean over the pooled values is added everywhere."""
    layer, x = SelfAttention(8), torch.randn(2, 8, 4, 4)
    assert torch.equal(layer(x), x)
    nn.init.ones_(layer.gain)
    nn.init.zeros_(layer.theta.weight)
    mean = nn.functional.max_pool2d(layer.g(x), 2).mean((2, 3), keepdim=True)
    torch.testing.assert_close(layer(x), x + layer.o(mean))
