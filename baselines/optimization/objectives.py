"""What is minimised: distances between network outputs and the two priors on images, each a value per image."""

from __future__ import annotations

import torch
from torch import Tensor


def squared_distance(outputs: Tensor, targets: Tensor) -> Tensor:
    """norm(Phi - Phi_0)^2 / norm(Phi_0)^2 (Mahendran & Vedaldi 2015, "Balancing the different terms").

    Args:
        outputs: (n, K) Phi of the images.
        targets: (n, K) Phi_0.

    Returns:
        (n,), at least 0.
    """
    missed: Tensor = (outputs - targets).square().sum(1)
    return missed / targets.square().sum(1).clamp_min(1e-12)


def distance(outputs: Tensor, targets: Tensor) -> Tensor:
    """norm(R(x) - R(t)) / norm(R(t)) (Engstrom et al. 2019), shapes as above; of logits it is the ``logit_error``."""
    missed: Tensor = torch.linalg.vector_norm(outputs - targets, dim=1)
    length: Tensor = torch.linalg.vector_norm(targets, dim=1)
    return missed / length.clamp_min(1e-6)


def total_variation(images: Tensor, beta: float = 2.0) -> Tensor:
    """Sum over pixels and colours of ((x[i, j+1] - x[i, j])^2 + (x[i+1, j] - x[i, j])^2)^(beta / 2).

    Mahendran & Vedaldi 2015, "Regularisers"; differences across the border are 0, as in their code.

    Args:
        images: (n, 3, H, W).
        beta: 2 gives the quadratic norm, 1 the isotropic total variation.

    Returns:
        (n,), at least 0.
    """
    across = torch.diff(images, dim=3, append=images[..., -1:])
    down = torch.diff(images, dim=2, append=images[..., -1:, :])
    squares = across.square() + down.square()
    if beta != 2:
        squares = squares.clamp_min(1e-10).pow(beta / 2)  # the root has no gradient at 0
    return squares.sum((1, 2, 3))


def alpha_norm(images: Tensor, alpha: float) -> Tensor:
    """Sum over pixels and colours of abs(x)^alpha (Mahendran & Vedaldi 2015): (n, 3, H, W) to (n,)."""
    return images.square().pow(alpha / 2).sum((1, 2, 3))  # whole powers are cheap
