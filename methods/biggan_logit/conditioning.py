"""How the logits enter: batch normalisation whose affine part is an MLP of z; and the initialisation of G and D."""

from __future__ import annotations

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
        room = None if torch.is_grad_enabled() else y
        return torch.addcmul(beta - mean[:, None, None] * scale, y, scale, out=room)


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
