"""ResNet-152 (He et al. 2016, table 1), thin and for 32x32 images.

The block plan is the published one: bottlenecks 3-8-36-3 and 152 weighted layers. Two things are smaller: the base
width (16 instead of 64), and the stem, a single 3x3 convolution of stride 2 instead of 7x7 of stride 2 and max
pooling, so that the four stages work at 16, 8, 4 and 2 pixels.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from bench.classifiers.base import CIFAR10_MEAN, CIFAR10_STD, Classifier

EXPANSION = 4


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions around a shortcut (He et al. 2016, figure 5, right); the stride is in the 3x3."""

    def __init__(self, c_in: int, width: int, stride: int) -> None:
        super().__init__()
        c_out = EXPANSION * width
        self.conv1 = nn.Conv2d(c_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, c_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(c_out)
        nn.init.zeros_(self.bn3.weight)  # every block starts as the identity (Goyal et al. 2017, section 5.1)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or c_in != c_out:
            self.shortcut = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x: Tensor) -> Tensor:
        """(N, c_in, H, W) to (N, 4 width, H / stride, W / stride)."""
        h = F.relu(self.bn1(self.conv1(x)), inplace=True)
        h = F.relu(self.bn2(self.conv2(h)), inplace=True)
        branch: Tensor = self.bn3(self.conv3(h))
        return F.relu(branch.add_(self.shortcut(x)), inplace=True)


class ThinResNet152(Classifier):
    """ResNet-152 of base width ``width``; the penultimate features have 32 ``width`` dimensions."""

    def __init__(self, width: int = 16, num_classes: int = 10, blocks: tuple[int, ...] = (3, 8, 36, 3)) -> None:
        super().__init__(CIFAR10_MEAN, CIFAR10_STD)
        self.conv1 = nn.Conv2d(3, width, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        stages: list[nn.Module] = []
        c_in = width
        for stage, depth in enumerate(blocks):
            for block in range(depth):
                stride = 2 if stage > 0 and block == 0 else 1
                stages.append(Bottleneck(c_in, width << stage, stride))
                c_in = EXPANSION * (width << stage)
        self.stages = nn.Sequential(*stages)
        self.fc = nn.Linear(c_in, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def embed(self, normalised: Tensor) -> Tensor:
        """Normalised images (N, 3, 32, 32) to globally pooled features (N, 32 width)."""
        h = F.relu(self.bn1(self.conv1(normalised)), inplace=True)  # (N, width, 16, 16)
        maps: Tensor = self.stages(h)  # (N, 32 width, 2, 2)
        return maps.mean((2, 3))

    def head(self, features: Tensor) -> Tensor:
        """The one fully connected layer."""
        return self.fc(features)  # type: ignore[no-any-return]
