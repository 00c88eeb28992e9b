"""The switch ``match``: G is asked for images of which the classifier says what it said of the originals.

Ours, and no part of the faithful recipe: Teterwak et al. 2021 leave it to D, which sees the logits, that images fit
them. The term is the reconstruction error of a code as in Zhu et al. 2017, "Toward Multimodal Image-to-Image
Translation" (their latent regressor, here the frozen classifier and the squared error). Its gradient runs through the
classifier, so that a reconstruction may please it without showing more; what the judge says tells the two apart.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from baselines.optimization.frozen import EXACT, SPEEDUPS, FrozenNetwork
from bench.classifiers import LoadedClassifier
from bench.training.engine import Engine

EVERY = 4  # of the images: a pass back through a large classifier outweighs the rest of a step


def frozen(classifier: LoadedClassifier, image_size: int, engine: Engine) -> FrozenNetwork:
    """The classifier with a fast gradient in its images (n, 3, H, W); exact where the engine does not round."""
    speedups = SPEEDUPS if engine.precision == "bf16" else EXACT
    return FrozenNetwork(classifier.network, (image_size, image_size), engine.device, speedups=speedups)


def mismatch(
    classify: Callable[[Tensor], Tensor], standardise: nn.Module, images: Tensor, z: Tensor, every: int = EVERY
) -> Tensor:
    """Mean over images of |s(f(x)) - s(z)|^2, s the standardisation by which E|s(z)|^2 = 1: unrelated images give 2.

    Args:
        classify: f, images (n, 3, H, W) in [0, 1] to logits (n, K).
        standardise: s.
        images: x, (N, 3, H, W) with their graph.
        z: the logits (N, K) that they were made from.
        every: of how many images one is looked at, so that N / ``every`` of them are.
    """
    said = classify(images[::every]).to(z.dtype)
    with torch.autocast(z.device.type, enabled=False):
        difference: Tensor = standardise(said) - standardise(z[::every])
    return difference.square().sum(1).mean()
