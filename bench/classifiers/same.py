"""TensorFlow's padding ``SAME``: an odd pixel goes to the right and the bottom, which no layer of PyTorch expresses."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


def same_pad(x: Tensor, kernel: int, stride: int, value: float = 0.0) -> Tensor:
    """(N, C, H, W) with as much around it as a window of that size and stride needs to give H / stride rows."""
    sides = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in (x.shape[3], x.shape[2])]
    return F.pad(x, [part for side in sides for part in (side // 2, side - side // 2)], value=value)


class SameConv(nn.Conv2d):
    """Convolution with the padding ``SAME``."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1, bias: bool = True) -> None:
        own = kernel // 2 if stride == 1 else 0
        super().__init__(c_in, c_out, kernel, stride, padding=own, groups=groups, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """(N, c_in, H, W) to (N, c_out, H / stride, W / stride)."""
        stride = self.stride[0]
        return super().forward(x if stride == 1 else same_pad(x, self.kernel_size[0], stride))


class SameMaxPool(nn.Module):
    """Maxima of 3x3 pixels at stride 2."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H / 2, W / 2)."""
        return F.max_pool2d(same_pad(x, 3, 2, float("-inf")), 3, 2)
