"""What every classifier is: [0, 1] images in, logits out, penultimate features on request."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Classifier(nn.Module):
    """A network that normalises inside and exposes its penultimate features.

    Subclasses set ``mean`` and ``std`` through ``__init__`` and write ``embed`` and ``head``.

    Attributes:
        input_size: side in pixels of the images that it prefers; the catalogue sets it.
    """

    mean: Tensor
    std: Tensor
    input_size: int = 32
    cpu_batch: ClassVar[int] = 125  # images a pass that a CPU gets through fastest

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1), persistent=False)

    def embed(self, normalised: Tensor) -> Tensor:
        """Normalised images (N, 3, H, W) to penultimate features (N, F)."""
        raise NotImplementedError

    def head(self, features: Tensor) -> Tensor:
        """Penultimate features (N, F) to logits (N, K)."""
        raise NotImplementedError

    def for_training(self) -> Classifier:
        """Add what only training needs, such as auxiliary heads; its weights are not kept."""
        return self

    def training_logits(self, images: Tensor) -> tuple[Tensor, ...]:
        """The logits (N, K), then those of auxiliary heads, each (N, K)."""
        return (self(images),)

    def prepare(self, images: Tensor) -> Tensor:
        """[0, 1] images (N, 3, H, W) to what the first layer expects, (N, 3, S, S) normalised, S the ``input_size``.

        Images of another size are resized, bicubic and antialiased; the slight overshoot at edges is kept.
        """
        side = (self.input_size, self.input_size)
        if tuple(images.shape[-2:]) != side:
            images = F.interpolate(images, side, mode="bicubic", align_corners=False, antialias=True)
        return (images - self.mean) / self.std

    def features(self, images: Tensor) -> Tensor:
        """Penultimate features (N, F) of [0, 1] images (N, 3, H, W)."""
        return self.embed(self.prepare(images))

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, K), before any softmax, of [0, 1] images (N, 3, H, W)."""
        return self.head(self.features(images))


CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)
CIFAR10_STD = (0.2470, 0.2435, 0.2616)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
