"""How the logits enter: batch normalisation whose affine part is an MLP of z; and the initialisation of G and D."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConditionalBatchNorm(nn.Module):
    """y' = gamma(z) * (y - mean) / std + beta(z), gamma and beta two-layer MLPs of z, per layer and channel.

    Teterwak et al. 2021, section 3. In training mean and std are the batch's over all units of the channel; in
    evaluation they are the stored ones, so that an image never depends on its neighbours.
    """

    def __init__(self, channels: int, num_logits: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.gamma = nn.Sequential(nn.Linear(num_logits, hidden), nn.ReLU(), nn.Linear(hidden, channels))
        self.beta = nn.Sequential(nn.Linear(num_logits, hidden), nn.ReLU(), nn.Linear(hidden, channels))

    def forward(self, y: Tensor, z: Tensor) -> Tensor:
        """y (N, C, H, W) and z (N, K) to (N, C, H, W); in evaluation without gradients y makes room for the result."""
        gamma = (1 + self.gamma(z))[:, :, None, None]
        beta = self.beta(z)[:, :, None, None]
        if self.training:
            return torch.addcmul(beta, self.norm(y), gamma)
        mean, var = self.norm.running_mean, self.norm.running_var
        assert mean is not None
        assert var is not None
        scale = gamma * torch.rsqrt(var + self.norm.eps)[:, None, None]  # constants: one pass over y is enough
        shift = beta - mean[:, None, None] * scale
        room = None if torch.is_grad_enabled() else y
        return torch.addcmul(shift.to(y.dtype), y, scale.to(y.dtype), out=room)


def orthogonal_(module: nn.Module) -> None:
    """Orthogonal initialisation of every convolution and linear layer, biases zero (Brock et al. 2019)."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.orthogonal_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def spectral_norm_(module: nn.Module, skip: type[nn.Module] | None = None) -> None:
    """Divide the weight of each convolution and linear layer by its largest singular value (Miyato et al. 2018).

    Layers inside a module of type ``skip`` keep their weights as they are.
    """
    for child in module.children():
        if skip is not None and isinstance(child, skip):
            continue
        if isinstance(child, nn.Conv2d | nn.Linear):
            nn.utils.parametrizations.spectral_norm(child, eps=1e-6)
        else:
            spectral_norm_(child, skip)


def upsample(x: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C, 2H, 2W), nearest neighbour."""
    return F.interpolate(x, scale_factor=2, mode="nearest")


def add_upsampled_(x: Tensor, small: Tensor) -> Tensor:
    """``x + upsample(small)`` in x's memory: (N, C, 2H, 2W) and (N, C, H, W) to (N, C, 2H, 2W)."""
    if torch.is_grad_enabled():
        return x.add_(upsample(small))  # has the faster gradient
    n, channels, height, width = small.shape
    x.view(n, channels, height, 2, width, 2).add_(small[:, :, :, None, :, None])
    return x


def upsample_conv(x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """``conv(upsample(x))`` for a 3x3 convolution with padding 1: (N, C, H, W) to (N, c_out, 2H, 2W).

    Each pixel meets itself two by two times, so that the two are one transposed convolution of stride 2 (cf. Shi et al.
    2016, "Is the deconvolution layer the same as a convolutional layer?"), whose kernel is ``upsampling_kernel``'s.
    """
    return F.conv_transpose2d(x, kernel, bias, stride=2, padding=1)


def upsampling_kernel(weight: Tensor) -> Tensor:
    """The 3x3 kernel summed over 2x2 shifts, 4 products where there were 9: (c_out, C, 3, 3) to (C, c_out, 4, 4)."""
    rows = F.pad(weight, (1, 1, 1, 1))  # (c_out, C, 5, 5)
    rows = rows[:, :, 1:] + rows[:, :, :-1]
    return (rows[..., 1:] + rows[..., :-1]).flip(2, 3).transpose(0, 1).contiguous()


def narrow_conv(x: Tensor, taps: Tensor, bias: Tensor | None) -> Tensor:
    """A 3x3 convolution with padding 1 to a few channels: (N, C, H, W) to (N, c_out, H, W), channels last.

    Kernels for wide convolutions fill their registers with output channels, and three do not fill them. Here one matrix
    product with the matrix of ``taps_of`` gives what a pixel adds to each of its neighbours; nine shifted sums follow.
    """
    n, channels, height, width = x.shape
    products = (x.permute(0, 2, 3, 1).reshape(-1, channels) @ taps).view(n, height, width, 3, 3, -1)
    out = products.new_zeros(n, height + 2, width + 2, products.shape[-1])
    if bias is not None:
        out += bias
    for i, j in itertools.product(range(3), range(3)):
        out[:, 2 - i : 2 - i + height, 2 - j : 2 - j + width] += products[:, :, :, i, j]
    return out[:, 1:-1, 1:-1].permute(0, 3, 1, 2)


def taps_of(weight: Tensor) -> Tensor:
    """The weight of a 3x3 convolution as ``narrow_conv`` takes it: (c_out, C, 3, 3) to (C, 9 c_out)."""
    return weight.permute(1, 2, 3, 0).flatten(1).contiguous()
