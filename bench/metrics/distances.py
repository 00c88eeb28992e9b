"""Distances between two sets of features, by torch-fidelity's own functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.cards import MetricCard
from bench.errors import MetricError
from bench.metrics.base import Array, ExtractorMetric
from bench.metrics.per_image import finite
from bench.seeding import seed_of
from bench.store.record import Score

Floats = NDArray[np.floating]
KID_SUBSETS, KID_SUBSET_SIZE = 100, 500


@dataclass(frozen=True)
class Kid:
    """A kernel distance.

    Attributes:
        mean: over the subsets; may be slightly negative, the estimate is unbiased.
        std: over the subsets.
        subsets: the value on each subset, in their fixed order.
    """

    mean: float
    std: float
    subsets: tuple[float, ...]


def frechet(a: Floats, b: Floats) -> float:
    """Frechet distance between the Gaussians fitted to two sets of features (Heusel et al. 2017, section 2).

    norm(mu_a - mu_b)^2 + Tr(C_a + C_b - 2 (C_a C_b)^(1/2)), in float64, by torch-fidelity.

    Args:
        a, b: (N, F) and (M, F) features, at least two rows each.

    Returns:
        At least 0 up to rounding; below F rows the covariances are singular and the distance is biased upwards.
    """
    import torch
    from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric

    _check(a, b, 2)
    fitted = [fid_features_to_statistics(torch.from_numpy(x.astype(np.float64))) for x in (a, b)]
    return float(fid_statistics_to_metric(*fitted, verbose=False)[KEY_METRIC_FID])


def kid(a: Floats, b: Floats) -> Kid:
    """Kernel distance: unbiased MMD^2 with k(x, y) = (x.y / F + 1)^3 (Binkowski et al. 2018), by torch-fidelity.

    Args:
        a, b: (N, F) and (M, F) features, at least 500 rows each.

    Returns:
        Mean, standard deviation and the values of 100 subsets of 500, which depend on N and M alone: all methods
        share them.
    """
    from torch_fidelity.metric_kid import kernel_mmd

    _check(a, b, KID_SUBSET_SIZE)
    a64, b64 = a.astype(np.float64), b.astype(np.float64)
    values = tuple(
        float(
            kernel_mmd(
                a64[subset(len(a), "a", k)],
                b64[subset(len(b), "b", k)],
                kid_kernel="poly",
                kid_kernel_poly_degree=3,
                kid_kernel_poly_gamma=None,
                kid_kernel_poly_coef0=1.0,
            )
        )
        for k in range(KID_SUBSETS)
    )
    return Kid(float(np.mean(values)), float(np.std(values)), values)


def subset(n: int, side: str, k: int) -> NDArray[np.int64]:
    """Rows of the k-th subset of n: (500,), without repetition; the two sides draw independently."""
    rng = np.random.default_rng(seed_of("kid", n, side, k))
    return np.argsort(rng.random(n), kind="stable")[:KID_SUBSET_SIZE].astype(np.int64)


def _check(a: Floats, b: Floats, rows: int) -> None:
    if min(len(a), len(b)) < rows:
        raise MetricError(f"At least {rows} images are needed on either side, got {len(a)} and {len(b)}.")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise MetricError("Some features are not finite.")


class Frechet(ExtractorMetric):
    """``fd_EXTRACTOR``."""

    prefix = "fd"
    facts = MetricCard(
        "fd",
        "FD",
        "Frechet distance between the Gaussians fitted to originals and reconstructions over {about}",
        higher_is_better=False,
        level="set",
        family="Set of images",
        digits=2,
        resolution=0.01,
        question="Do the reconstructions, taken together, look like the originals, taken together?",
        sees="features",
        version="torch-fidelity, float64/1",
        citation=("heusel2017gans",),
        formula="‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2√(Σ₁Σ₂))",
        good="As low as that of training images in place of the reconstructions: natural and as varied. It does not "
        "say that any image is like its own original.",
        lowest=0,
    )

    def between(self, a: Array, b: Array) -> Score:
        """The distance."""
        return Score(finite(frechet(a, b)))


class Fid(Frechet):
    """``fid``: the same over Inception's features, under the name that everybody knows."""

    def __init__(self) -> None:
        super().__init__("inception", headline=0)

    @property
    def key(self) -> str:
        """``fid``."""
        return "fid"

    @cached_property
    def card(self) -> MetricCard:  # type: ignore[override]
        """With a title and a version of its own."""
        return replace(super().card, title="FID", fetched=True, version="torch-fidelity inception-v3-compat 2048/1")


class Kernel(ExtractorMetric):
    """``kid_EXTRACTOR``."""

    prefix = "kid"
    facts = MetricCard(
        "kid",
        "KID",
        f"squared kernel distance (polynomial, degree 3) over {{about}}, mean of {KID_SUBSETS} fixed subsets of "
        f"{KID_SUBSET_SIZE}",
        higher_is_better=False,
        level="set",
        family="Set of images",
        digits=4,
        resolution=1e-5,
        question="The same without a bias that follows N, with a deviation over subsets that all methods share.",
        sees="features",
        version=f"torch-fidelity, polynomial 3, {KID_SUBSETS} x {KID_SUBSET_SIZE}/1",
        citation=("binkowski2018demystifying",),
        formula="mean k(a, a′) + mean k(b, b′) − 2 · mean k(a, b), k(u, v) = (uᵀv / d + 1)³",
        good="0, or slightly below, for sets that cannot be told apart. It does not say that any image is like its own "
        "original.",
    )

    def between(self, a: Array, b: Array) -> Score:
        """The mean over the subsets, with their deviation and their values."""
        found = kid(a, b)
        return Score(finite(found.mean), std=found.std, subsets=found.subsets)


METRICS = (
    Fid(),
    Frechet("efficientnet_lite0", headline=1, roles=("distance",)),
    Frechet("judge", headline=3, roles=("distance", "terminal")),
    Kernel("efficientnet_lite0", headline=2),
    Frechet,
    Kernel,
)
