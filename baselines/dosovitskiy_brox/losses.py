"""The loss of 2016a in the published units, and the rule that keeps G and D balanced."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from baselines.dosovitskiy_brox.discriminator import GENERATED, REAL

LAMBDA_FEAT, LAMBDA_ADV, LAMBDA_IMG = 0.01, 100.0, 2e-6
PIXEL_VALUES, PIXEL_UNIT = 3 * 227 * 227, 255.0  # the published images, in grey levels
POOL5_VALUES = 6 * 6 * 256  # AlexNet's pool5 at 227 px


def euclidean(a: Tensor, b: Tensor, values: int) -> Tensor:
    """Caffe's Euclidean loss, half the sum of squares a sample, as if a sample had ``values`` components.

    It goes through the mean square, so that a term keeps its size where our images or maps have fewer components.
    """
    return 0.5 * values * (a - b).square().mean()


def image_term(generated: Tensor, images: Tensor) -> Tensor:
    """lambda_img L_img of images (N, 3, H, W) in [0, 1]: 2,513 times the mean squared error over [-1, 1]."""
    return LAMBDA_IMG * euclidean(PIXEL_UNIT * generated, PIXEL_UNIT * images, PIXEL_VALUES)


def feature_term(generated: Tensor, images: Tensor, pool5_rms: float) -> Tensor:
    """lambda_feat L_feat of the comparator's features (N, C, h, w), whose RMS of 1 is brought to pool5's."""
    return LAMBDA_FEAT * euclidean(pool5_rms * generated, pool5_rms * images, POOL5_VALUES)


def adversarial_term(scores: Tensor, label: int) -> Tensor:
    """lambda_adv times the cross-entropy of D's two scores (N, 2) with ``REAL`` or ``GENERATED``."""
    labels = torch.full((len(scores),), label, device=scores.device)
    return LAMBDA_ADV * F.cross_entropy(scores, labels)


def discriminator_loss(real: Tensor, generated: Tensor) -> Tensor:
    """D_real + D_fake, from scores (N, 2) of either kind."""
    return adversarial_term(real, REAL) + adversarial_term(generated, GENERATED)


@dataclass(frozen=True)
class Balance:
    """Who learns in the next step; D's being too good or too bad shows in the ratio of the losses.

    Attributes:
        train_d, train_g: whether D, G are updated.
    """

    train_d: bool = True
    train_g: bool = True

    def after(self, ratio: float) -> Balance:
        """The next step's balance, from r = (D_real + D_fake) / D_fake-for-G of this one.

        Pausing one lets the other go on: a paused G goes on once D has become so good that it is paused itself.
        """
        d, g = self.train_d, self.train_g
        if ratio < 0.1 and d:
            d, g = False, True
        elif ratio > 0.5 and not d:
            d, g = True, True
        if ratio > 10 and g:
            d, g = True, False
        return Balance(d, g)
