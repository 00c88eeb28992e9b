"""A provider with one network: small, random and always the same, 1,000 logits of images of any size."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from bench import ClassifierCard, ClassifierProvider

if TYPE_CHECKING:
    from torch import nn

SIDE, CLASSES, VERSION = 64, 1_000, "1"


class OutsiderProvider(ClassifierProvider):
    """``outsider:small``."""

    summary = "a small random network with 1,000 logits"

    def names(self) -> tuple[str, ...]:
        return ("small",)

    def card(self, name: str, weights: Path | None = None) -> ClassifierCard:
        identity = hashlib.sha256(f"outsider:{name} {VERSION}".encode()).hexdigest()
        return ClassifierCard(name, f"outsider:{name}", identity, CLASSES, input_size=SIDE, summary=self.summary)

    def build(self, name: str, weights: Path | None = None) -> nn.Module:
        from .network import Small

        return Small(SIDE, CLASSES)
