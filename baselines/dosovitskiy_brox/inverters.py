"""``dosovitskiy-brox-2016a`` and ``dosovitskiy-brox-2016b``: one forward pass of a trained decoder each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor

from baselines.dosovitskiy_brox.decoders import SIZES, TABLE_2016A, TABLE_2016B, Decoder, Table
from bench.inverters.learned import LearnedInverter


class DecoderInverter(LearnedInverter):
    """What both are; a subclass says which table."""

    access = "logits"
    stochastic = False
    sizes = SIZES
    table: ClassVar[Table]

    def build(self, settings: dict[str, Any]) -> Decoder:
        """The decoder for a recipe's settings."""
        return Decoder(self.target.num_logits, self.table, settings["factor"], self.target.image_size[0])

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """G(z), whatever the seeds: (N, K) to (N, 3, H, W) in [0, 1]."""
        return self.reconstruct(logits).clamp(0, 1)


class DosovitskiyBrox2016a(DecoderInverter):
    """Sharp: trained with feature, adversarial and image loss (Dosovitskiy & Brox, NIPS 2016)."""

    name = "dosovitskiy-brox-2016a"
    citation = ("dosovitskiy2016generating",)
    table = TABLE_2016A


class DosovitskiyBrox2016b(DecoderInverter):
    """Blurred: trained with squared error, so it gives the expected image (Dosovitskiy & Brox, CVPR 2016)."""

    name = "dosovitskiy-brox-2016b"
    citation = ("dosovitskiy2016inverting",)
    table = TABLE_2016B
