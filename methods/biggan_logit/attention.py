"""Self-attention over the positions of a feature map (Zhang et al. 2019, as Brock et al. 2019 use it)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """x + gain * o(attended g(x)); keys and values at half the side, ``gain`` learned from 0.

    Args:
        channels: C, a multiple of 8; queries and keys have C / 8 channels, values C / 2.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.theta = nn.Conv2d(channels, channels // 8, 1, bias=False)
        self.phi = nn.Conv2d(channels, channels // 8, 1, bias=False)
        self.g = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.o = nn.Conv2d(channels // 2, channels, 1, bias=False)
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        queries = self.theta(x).flatten(2)  # (N, C/8, HW)
        keys = F.max_pool2d(self.phi(x), 2).flatten(2)  # (N, C/8, HW/4)
        values = F.max_pool2d(self.g(x), 2).flatten(2)  # (N, C/2, HW/4)
        weights = F.softmax(torch.bmm(queries.transpose(1, 2), keys), 2)  # (N, HW, HW/4)
        attended = torch.bmm(values, weights.transpose(1, 2).to(values.dtype))  # (N, C/2, HW)
        out: Tensor = self.o(attended.view(len(x), -1, *x.shape[2:]).contiguous(memory_format=torch.channels_last))
        return x + self.gain * out
