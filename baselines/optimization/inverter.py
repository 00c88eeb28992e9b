"""What all white-box inverters share: a frozen network, a start from noise, and the one optimiser."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from baselines.optimization import chunks
from baselines.optimization.chunks import interchangeable
from baselines.optimization.frozen import EXACT, FrozenNetwork, Layer
from baselines.optimization.optimizer import Plan, descend, shifted
from bench.inverters.base import FEED_FORWARD, Access, Inverter, Target, seen_size
from bench.seeding import sample_noise

MINUTE = {"cpu": 10**8, "cuda": 10**10}  # pixels that go through a thin network and back in about one, by device


class ImageSpaceInverter(Inverter):
    """Gradient descent on images; a method says what is minimised, from where, and by which plan.

    Attributes:
        layer: what the targets are, logits or penultimate features.
        outputs: images to that layer, with gradients.
        exact: the same in float32, for the plan's exact steps.
        plan: of the preset; a subclass sets it, and whatever its objective needs, before it calls ``__init__`` here.
    """

    access: ClassVar[Access] = "white-box"
    stochastic = True
    layer: ClassVar[Layer] = "logits"
    plan: Plan

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        assert target.network is not None  # both accesses come with the network
        frozen = partial(FrozenNetwork, target.network, target.image_size, target.device, self.layer)
        self.outputs = self.exact = frozen()
        if self.plan.exact and self.outputs.speedup.precision != torch.float32:
            self.exact = frozen(EXACT)
        self._sizes: dict[int, tuple[int, ...]] = {}

    def sizes(self, count: int) -> tuple[int, ...]:
        """Of batches that are interchangeable for the objective, for so many images."""
        if count not in self._sizes:
            self._sizes[count] = interchangeable(self._gradient, self.target.image_size, self.target.device, count)
        return self._sizes[count]

    @classmethod
    @abstractmethod
    def steps(cls, preset: str) -> int:
        """How many the plan of a preset has at most."""

    @classmethod
    def shard(cls, target: Target) -> int:
        """As many images as the plan's steps take about a minute for, in whole batches; at least the smallest batch."""
        images = MINUTE[target.device.type] // (cls.steps(target.preset) * math.prod(seen_size(target)))
        batches = chunks.sizes(target.image_size, target.device)
        return max((size for size in (FEED_FORWARD, *batches) if size <= images), default=min(batches))

    @torch.enable_grad()
    def _gradient(self, images: Tensor) -> Tensor:
        """Of the losses against any target by each network in use, (n, 3 or 6, H, W)."""
        images = images.clone().requires_grad_()
        targets = self.outputs(images.detach()) + 1
        networks = dict.fromkeys((self.outputs, self.exact))  # once where they are the same
        losses = [self.losses(network, images, targets, None).sum() for network in networks]
        return torch.cat([torch.autograd.grad(loss, images)[0] for loss in losses], 1)

    def losses(self, network: FrozenNetwork, images: Tensor, targets: Tensor, shift: Tensor | None) -> Tensor:
        """(n,) of images (n, 3, H, W), which the network sees through shifts (n, 2)."""
        return self.objective(images, network(shifted(images, shift)), targets)

    @abstractmethod
    def start(self, noise: Tensor) -> Tensor:
        """Where to begin: standard normal noise (N, 3, H, W) to images, clipped to [0, 1] afterwards."""

    @abstractmethod
    def objective(self, images: Tensor, outputs: Tensor, targets: Tensor) -> Tensor:
        """Losses (n,) of images (n, 3, H, W) with these logits or features (n, K), against targets (n, K)."""

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """(N, K) logits, or (N, F) features, to (N, 3, H, W) images in [0, 1]."""
        noise = sample_noise(seeds, 3, *self.target.image_size).to(logits.device)
        start = self.start(noise).clamp(0, 1)
        fast, exact = (partial(self.losses, network) for network in (self.outputs, self.exact))
        sizes, title = self.sizes(len(seeds)), f"{self.name}: steps"
        return descend(fast, logits.float(), start, seeds, self.plan, sizes=sizes, title=title, exact=exact)
