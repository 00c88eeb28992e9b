"""The discriminator of 2016a: does an image look like a photograph? Two outputs, real and generated."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TABLE = ((32, 7, 1), (64, 5, 1), (128, 3, 2), (256, 3, 1), (256, 3, 2))  # channels, kernel, stride
FC_WIDTH = 256
DROPOUT = 0.5
REAL, GENERATED = 0, 1


class Discriminator(nn.Module):
    """Five convolutions with ReLU (maps of 32, 32, 16, 16, 8 px), average pooling, two fully connected layers.

    The published first stride is 4 and the published maps are unpadded, of 56, 52, 25, 23 and 11 px.

    Args:
        factor: channels are ``factor`` times the published ones.
    """

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        c_in = 3
        for channels, kernel, stride in TABLE:
            c_out = round(channels * factor)
            layers += [nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2), nn.ReLU(inplace=True)]
            c_in = c_out
        self.convolutions = nn.Sequential(*layers)
        hidden = round(FC_WIDTH * factor)
        self.fc6, self.fc7 = nn.Linear(c_in, hidden), nn.Linear(hidden, 2)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, images: Tensor, noise: torch.Generator) -> Tensor:
        """Images (N, 3, 32, 32) in [0, 1] to two scores (N, 2), ``REAL`` and ``GENERATED``; noise drops units."""
        h = self.convolutions(2 * images - 1).mean((2, 3))
        h = F.relu(self.fc6(drop(h, noise)))
        return self.fc7(drop(h, noise))  # type: ignore[no-any-return]


def drop(h: Tensor, noise: torch.Generator) -> Tensor:
    """Dropout of (N, F) with a generator of its own, so that a resumed training drops the very same units."""
    kept = torch.rand(h.shape, generator=noise) >= DROPOUT
    return h * kept.to(h.device) / (1 - DROPOUT)
