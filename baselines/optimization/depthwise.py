"""Depthwise convolutions with a stride, whose gradient in bfloat16 the CPU's kernels take ten times too long for."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Sides = tuple[int, int]
SLOW = torch.bfloat16  # the type whose kernels are


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sides = 1,
    padding: str | int | Sides = 0,
    dilation: int | Sides = 1,
    groups: int = 1,
) -> Tensor:
    """``F.conv2d`` with frozen weights; a strided depthwise one in bfloat16 has a faster gradient in its input.

    That gradient is a convolution without a stride over the output's gradient, its places spread apart.
    """
    if isinstance(padding, str) or weight.dtype != SLOW or weight.requires_grad:
        return F.conv2d(x, weight, bias, stride, padding, dilation, groups)
    steps, pads = _sides(stride), _sides(padding)
    depthwise = groups == x.shape[-3] == len(weight) > 1
    fits = _sides(dilation) == (1, 1) and all(pad < side for pad, side in zip(pads, weight.shape[2:], strict=True))
    if steps == (1, 1) or x.ndim != 4 or not (depthwise and fits):
        return F.conv2d(x, weight, bias, stride, padding, dilation, groups)
    found: Tensor = _StridedDepthwise.apply(x, weight, bias, steps, pads)
    return found


def _sides(value: int | Sides) -> Sides:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


class _StridedDepthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: Sides, padding: Sides) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.shape, ctx.dtype, ctx.stride, ctx.padding = x.shape, x.dtype, stride, padding
        return F.conv2d(x, weight, bias, stride, padding, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        (weight,) = ctx.saved_tensors
        n, channels, *sides = ctx.shape
        kernel = weight.shape[2:]
        height, width = (side + size - 1 for side, size in zip(sides, kernel, strict=True))
        spread = torch.empty(
            (n, channels, height, width),
            dtype=gradient.dtype,
            device=gradient.device,
            memory_format=torch.channels_last,
        ).zero_()
        (y, x), (down, right) = (size - 1 - pad for size, pad in zip(kernel, ctx.padding, strict=True)), ctx.stride
        spread[:, :, y::down, x::right][:, :, : gradient.shape[2], : gradient.shape[3]] = gradient
        turned = weight.to(gradient.dtype).flip(2, 3)
        return F.conv2d(spread, turned, groups=channels).to(ctx.dtype), None, None, None, None
