"""``flow-matching``: draws from p(x | z), each along the learnt velocity from its own noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor

from bench.inverters.learned import LearnedInverter
from bench.seeding import sample_noise
from methods.flow_matching.network import SIZES, Velocity, velocity_of
from methods.flow_matching.sampler import Sampler


class FlowMatching(LearnedInverter):
    """Conditional flow matching on pixels, told the logits; see the package's docstring for what is ours.

    Attributes:
        sampler: solver, steps and guidance. A subclass with another one and a ``name`` of its own is another method,
            which takes the same weights.
    """

    name = "flow-matching"
    trained_as = "flow-matching"
    citation = ("lipman2023flow", "liu2023flow", "esser2024scaling", "ho2022classifier")
    access = "logits"
    sizes = SIZES
    stochastic = True
    sampler: ClassVar[Sampler] = Sampler(steps=12)

    def build(self, settings: dict[str, Any]) -> Velocity:
        """v for a recipe's settings."""
        return velocity_of(self.target.num_logits, self.target.image_size[0], settings)

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """The end of the flow from each sample's own noise: (N, K) to (N, 3, H, W) in [0, 1]."""
        noise = sample_noise(seeds, 3, *self.target.image_size).to(logits.device)
        return self.sampler(self.reconstruct, noise, logits)
