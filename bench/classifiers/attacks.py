"""L-infinity attacks on a classifier of [0, 1] images: the training's single step and the evaluation's PGD."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def input_gradient(classifier: nn.Module, images: Tensor, labels: Tensor, autocast: bool) -> Tensor:
    """Gradient of the summed cross-entropy with respect to the images, (N, 3, H, W)."""
    images = images.detach().requires_grad_()
    with torch.autocast(images.device.type, torch.bfloat16, enabled=autocast):
        logits = classifier(images)
    loss = F.cross_entropy(logits.to(images.dtype), labels, reduction="sum")
    return torch.autograd.grad(loss, images)[0]


def noise_fgsm(
    classifier: nn.Module, images: Tensor, labels: Tensor, epsilon: float, noise: Tensor, *, autocast: bool = True
) -> Tensor:
    """N-FGSM (de Jorge et al. 2022, algorithm 1): one signed step from a noisy image, not clipped to the ball.

    Args:
        classifier: in the mode in which it is trained.
        images: (N, 3, H, W) in [0, 1].
        labels: (N,) int64.
        epsilon: step size alpha = epsilon, in units of [0, 1] images.
        noise: (N, 3, H, W) uniform in [-2 epsilon, 2 epsilon], the paper's k = 2.
        autocast: the gradient in bfloat16.
    """
    noisy = images + noise
    gradient = input_gradient(classifier, noisy, labels, autocast)
    return noisy + epsilon * gradient.sign()


def pgd(
    classifier: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    epsilon: float = 8 / 255,
    step_size: float = 2 / 255,
    steps: int = 20,
    generator: torch.Generator | None = None,
    autocast: bool = False,
) -> Tensor:
    """Projected gradient descent (Madry et al. 2018) in the L-infinity ball, from a uniform random start.

    Args:
        classifier: frozen, in evaluation mode.
        images: (N, 3, H, W) in [0, 1].
        labels: (N,) int64 true classes.
        epsilon: radius of the ball.
        step_size: signed step.
        steps: their number.
        generator: of the random start.
        autocast: gradients in bfloat16; the attack stays in its ball whatever the precision.

    Returns:
        Adversarial images (N, 3, H, W) in [0, 1], at most ``epsilon`` from the originals.
    """
    start = torch.rand(images.shape, generator=generator, device="cpu").to(images.device)
    x = (images + (2 * start - 1) * epsilon).clamp(0, 1)
    for _ in range(steps):
        x = x + step_size * input_gradient(classifier, x, labels, autocast).sign()
        x = torch.minimum(torch.maximum(x, images - epsilon), images + epsilon).clamp(0, 1)
    return x.detach()
