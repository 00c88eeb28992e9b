"""What a competent user writes by hand: float32, the classifier as it is, the whole batch through every step.

This is the yardstick of ``tests/benchmarks/optimization.py`` and stays as it was first written.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def mahendran_vedaldi(
    network: nn.Module,
    logits: Tensor,
    start: Tensor,
    rates: Sequence[float],
    lambda_tv: float,
    lambda_alpha: float,
    shifts: Tensor | None = None,
) -> Tensor:
    """Gradient descent with momentum 0.9 on logit loss, TV^2 and alpha-norm; ``shifts`` is (steps, N, 2) or None."""
    x = start.clone()
    velocity = torch.zeros_like(x)
    for step, rate in enumerate(rates):
        x.requires_grad_()
        seen = x if shifts is None else rolled(x, shifts[step])
        loss = mahendran_vedaldi_loss(network(seen), logits, x, lambda_tv, lambda_alpha)
        (gradient,) = torch.autograd.grad(loss.sum(), x)
        if step > 0 and rate != rates[step - 1]:
            velocity = torch.zeros_like(velocity)
        velocity = 0.9 * velocity - rate * gradient
        x = (x.detach() + velocity).clamp(0, 1)
    return x


def mahendran_vedaldi_loss(outputs: Tensor, logits: Tensor, x: Tensor, lambda_tv: float, lambda_alpha: float) -> Tensor:
    """(N,) losses."""
    distance = (outputs - logits).pow(2).sum(1) / logits.pow(2).sum(1)
    across = (x[:, :, :, 1:] - x[:, :, :, :-1]).pow(2).sum((1, 2, 3))
    down = (x[:, :, 1:] - x[:, :, :-1]).pow(2).sum((1, 2, 3))
    return distance + lambda_tv * (across + down) + lambda_alpha * (x - 0.5).pow(6).sum((1, 2, 3))


def rolled(x: Tensor, shifts: Tensor) -> Tensor:
    """Each image shifted cyclically by its own (rows, columns)."""
    images = [torch.roll(image, tuple(shift), (1, 2)) for image, shift in zip(x, shifts.tolist(), strict=True)]
    return torch.stack(images)


def engstrom(network: nn.Module, logits: Tensor, start: Tensor, step_size: float, steps: int) -> Tensor:
    """Steps of constant L2 length along the gradient of the relative logit distance."""
    x = start.clone()
    for _ in range(steps):
        x.requires_grad_()
        loss = engstrom_loss(network(x), logits)
        (gradient,) = torch.autograd.grad(loss.sum(), x)
        norm = gradient.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
        x = (x.detach() - step_size * gradient / (norm + 1e-10)).clamp(0, 1)
    return x


def engstrom_loss(outputs: Tensor, logits: Tensor) -> Tensor:
    """(N,) losses."""
    loss: Tensor = (outputs - logits).norm(dim=1) / logits.norm(dim=1)
    return loss
