"""PSNR and SSIM of paired images: the values are scikit-image's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.cards import MetricCard
from bench.datasets.base import Pixels
from bench.errors import MetricError
from bench.metrics.base import FAMILIES, Array, Block, Metric, Needs

WINDOW = 7


def psnr(a: Pixels, b: Pixels) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio, 10 log10(1 / MSE), data range 1; to the bit what scikit-image gives.

    Its own function would be the only reason to import SciPy's statistics, which takes half a second.

    Args:
        a, b: (N, H, W, 3) uint8.

    Returns:
        (N,) in dB; NaN where the two images are identical, because it is not defined there.
    """
    values = np.full(len(a), np.nan)
    for row in np.flatnonzero((a != b).any(axis=(1, 2, 3))):
        values[row] = 10 * np.log10(1 / np.mean((a[row] / 255 - b[row] / 255) ** 2))
    return values


def ssim(a: Pixels, b: Pixels) -> NDArray[np.float64]:
    """Structural similarity (Wang et al. 2004) with a uniform 7x7 window, mean over colours, data range 1.

    Args:
        a, b: (N, H, W, 3) uint8, both sides at least 7.

    Returns:
        (N,) in [-1, 1], 1 for identical images.

    Raises:
        MetricError: the images are smaller than the window.
    """
    from skimage.metrics import structural_similarity

    if min(a.shape[1:3]) < WINDOW:
        raise MetricError(
            f"SSIM needs images of at least {WINDOW}x{WINDOW} pixels, these are {a.shape[1]}x{a.shape[2]}."
        )
    return np.array(
        [
            structural_similarity(  # type: ignore[no-untyped-call]
                x / 255, y / 255, data_range=1, win_size=WINDOW, channel_axis=-1
            )
            for x, y in zip(a, b, strict=True)
        ]
    )


class Psnr(Metric):
    """``psnr``."""

    card = MetricCard(
        "psnr",
        "PSNR",
        "peak signal-to-noise ratio in dB; undefined for identical images",
        higher_is_better=True,
        level="image",
        family=FAMILIES[1],
        digits=2,
        resolution=0.01,
        headline=5,
        question="How close is each pixel?",
        sees="pixels",
        roles=("likeness", "terminal", "ends"),
        version="scikit-image/1",
        formula="10 · log₁₀(1 / mean squared error)",
        good="3 dB more halve the squared error. A blurred average of all likely images does well here, a sharp guess "
        "does not.",
        lowest=0,
    )
    needs = Needs(pixels=True)
    undefined = "the two images are identical"

    def look(self, block: Block) -> Array:
        """(n,) in dB."""
        return psnr(block.original, block.reconstruction)


class Ssim(Metric):
    """``ssim``."""

    card = MetricCard(
        "ssim",
        "SSIM",
        "structural similarity, 7x7 window",
        higher_is_better=True,
        level="image",
        family=FAMILIES[1],
        resolution=1e-4,
        headline=6,
        sees="pixels",
        roles=("likeness", "ends"),
        question="How alike are local brightness, contrast and structure?",
        version="scikit-image, window 7/1",
        citation=("wang2004image",),
        formula="mean over windows of (2μₓμ_y + c₁)(2σ_xy + c₂) / ((μₓ² + μ_y² + c₁)(σₓ² + σ_y² + c₂))",
        good="1 is the same image. Smooth images do well here as they do by PSNR.",
        lowest=-1,
        highest=1,
    )
    needs = Needs(pixels=True)

    def look(self, block: Block) -> Array:
        """(n,) in [-1, 1]."""
        return ssim(block.original, block.reconstruction)


METRICS = (Psnr, Ssim)
