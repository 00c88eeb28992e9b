"""Networks small enough for tests."""

import torch
from torch import Tensor, nn

from bench.classifiers.base import Classifier


class Small(Classifier):
    """Mean colours of a grid of cells, then one random layer."""

    def __init__(self, seed: int, num_classes: int = 10, cells: int = 2) -> None:
        super().__init__((0.5,) * 3, (0.25,) * 3)
        generator = torch.Generator().manual_seed(seed)
        self.pool = nn.AdaptiveAvgPool2d(cells)
        self.mix = nn.Parameter(torch.randn(3 * cells * cells, 12, generator=generator))
        self.fc = nn.Parameter(torch.randn(12, num_classes, generator=generator))

    def embed(self, normalised: Tensor) -> Tensor:
        cells: Tensor = self.pool(normalised).flatten(1)
        return (cells @ self.mix).tanh()

    def head(self, features: Tensor) -> Tensor:
        return features @ self.fc


class MeanSquare(nn.Module):
    """In place of LPIPS: the mean squared difference."""

    def forward(self, a: Tensor, b: Tensor, normalize: bool) -> Tensor:
        return (a - b).pow(2).mean((1, 2, 3), keepdim=True)
