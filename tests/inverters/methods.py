"""Inverters that keep the rules of the interface, others that break one each, and controls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from bench.inverters.base import Access, Inverter, Target
from bench.inverters.control import Control, Shard
from bench.seeding import sample_noise

N = 20


class Flat(Inverter):
    """Brightness from the first logit; counts its calls and the rows that it saw."""

    name = "flat"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.sizes: list[int] = []

    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """(N,)"""
        return torch.sigmoid(logits[:, 0])

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        self.sizes.append(len(logits))
        return self.level(logits, seeds)[:, None, None, None].expand(-1, 3, 32, 32)


class Seeded(Flat):
    stochastic = True

    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.sigmoid(logits[:, 0]) * sample_noise(seeds, 1)[:, 0].sigmoid()


class SaysNotStochastic(Seeded):
    stochastic = False


class Neighbourly(Flat):
    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.sigmoid(logits[:, 0] - logits[:, 0].mean())


class Placed(Flat):
    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.linspace(0, 1, N)[: len(logits)]


class Pairs(Flat):
    """Looks at the row before it, wherever there is one."""

    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.sigmoid(10 * logits[:, 0].roll(1))


class Restless(Seeded):
    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.rand(len(logits))


class Writing(Flat):
    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.sigmoid(logits.mul_(2)[:, 0])


class Scaled(Flat):
    factor = 255.0

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return super().invert(logits, seeds) * self.factor


class Uint8(Scaled):
    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return super().invert(logits, seeds).to(torch.uint8)


class Signed(Flat):
    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.full((len(logits), 3, 32, 32), -0.5)


class NumPy(Flat):
    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Any:
        return super().invert(logits, seeds).numpy()


class Bright(Flat):
    """The first column at 1.25."""

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        images = super().invert(logits, seeds).clone()
        images[:, :, :, 0] = 1.25
        images[:, :, :, 1] = 1 + 0.9 / 510  # rounds to 255 all the same
        return images


class Descending(Seeded):
    access: ClassVar[Access] = "white-box"


class DescendingPairs(Pairs):
    access: ClassVar[Access] = "white-box"


class Floats(Control):
    name = "floats"

    def reconstruct(self, shard: Shard) -> Any:
        return shard.originals / 255


class Half(Floats):
    def reconstruct(self, shard: Shard) -> Any:
        return shard.originals[:, ::2, ::2]


class Mean(Floats):
    """May see its neighbours."""

    def reconstruct(self, shard: Shard) -> Any:
        return np.broadcast_to(shard.originals.mean(0, keepdims=True).astype(np.uint8), shard.originals.shape)
