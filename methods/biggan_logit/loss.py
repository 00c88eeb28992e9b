"""The two losses of Teterwak et al. 2021, section 3: one hinge term each, nothing else."""

from __future__ import annotations

import torch
from torch import Tensor


def discriminator_loss(d_real: Tensor, d_fake: Tensor) -> Tensor:
    """L_D = E[max(-1, D(G(z, eps), z)) - min(1, D(x, z))], from scores (N,).

    It is the usual hinge loss minus 2: 0 where real and fake are not told apart, -2 where they are with margin.
    """
    return (torch.clamp_min(d_fake, -1) - torch.clamp_max(d_real, 1)).mean()


def generator_loss(d_fake: Tensor) -> Tensor:
    """L_G = -E[D(G(z, eps), z)], from scores (N,)."""
    return -d_fake.mean()
