"""Intervals of paired differences: over images by the bootstrap, over KID subsets with the factor that they need."""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.metrics.bootstrap import paired_difference
from bench.metrics.distances import KID_SUBSET_SIZE

Doubles = NDArray[np.float64]
MIN_PAIRS = 50  # of fewer, a percentile interval leaves zero out too often: of 2 pairs in half of all cases
Z = 1.959964  # the normal distribution's 97.5 % point


def alike(a: NDArray[Any], b: NDArray[Any]) -> tuple[Doubles, Doubles]:
    """Both in double precision, rounded as the narrower one was stored: the same value gives the same number."""
    floats = [values.dtype for values in (a, b) if values.dtype.kind == "f"]
    stored = min(floats, key=lambda one: one.itemsize, default=np.dtype(np.float64))
    x, y = (values.astype(stored, copy=False).astype(np.float64, copy=False) for values in (a, b))
    return x, y


def over_images(a: Doubles, b: Doubles) -> tuple[float, float, float] | None:
    """Mean of a - b over images and its 95 % bootstrap interval; None for fewer than 50 pairs."""
    return paired_difference(a, b) if len(a) >= MIN_PAIRS else None


def over_subsets(a: Doubles, b: Doubles, num_images: int) -> tuple[float, float, float] | None:
    """Mean of a - b over subsets of the same N images and its 95 % interval over images.

    Subsets of n of N images without replacement share images, so that their spread is not that of the mean. With
    f = n / N and S subsets, the standard error is the subsets' standard deviation times sqrt(f / (1 - f) + 1 / S): what
    N images leave open (subsampling with the correction for finite populations; Politis & Romano 1994), and that only S
    of their subsets were looked at. At N = 2,500 and S = 100 that is 0.51 of it.

    Args:
        a, b: (subsets,) values of two methods on the same subsets of 500.
        num_images: N.

    Returns:
        (mean, lower, upper), or None where N leaves no such factor.
    """
    if num_images <= KID_SUBSET_SIZE or len(a) < MIN_PAIRS:
        return None
    differences = a - b
    mean = float(differences.mean())
    reach = Z * float(differences.std(ddof=1)) * _subset_factor(num_images, len(differences))
    return mean, mean - reach, mean + reach


def _subset_factor(num_images: int, subsets: int) -> float:
    """Standard error of a mean over subsets of 500 of N images, in their standard deviations."""
    share = KID_SUBSET_SIZE / num_images
    return float((share / (1 - share) + 1 / subsets) ** 0.5)


def no_more_than(least: float, mean: float, low: float, high: float) -> bool:
    """Whether a difference lies below what its metric can tell: with its whole interval, or where that leaves 0 out.

    Args:
        least: the metric's resolution.
        mean, low, high: the difference and its interval.
    """
    room = least * (1 - 1e-9)  # 1 / n and a mean over n are rounded apart
    return max(abs(low), abs(high)) < room or (abs(mean) < room and not low <= 0 <= high)


def p_value(a: Doubles, b: Doubles, subsets_of: int = 0) -> float | None:
    """Two-sided p-value of a mean paired difference of zero, by the normal approximation.

    A bootstrap of 2,000 resamples cannot resolve the small levels that a correction over many pairs asks for; with 50
    pairs and more the mean is close to normal.

    Args:
        a, b: values of two methods on the same images, or (``subsets_of`` = N) on the same subsets of N images.
        subsets_of: N where the values are those of subsets, else 0.

    Returns:
        In [0, 1]; 1 where no value differs; None where there are too few pairs.
    """
    if len(a) < MIN_PAIRS or 0 < subsets_of <= KID_SUBSET_SIZE:
        return None
    differences = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    mean, spread = float(differences.mean()), float(differences.std(ddof=1))
    count = len(differences)
    error = spread * (_subset_factor(subsets_of, count) if subsets_of else count**-0.5)
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return erfc(abs(mean) / error / 2**0.5)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given (Holm 1979): below a level they hold together with that error rate."""
    order = sorted(range(len(p_values)), key=lambda k: p_values[k])
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, k in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[k]))
        adjusted[k] = largest
    return adjusted
