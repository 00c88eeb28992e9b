"""What all white-box inverters share: a frozen network, a start from noise, and the one optimiser."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from baselines.optimization.chunks import interchangeable
from baselines.optimization.frozen import FrozenNetwork, Layer
from baselines.optimization.optimizer import Plan, descend
from bench.inverter import Access, Inverter, Target
from bench.seeding import sample_noise


class ImageSpaceInverter(Inverter):
    """Gradient descent on images; a method says what is minimised, from where, and by which plan.

    Attributes:
        layer: what the targets are, logits or penultimate features.
        outputs: images to that layer, with gradients.
        plan: of the preset; a subclass sets it, and whatever its objective needs, before it calls ``__init__`` here.
    """

    access: ClassVar[Access] = "white-box"
    stochastic = True
    layer: ClassVar[Layer] = "logits"
    plan: Plan

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        assert target.network is not None  # both accesses come with the network
        self.outputs = FrozenNetwork(target.network, target.image_size, target.device, self.layer)
        self._sizes: dict[int, tuple[int, ...]] = {}

    def sizes(self, count: int) -> tuple[int, ...]:
        """Of batches that are interchangeable for the objective, for so many images."""
        if count not in self._sizes:
            self._sizes[count] = interchangeable(self._gradient, self.target.image_size, self.target.device, count)
        return self._sizes[count]

    @torch.enable_grad()
    def _gradient(self, images: Tensor) -> Tensor:
        """Of the objective against any target, (n, 3, H, W)."""
        images = images.clone().requires_grad_()
        targets = self.outputs(images.detach()) + 1
        return torch.autograd.grad(self.objective(images, targets, None).sum(), images)[0]

    @abstractmethod
    def start(self, noise: Tensor) -> Tensor:
        """Where to begin: standard normal noise (N, 3, H, W) to images, clipped to [0, 1] afterwards."""

    @abstractmethod
    def objective(self, images: Tensor, targets: Tensor, shift: Tensor | None) -> Tensor:
        """Losses (n,) of images (n, 3, H, W) against logits or features (n, K), seen through shifts (n, 2)."""

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """(N, K) logits, or (N, F) features, to (N, 3, H, W) images in [0, 1]."""
        noise = sample_noise(seeds, 3, *self.target.image_size).to(logits.device)
        start = self.start(noise).clamp(0, 1)
        title = f"{self.name}: steps"
        return descend(
            self.objective, logits.float(), start, seeds, self.plan, sizes=self.sizes(len(seeds)), title=title
        )
