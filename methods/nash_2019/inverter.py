"""``nash-2019``: draws from p(x | z), and the likelihood of an image with its logits and without."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from bench.inverters.base import Target
from bench.inverters.learned import LearnedInverter
from bench.seeding import sample_noise
from methods.nash_2019.likelihood import log_probability, to_values
from methods.nash_2019.network import PixelCNN, network_of
from methods.nash_2019.sampler import sample

SIZES = (16, 32, 64)  # sides of images: what three resolutions divide, and one pixel at a time reaches
BLOCK = 25  # images a pass
SHARD = 100


class Nash2019(LearnedInverter):
    """PixelCNN++ conditioned on the logits; see the package's docstring for what is the papers' and what is ours.

    Samples are computed in float64: in float32 the rounding of sums, which depends on the batch, moves a value over the
    border of a level in one image of a few, and all pixels after it are others.
    """

    name = "nash-2019"
    citation = ("nash2019inverting", "salimans2017pixelcnn", "ramachandran2017fast")
    access = "logits"
    sizes = SIZES
    stochastic = True
    precisions = ("float32",)

    def build(self, settings: dict[str, Any]) -> PixelCNN:
        """The network for a recipe's settings."""
        return network_of(self.target.num_logits, settings)

    @classmethod
    def shard(cls, target: Target) -> int:
        """So many draws take about a minute on a core at 32 px; a GPU takes as long for many more."""
        return SHARD if target.device.type == "cpu" else 10 * SHARD

    @cached_property
    def _exact(self) -> PixelCNN:
        network = self.reconstruct.network
        assert isinstance(network, PixelCNN)
        return copy.deepcopy(network).double()

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """A draw each, from its own noise: (N, K) to (N, 3, H, W) in [0, 1]."""
        uniform = torch.special.ndtr(sample_noise(seeds, 4, *self.target.image_size).double()).to(logits.device)
        told = torch.ones(len(logits), dtype=torch.bool, device=logits.device)
        return sample(self._exact, logits.double(), told, uniform).float()

    def log_likelihood(self, images: Tensor, logits: Tensor | None) -> Tensor:
        """log q(x | z) of images (N, 3, H, W), in nats: (N,) float64; without logits log q(x), by the same network."""
        told = logits is not None
        z = images.new_zeros(len(images), self.target.num_logits) if logits is None else logits
        parts = []
        with torch.no_grad():
            for one, its in zip(torch.split(images, BLOCK), torch.split(z, BLOCK), strict=True):
                x = to_values(one)
                given = torch.full((len(x),), told, device=x.device)
                parts.append(log_probability(self.reconstruct(x, its, given), x).double().sum((1, 2)))
        return torch.cat(parts)
