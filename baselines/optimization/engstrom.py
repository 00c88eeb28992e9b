"""Inversion by normalised gradient steps (Engstrom et al. 2019, "Adversarial Robustness as a Prior for Learned
Representations"; constants from the authors' code, github.com/MadryLab/robust_representations:
``image_inversion.ipynb``, and ``robustness/attack_steps.py`` of their library).

Published, for x in [0, 1], 224 x 224, from x = 0.5 + N(0, 1) / 20:

    x <- clip(x - g / norm(g), 0, 1),  g the gradient of norm(R(x) - R(t)) / norm(R(t)),  10,000 steps of L2 length 1

Here a side has s pixels. An L2 length of 1 over 3 x 224^2 values is 1 / 388 a value; the same change a value over
3 x s^2 values has the length s / 224, which is 1 / 7 at s = 32. The noise is a value a pixel and stays.

R is the penultimate layer in ``engstrom-features``, as published, and the logits in ``engstrom``. Different from the
published code: an image leaves once its loss is at most ``TOLERANCE``, instead of hovering around its solution to the
end, and the last ReLU keeps its own gradient.
"""

from __future__ import annotations

import math

from torch import Tensor

from baselines.optimization.inverter import ImageSpaceInverter
from baselines.optimization.objectives import distance
from baselines.optimization.optimizer import Plan, normalised
from bench.inverters.base import Target

STEPS = {"fast": 200, "paper": 10_000}
TOLERANCE = 0.02
SIDE = 224  # pixels a side in the published units


class Engstrom(ImageSpaceInverter):
    """Relative logit distance, by steps of constant length."""

    name = "engstrom"
    citation = ("engstrom2019adversarial",)

    def __init__(self, target: Target, tolerance: float = TOLERANCE) -> None:
        length = math.sqrt(math.prod(target.image_size)) / SIDE
        self.plan = Plan(normalised, (length,) * self.steps(target.preset), tolerance)
        super().__init__(target)

    @classmethod
    def steps(cls, preset: str) -> int:
        """Those of ``STEPS``; images leave before."""
        return STEPS[preset]

    def start(self, noise: Tensor) -> Tensor:
        """Grey with a little noise."""
        return 0.5 + noise / 20

    def objective(self, images: Tensor, outputs: Tensor, targets: Tensor) -> Tensor:
        """norm(R(x) - R(t)) / norm(R(t))."""
        return distance(outputs, targets)


class EngstromFeatures(Engstrom):
    """Relative distance of the penultimate features, the published objective."""

    name = "engstrom-features"
    access = "features"
    layer = "features"

    @classmethod
    def skip(cls, target: Target) -> str | None:
        """Networks without penultimate features."""
        if callable(getattr(target.network, "features", None)):
            return None
        return (
            f"{target.classifier} has no .features(images), which engstrom-features inverts. Give the network a method "
            "that returns its penultimate features, or run engstrom, which needs the logits alone."
        )
