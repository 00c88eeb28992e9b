"""The discriminator of 2016a: does an image look like a photograph? Two outputs, real and generated."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TABLE = ((32, 7, 4), (64, 5, 1), (128, 3, 2), (256, 3, 1), (256, 3, 2))  # channels, kernel, stride
PUBLISHED_SIDE = 128  # images of so many pixels, and published ones of 227, have the published first stride
FC_WIDTH = 256
DROPOUT = 0.5
REAL, GENERATED = 0, 1


class Discriminator(nn.Module):
    """Five convolutions with ReLU (maps of 32, 32, 16, 16, 8 px), average pooling, two fully connected layers.

    The published maps are unpadded, of 56, 52, 25, 23 and 11 px. The first stride, 4, is shortened for smaller images,
    so that they keep maps of their sizes: 1 at 32 px, 2 at 64 px.

    Args:
        factor: channels are ``factor`` times the published ones.
        size: side of the images in pixels.
    """

    def __init__(self, factor: float = 1.0, size: int = 32) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        c_in = 3
        for k, (channels, kernel, published) in enumerate(TABLE):
            c_out = round(channels * factor)
            stride = max(1, published * size // PUBLISHED_SIDE) if k == 0 else published
            layers += [nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2), nn.ReLU(inplace=True)]
            c_in = c_out
        self.convolutions = nn.Sequential(*layers)
        hidden = round(FC_WIDTH * factor)
        self.widths = (c_in, hidden)
        self.fc6, self.fc7 = nn.Linear(c_in, hidden), nn.Linear(hidden, 2)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def masks(self, rows: int, noise: torch.Generator) -> tuple[Tensor, ...]:
        """Which units of either fully connected layer see their input: (rows, width) bool each, on the CPU.

        The generator is the step's own, so that a resumed training drops the very same units.
        """
        return tuple(torch.rand(rows, width, generator=noise) >= DROPOUT for width in self.widths)

    def forward(self, images: Tensor, masks: Sequence[Tensor]) -> Tensor:
        """Images (N, 3, H, W) in [0, 1] and ``masks`` of N rows to scores (N, 2), ``REAL`` and ``GENERATED``."""
        h = self.convolutions(2 * images - 1).mean((2, 3))
        h = F.relu(self.fc6(drop(h, masks[0])))
        return self.fc7(drop(h, masks[1]))  # type: ignore[no-any-return]


def drop(h: Tensor, kept: Tensor) -> Tensor:
    """Dropout of (N, F) by a mask (N, F)."""
    return h * kept / (1 - DROPOUT)
