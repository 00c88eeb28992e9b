"""Intervals of paired differences: over images by the bootstrap, over KID subsets with the factor that they need."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.metrics.bootstrap import paired_difference
from bench.metrics.catalogue import KID_SUBSET_SIZE

Doubles = NDArray[np.float64]
MIN_PAIRS = 50  # of fewer, a percentile interval leaves zero out too often: of 2 pairs in half of all cases
Z = 1.959964  # the normal distribution's 97.5 % point


def over_images(a: Doubles, b: Doubles) -> tuple[float, float, float] | None:
    """Mean of a - b over images and its 95 % bootstrap interval; None for fewer than 50 pairs."""
    return paired_difference(a, b) if len(a) >= MIN_PAIRS else None


def over_subsets(a: Doubles, b: Doubles, num_images: int) -> tuple[float, float, float] | None:
    """Mean of a - b over subsets of the same N images and its 95 % interval over images.

    Subsets of n of N images without replacement share images, so that their spread is not that of the mean: with
    f = n / N, the standard error at N images is the subsets' standard deviation times sqrt(f / (1 - f)) (subsampling
    with the correction for finite populations; Politis & Romano 1994). At N = 2,500 that is half of it.

    Args:
        a, b: (subsets,) values of two methods on the same subsets of 500.
        num_images: N.

    Returns:
        (mean, lower, upper), or None where N leaves no such factor.
    """
    if num_images <= KID_SUBSET_SIZE or len(a) < MIN_PAIRS:
        return None
    share = KID_SUBSET_SIZE / num_images
    differences = a - b
    mean = float(differences.mean())
    reach = Z * float(differences.std(ddof=1)) * (share / (1 - share)) ** 0.5
    return mean, mean - reach, mean + reach
