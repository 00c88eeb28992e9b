"""The straight path from noise to an image: its points, its velocity, the times at which it is learnt, the loss."""

from __future__ import annotations

import torch
from torch import Tensor


def point(noise: Tensor, images: Tensor, t: Tensor) -> Tensor:
    """x_t = (1 - t) x_0 + t x_1 of noise x_0 and images x_1, (N, 3, H, W) each, at times (N,)."""
    return torch.lerp(noise, images, t[:, None, None, None])


def loss(velocity: Tensor, noise: Tensor, images: Tensor) -> Tensor:
    """|v - (x_1 - x_0)|^2 as a mean over all values: its minimum is the mean velocity of all paths through a point.

    Conditional flow matching (Lipman et al. 2023, equation 9), rectified flow (Liu et al. 2023, equation 1).
    """
    return (velocity - (images - noise)).square().mean()


def logit_normal(count: int, generator: torch.Generator) -> Tensor:
    """Times (count,) in (0, 1) whose logits are standard normal (Esser et al. 2024, equation 19): mostly the middle."""
    return torch.randn(count, generator=generator).sigmoid()
