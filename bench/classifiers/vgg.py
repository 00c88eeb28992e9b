"""The judges: small VGG-style networks (Simonyan & Zisserman 2015) without residual connections.

Three groups of 3x3 convolutions with batch normalisation and max pooling, as in the fast CIFAR networks of
Jordan 2024 ("94% on CIFAR-10 in 3.29 seconds"). They are trained apart from every target and are never one.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from bench.classifiers.base import CIFAR10_MEAN, CIFAR10_STD, IMAGENET_MEAN, IMAGENET_STD, Classifier


def _group(c_in: int, c_out: int) -> nn.Sequential:
    """Convolution, pooling, convolution: halves the resolution."""
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, 3, padding=1, bias=False),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(c_out),
        nn.GELU(),
        nn.Conv2d(c_out, c_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(c_out),
        nn.GELU(),
    )


class JudgeVGG(Classifier):
    """32 px: seven convolutions and one fully connected layer; penultimate features of ``widths[-1]`` dimensions."""

    def __init__(self, widths: tuple[int, int, int] = (48, 128, 192), num_classes: int = 10) -> None:
        super().__init__(CIFAR10_MEAN, CIFAR10_STD)
        self.stem = nn.Conv2d(3, 24, 2, bias=True)  # (N, 24, 31, 31)
        self.groups = nn.Sequential(
            _group(24, widths[0]), _group(widths[0], widths[1]), _group(widths[1], widths[2]), nn.MaxPool2d(3)
        )
        self.fc = nn.Linear(widths[2], num_classes)

    def embed(self, normalised: Tensor) -> Tensor:
        """Normalised images (N, 3, 32, 32) to features (N, widths[-1])."""
        return self.groups(F.gelu(self.stem(normalised))).flatten(1)  # type: ignore[no-any-return]

    def head(self, features: Tensor) -> Tensor:
        """The one fully connected layer."""
        return self.fc(features)  # type: ignore[no-any-return]


class JudgeVGG64(Classifier):
    """64 px: the same with a stem that halves the resolution, wider, and a mean over the last 4x4 places."""

    def __init__(self, widths: tuple[int, int, int] = (96, 224, 448), num_classes: int = 200) -> None:
        super().__init__(IMAGENET_MEAN, IMAGENET_STD)
        self.stem = nn.Conv2d(3, 32, 4, stride=2, padding=1)  # (N, 32, 32, 32)
        self.groups = nn.Sequential(
            _group(32, widths[0]), _group(widths[0], widths[1]), _group(widths[1], widths[2]), nn.AvgPool2d(4)
        )
        self.fc = nn.Linear(widths[2], num_classes)

    def embed(self, normalised: Tensor) -> Tensor:
        """Normalised images (N, 3, 64, 64) to features (N, widths[-1])."""
        return self.groups(F.gelu(self.stem(normalised))).flatten(1)  # type: ignore[no-any-return]

    def head(self, features: Tensor) -> Tensor:
        """The one fully connected layer."""
        return self.fc(features)  # type: ignore[no-any-return]
