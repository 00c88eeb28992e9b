"""Batch normalisation whose statistics are those of the whole batch, however many processes share it."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


class SynchronisedBatchNorm2d(nn.BatchNorm2d):
    """``nn.BatchNorm2d`` over the rows of all processes, on any device; gradients flow through the sums.

    PyTorch's own ``nn.SyncBatchNorm`` does the same on GPUs only, and there each of its layers makes the CPU wait.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same; in evaluation mode the stored statistics are used, as ever."""
        if not self.training:
            return super().forward(x)
        wide = x.float() if x.dtype == torch.bfloat16 else x
        count = x.numel() // x.shape[1] * dist.get_world_size()  # shares are equal
        mean = _sum(wide.sum((0, 2, 3))) / count
        centred = wide - mean[:, None, None]
        variance = _sum(centred.square().sum((0, 2, 3))) / count
        self._remember(mean.detach(), variance.detach() * count / (count - 1))
        y = centred * torch.rsqrt(variance + self.eps)[:, None, None]
        if self.affine:
            y = torch.addcmul(self.bias[:, None, None], y, self.weight[:, None, None])
        return y.to(x.dtype)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        weight = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), weight)
        self.running_var.lerp_(variance.to(self.running_var.dtype), weight)


class _Sum(torch.autograd.Function):
    """The sum over all processes; each process's loss depends on it, so the gradient is summed over them likewise."""

    @staticmethod
    def forward(_: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        dist.all_reduce(total)
        return total


def _sum(values: Tensor) -> Tensor:
    return cast(Tensor, _Sum.apply(values))


def synchronise_statistics(network: Module) -> Module:
    """The same network, its names and weights unchanged, with every 2-d batch normalisation over all processes."""
    for module in network.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SynchronisedBatchNorm2d
    return network
