"""Inversion with natural-image priors (Mahendran & Vedaldi, CVPR 2015, "Understanding Deep Image Representations by
Inverting Them"; constants from the authors' code, github.com/aravindhm/deep-goggle: ``core/invert_nn.m``,
``experiments/experiment_cnn.m``, ``experiments/x0_sigma.mat``).

Published, for x in grey levels less the mean image, 227 x 227, sigma = 27,098 the mean norm of such an image:

    E(x) = norm(Phi(x) - Phi_0)^2 / norm(Phi_0)^2 + (lambda_TV / 2 TV^2(x) + lambda_alpha / 2 sum abs(x)^6) / sigma^2
    v <- 0.9 v - eta sigma^2 dE/dx,  x <- x + v,  v <- 0 wherever eta changes
    lambda_TV = 100 for the deepest layers (10 for middle, 1 for shallow ones), lambda_alpha = 8e-10
    eta = 0.004 x (1, 0.1, 0.01) for 100, 200 and 100 iterations;  x starts as Gaussian noise of norm sigma

Here y = x / 255 lies in [-0.5, 0.5] around grey, and a side has s pixels. The terms shall have the same value for the
same picture: from 227 to s pixels its sum of squares, or of sixth powers, shrinks by (s / 227)^2, and its TV^2 stays,
because differences between neighbours grow by 227 / s while the pixels become fewer by (s / 227)^2. At s = 32:

    norm       sigma_s = sigma / 255 x s / 227                      = 14.98, which is 0.2703 a value: the start's std
    TV^2       lambda_TV / 2 x (255 / sigma)^2                      = 0.004428 at lambda_TV = 100
    alpha      lambda_alpha / 2 x 255^6 x (227 / s)^2 / sigma^2     = 0.007537
    rate       eta sigma_s^2                                        = 0.8976 x (1, 0.1, 0.01)

Different from the published code: images are clipped to [0, 1] after each step, as in the authors' IJCV 2016 version;
the mean image is plain grey; lambda_TV and eta are what ``studies.optimization.tune`` chose on ``val`` (its
``tuning.json`` has the published values beside them); an image leaves once the steps left would move it by less than
half a grey level. Most steps compute in bfloat16, the last ones of the middle stage and all of the last one in float32,
so that the image settles where the network's own logits are met. ``paper`` runs the published 400 iterations, ``fast``
half of each stage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from baselines.optimization.inverter import ImageSpaceInverter
from baselines.optimization.objectives import alpha_norm, squared_distance, total_variation
from baselines.optimization.optimizer import Plan, momentum
from bench.inverters.base import Target

SIGMA, SIDE, LEVELS = 27_098.116, 227, 255  # the published norm, pixels a side, and units
ITERATIONS = {"fast": (50, 100, 50), "paper": (100, 200, 100)}
DECAY = (1.0, 0.1, 0.01)
SETTLING = 20  # steps of the middle stage that compute in float32, as all of the last one do; chosen on ``val``


@dataclass(frozen=True)
class Settings:
    """What may be chosen, in the published units; by default what was chosen on ``val``.

    Attributes:
        lambda_tv: weight of TV^2, published 100, 10 and 1.
        lambda_alpha: weight of the sum of sixth powers, as published.
        eta: the first learning rate, published 0.004.
        jitter: the network sees images shifted by up to so many pixels, but in the last stage (IJCV 2016).
    """

    lambda_tv: float = 3.0
    lambda_alpha: float = 8e-10
    eta: float = 0.016
    jitter: int = 0


CHOSEN = Settings()


class MahendranVedaldi(ImageSpaceInverter):
    """Squared logit distance, TV^2 and the 6-norm, by gradient descent with momentum 0.9."""

    name = "mahendran-vedaldi"
    citation = ("mahendran2015understanding",)

    def __init__(self, target: Target, settings: Settings = CHOSEN) -> None:
        pixels = math.prod(target.image_size)
        self.tv = settings.lambda_tv / 2 * (LEVELS / SIGMA) ** 2
        self.alpha = settings.lambda_alpha / 2 * LEVELS**6 * (SIDE**2 / pixels) / SIGMA**2
        rate = settings.eta * (SIGMA / LEVELS / SIDE) ** 2 * pixels
        _, middle, last = counts = ITERATIONS[target.preset]
        rates = tuple(rate * decay for count, decay in zip(counts, DECAY, strict=True) for _ in range(count))
        jittered, exact = len(rates) - last, last + min(SETTLING, middle)
        self.plan = Plan(momentum(0.9), rates, jitter=settings.jitter, jittered=jittered, exact=exact)
        super().__init__(target)

    @classmethod
    def steps(cls, preset: str) -> int:
        """Those of the three stages."""
        return sum(ITERATIONS[preset])

    def start(self, noise: Tensor) -> Tensor:
        """Gaussian noise of the published standard deviation around grey."""
        return 0.5 + SIGMA / LEVELS / SIDE / math.sqrt(3) * noise

    def objective(self, images: Tensor, outputs: Tensor, targets: Tensor) -> Tensor:
        """E, of the module's text."""
        fit = squared_distance(outputs, targets)
        return fit + self.tv * total_variation(images) + self.alpha * alpha_norm(images - 0.5, 6)
