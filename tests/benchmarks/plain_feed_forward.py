"""What a competent user writes by hand to invert logits with a trained generator: float32, contiguous, in batches.

This is the yardstick of ``tests/benchmarks/feed_forward.py``. The modules are written out, as bench's own were when
this file was written, so that nothing that makes those faster later reaches these; the names are those of the weight
file.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NOISE_DIM, WIDTHS = 120, 4  # noise, and three blocks of four times ch


class PlainNorm(nn.Module):
    """Batch normalisation whose scale and shift are MLPs of the logits."""

    def __init__(self, channels: int, num_logits: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.gamma = nn.Sequential(nn.Linear(num_logits, hidden), nn.ReLU(), nn.Linear(hidden, channels))
        self.beta = nn.Sequential(nn.Linear(num_logits, hidden), nn.ReLU(), nn.Linear(hidden, channels))

    def forward(self, y: Tensor, z: Tensor) -> Tensor:
        """(N, C, H, W) and (N, K) to (N, C, H, W)."""
        gamma, beta = 1 + self.gamma(z), self.beta(z)
        return torch.addcmul(beta[:, :, None, None], self.norm(y), gamma[:, :, None, None])


class PlainBlock(nn.Module):
    """BigGAN's residual block that doubles the side."""

    def __init__(self, channels: int, num_logits: int, hidden: int) -> None:
        super().__init__()
        self.bn1 = PlainNorm(channels, num_logits, hidden)
        self.bn2 = PlainNorm(channels, num_logits, hidden)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.shortcut = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """(N, C, H, W) and (N, K) to (N, C, 2H, 2W)."""
        h = self.conv1(F.interpolate(F.relu(self.bn1(x, z)), scale_factor=2))
        h = self.conv2(F.relu(self.bn2(h, z)))
        out: Tensor = h + F.interpolate(self.shortcut(x), scale_factor=2)
        return out


class PlainStandardise(nn.Module):
    """Logits less their mean, over their standard deviation, scaled to a mean squared norm of 1."""

    mean: Tensor
    std: Tensor

    def __init__(self, num_logits: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(num_logits))
        self.register_buffer("std", torch.ones(num_logits))

    def forward(self, logits: Tensor) -> Tensor:
        """(N, K) to (N, K)."""
        scaled: Tensor = (logits - self.mean) / self.std / logits.shape[1] ** 0.5
        return scaled


class PlainGenerator(nn.Module):
    """Logits and noise to 32x32 images."""

    def __init__(self, num_logits: int, channels: int, hidden: int) -> None:
        super().__init__()
        self.width = WIDTHS * channels
        self.standardise = PlainStandardise(num_logits)
        self.linear = nn.Linear(NOISE_DIM, self.width * 4 * 4)
        self.blocks = nn.ModuleList(PlainBlock(self.width, num_logits, hidden) for _ in range(3))
        self.bn = PlainNorm(self.width, num_logits, hidden)
        self.conv = nn.Conv2d(self.width, 3, 3, padding=1)

    def forward(self, logits: Tensor, eps: Tensor) -> Tensor:
        """Logits (N, K) and noise (N, 120) to images (N, 3, 32, 32) in [0, 1]."""
        z = 10**0.5 * self.standardise(logits)
        h = self.linear(eps).view(-1, self.width, 4, 4)
        for block in self.blocks:
            h = block(h, z)
        x = torch.tanh(self.conv(F.relu(self.bn(h, z))))
        return (x + 1) / 2


@torch.inference_mode()
def invert(generator: PlainGenerator, logits: Tensor, eps: Tensor, batch: int = 250) -> Tensor:
    """Logits (N, K) and noise (N, 120) to stored images (N, 32, 32, 3) uint8, in batches."""
    parts = []
    for start in range(0, len(logits), batch):
        images = generator(logits[start : start + batch], eps[start : start + batch])
        parts.append((images.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous())
    return torch.cat(parts)
