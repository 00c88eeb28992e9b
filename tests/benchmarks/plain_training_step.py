"""What a competent user writes by hand to train the logit-conditioned BigGAN: float32, plain modules, a plain loop.

This is the yardstick of ``tests/benchmarks/training_step.py`` and stays as it was first written: the blocks of G
compute as bench's own did then (upsampling, then a convolution), whatever those do later. The modules, the two losses,
the order of the steps and the number of passes are those of the recipe: the same fakes serve both steps, D sees real
and fake images in one pass, and stands still while G moves.
"""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from methods.biggan_logit.discriminator import Discriminator
from methods.biggan_logit.generator import Generator, effective_state
from methods.biggan_logit.loss import discriminator_loss, generator_loss


def block(module: nn.Module, x: Tensor, z: Tensor) -> Tensor:
    """A block of G, step by step: x (N, C, H, W) and z (N, K) to (N, C, 2H, 2W)."""
    h = module.conv1(F.interpolate(F.relu(module.bn1(x, z)), scale_factor=2))  # type: ignore[operator]
    h = module.conv2(F.relu(module.bn2(h, z)))  # type: ignore[operator]
    out: Tensor = h + F.interpolate(module.shortcut(x), scale_factor=2)  # type: ignore[operator]
    return out


class PlainTraining:
    """Both networks with their optimisers and the averaged G.

    Args:
        g, d: spectrally normalised, in training mode.
        lr_g, lr_d: Adam(0, 0.999) rates.
        decay: of the average of G's weights, after its warm-up.
    """

    def __init__(self, g: Generator, d: Discriminator, lr_g: float, lr_d: float, decay: float) -> None:
        self.g, self.d, self.decay = g, d, decay
        for module in g.blocks:
            module.forward = partial(block, module)
        self.g_optimizer = torch.optim.Adam(g.parameters(), lr=lr_g, betas=(0.0, 0.999))
        self.d_optimizer = torch.optim.Adam(d.parameters(), lr=lr_d, betas=(0.0, 0.999))
        self.average = {name: value.detach().clone() for name, value in effective_state(g).items()}

    def step(self, step: int, images: Tensor, z: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
        """One D step and one G step.

        Args:
            step: its number, for the warm-up of the average.
            images: (N, 3, 32, 32) in [0, 1].
            z: (N, K) their logits.
            eps: (N, 120) noise.

        Returns:
            The losses of D and G.
        """
        fakes = self.g(z, eps)
        scores = self.d(torch.cat([images, fakes.detach()]), torch.cat([z, z]))
        d_real, d_fake = scores.chunk(2)
        loss_d = discriminator_loss(d_real, d_fake)
        self.d_optimizer.zero_grad()
        loss_d.backward()  # type: ignore[no-untyped-call]
        self.d_optimizer.step()

        self.d.requires_grad_(False)
        loss_g = generator_loss(self.d(fakes, z))
        self.g_optimizer.zero_grad()
        loss_g.backward()  # type: ignore[no-untyped-call]
        self.g_optimizer.step()
        self.d.requires_grad_(True)
        self.follow(step)
        return loss_d.detach(), loss_g.detach()

    @torch.no_grad()
    def follow(self, step: int) -> None:
        """Move the average towards G's weights, one after the other."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in effective_state(self.g).items():
            if value.is_floating_point():
                self.average[name].mul_(decay).add_(value, alpha=1 - decay)
            else:
                self.average[name].copy_(value)
