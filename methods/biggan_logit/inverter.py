"""``biggan-logit``: reconstructions by the trained generator, one forward pass each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from bench.inverters.learned import LearnedInverter
from bench.seeding import sample_noise
from methods.biggan_logit.generator import NOISE_DIM, Generator, generator_of
from methods.biggan_logit.tables import TABLES


class BigGANLogit(LearnedInverter):
    """The logit-conditioned BigGAN of Teterwak et al. 2021; see the package's docstring for what is ours."""

    name = "biggan-logit"
    citation = ("teterwak2021understanding", "brock2019large")
    access = "logits"
    sizes = tuple(TABLES)
    stochastic = True

    def build(self, settings: dict[str, Any]) -> Generator:
        """G, plain: spectral norm is already in the weights."""
        return generator_of(self.target.num_logits, self.target.image_size[0], settings)

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """G(z, eps) with eps from the sample's seed: (N, K) to (N, 3, H, W) in [0, 1]."""
        eps = sample_noise(seeds, NOISE_DIM).to(logits.device)
        return self.reconstruct(logits, eps)
