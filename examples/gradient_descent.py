"""A complete inverter plugin: gradient descent in image space on the distance between logits.

Try it without installing anything:

    bench run --method examples/gradient_descent.py:GradientDescent --classifier resnet152 --num-images 100

To install it under its name, register it in your own package's pyproject.toml:

    [project.entry-points."bench.inverters"]
    gradient-descent = "your_package.gradient_descent:GradientDescent"
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from bench import Inverter
from bench.seeding import sample_noise

BATCH = 25  # images a pass; always as many, because rounding follows from the size of a batch and descents amplify it


class GradientDescent(Inverter):
    """Start from grey noise, follow the normalised gradient of the logit distance for 50 steps."""

    name = "gradient-descent"
    access = "white-box"  # target.network is there
    stochastic = True  # the start depends on the seed

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """(N, K) logits to (N, 3, H, W) images in [0, 1]."""
        start = 0.5 + 0.05 * sample_noise(seeds, 3, *self.target.image_size).to(logits.device)
        missing = -len(seeds) % BATCH  # rows that fill the last batch, and are thrown away
        logits, start = (torch.cat([rows, rows[:1].expand(missing, *rows.shape[1:])]) for rows in (logits, start))
        batches = zip(torch.split(logits, BATCH), torch.split(start, BATCH), strict=True)
        return torch.cat([self._descend(z, x) for z, x in batches])[: len(seeds)]

    def _descend(self, z: Tensor, x: Tensor) -> Tensor:
        """One batch: 50 steps from ``x`` towards images with the logits ``z``."""
        assert self.target.network is not None
        for _ in range(50):
            x.requires_grad_()
            distance = (self.target.network(x) - z).square().sum()
            (gradient,) = torch.autograd.grad(distance, x)
            step = gradient / gradient.flatten(1).norm(dim=1).clamp_min(1e-12)[:, None, None, None]
            x = (x - 0.5 * step).detach().clamp(0, 1)
        return x
