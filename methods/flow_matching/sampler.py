"""Images from noise by a velocity network: guidance and the solver, whatever runs the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from methods.flow_matching.solvers import SOLVERS, guided

Network = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]  # x, t, z and which z count: v


@dataclass(frozen=True)
class Sampler:
    """How the flow is followed.

    Attributes:
        steps: of equal length.
        solver: ``euler`` or ``heun``.
        guidance: 1.0 follows the velocity given the logits, and asks for no other.
    """

    steps: int
    solver: str = "heun"
    guidance: float = 1.0

    def velocity(self, network: Network, x: Tensor, t: float, z: Tensor) -> Tensor:
        """v(x, t, z), guided: (N, 3, H, W)."""
        times, told = x.new_full((len(x),), t), torch.ones(len(x), dtype=torch.bool, device=x.device)
        given = network(x, times, z, told)
        if self.guidance == 1.0:
            return given
        return guided(given, network(x, times, z, ~told), self.guidance)

    def __call__(self, network: Network, noise: Tensor, z: Tensor) -> Tensor:
        """Noise (N, 3, H, W) and logits (N, K) to images (N, 3, H, W) in [0, 1]."""
        end = SOLVERS[self.solver](lambda x, t: self.velocity(network, x, t, z), noise, self.steps)
        return ((end + 1) / 2).clamp(0, 1)
