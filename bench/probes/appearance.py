"""How a picture looks, whatever it shows: luminance, contrast, sharpness; by scikit-image and SciPy."""

from __future__ import annotations

import numpy as np

from bench.datasets.base import Pixels
from bench.metrics.base import Doubles


def luminance(pixels: Pixels) -> Doubles:
    """(N, H, W, 3) uint8 to (N,) mean luminance in [0, 1], by ITU-R BT.709 weights (0.2125, 0.7154, 0.0721)."""
    mean: Doubles = _grey(pixels).mean(axis=(1, 2))
    return mean


def contrast(pixels: Pixels) -> Doubles:
    """(N,) standard deviation of the luminance over the pixels (root-mean-square contrast), in [0, 0.5]."""
    deviation: Doubles = _grey(pixels).std(axis=(1, 2))
    return deviation


def sharpness(pixels: Pixels) -> Doubles:
    """(N,) variance of the Laplacian of the luminance over the pixels (Pech-Pacheco et al. 2000), at least 0.

    The Laplacian is the sum of the second differences along both axes, edges mirrored.
    """
    from scipy.ndimage import laplace

    return np.array([laplace(grey, mode="reflect").var() for grey in _grey(pixels)])


def _grey(pixels: Pixels) -> Doubles:
    """(N, H, W) luminance in [0, 1]."""
    from skimage.color import rgb2gray

    grey: Doubles = rgb2gray(pixels.astype(np.float64) / 255)
    return grey
