"""What a competent user writes by hand to invert logits with a trained generator: float32, contiguous, in batches.

This is the yardstick of ``tests/benchmarks/feed_forward.py`` and stays as it was first written.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from methods.biggan_logit.generator import SCALE, Generator


class PlainGenerator(Generator):
    """The same modules and weights; activations stay contiguous, as convolutions have them by default."""

    def forward(self, logits: Tensor, eps: Tensor) -> Tensor:
        """Logits (N, K) and noise (N, 120) to images (N, 3, 32, 32) in [0, 1]."""
        z = SCALE * self.standardise(logits)
        h = self.linear(eps).view(-1, self.width, 4, 4)
        for block in self.blocks:
            h = block(h, z)
        x = torch.tanh(self.conv(F.relu(self.bn(h, z))))
        return (x + 1) / 2


@torch.inference_mode()
def invert(generator: Generator, logits: Tensor, eps: Tensor, batch: int = 250) -> Tensor:
    """Logits (N, K) and noise (N, 120) to stored images (N, 32, 32, 3) uint8, in batches."""
    parts = []
    for start in range(0, len(logits), batch):
        images = generator(logits[start : start + batch], eps[start : start + batch])
        parts.append((images.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous())
    return torch.cat(parts)
