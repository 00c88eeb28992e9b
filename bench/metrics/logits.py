"""How well a reconstruction brings back the logits it was made from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.cards import MetricCard
from bench.metrics.base import FAMILIES, TARGET, Data, Metric, Needs, PerImage

Floats = NDArray[np.floating]


def logit_error(z: Floats, z_hat: Floats) -> NDArray[np.float64]:
    """norm(z_hat - z) / norm(z) per image.

    Args:
        z: (N, K) logits of the originals.
        z_hat: (N, K) logits of the reconstructions.

    Returns:
        (N,), at least 0; NaN where z is zero.
    """
    z64 = z.astype(np.float64)
    return _ratio(np.linalg.norm(z_hat - z64, axis=1), np.linalg.norm(z64, axis=1))


def logit_cosine(z: Floats, z_hat: Floats) -> NDArray[np.float64]:
    """Cosine of z_hat and z per image after the mean of z over all N images is taken from both.

    Args:
        z: (N, K) logits of the originals.
        z_hat: (N, K) logits of the reconstructions.

    Returns:
        (N,) in [-1, 1]; NaN where one of the centred vectors is zero.
    """
    mean = z.mean(axis=0, dtype=np.float64)
    u, v = z - mean, z_hat - mean
    return _ratio((u * v).sum(axis=1), np.linalg.norm(u, axis=1) * np.linalg.norm(v, axis=1))


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio: NDArray[np.float64] = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return ratio


class LogitError(Metric):
    """``logit_error``."""

    card = MetricCard(
        "logit_error",
        "Logit error",
        "norm(Phi(x^) - z) / norm(z), Phi(x^) the reconstruction's logits",
        higher_is_better=False,
        level="image",
        family=FAMILIES[2],
        resolution=1e-4,
        headline=7,
        sees="logits",
        roles=("ends",),
        question="How far are the reconstruction's logits from those that it was made from?",
        reads_distance=True,
        formula="‖Φ(x̂) − z‖ / ‖z‖",
        good="0 means that the classifier sees no difference. Noise that fools the classifier gets there as well: only "
        "together with the judge's scores does a low value mean a likeness.",
        lowest=0,
    )
    needs = Needs(logits=(TARGET,))

    def compute(self, data: Data) -> PerImage:
        """(N,), at least 0."""
        return PerImage(logit_error(*data.logits(TARGET)), undefined="the logits are zero")


class LogitCosine(Metric):
    """``logit_cosine``."""

    card = MetricCard(
        "logit_cosine",
        "Logit cosine",
        "cosine of Phi(x^) and z, both less the originals' mean logits",
        higher_is_better=True,
        level="image",
        family=FAMILIES[2],
        resolution=1e-4,
        headline=8,
        sees="logits",
        roles=("likeness", "terminal", "ends"),
        question="Do they point the same way?",
        depends_on="mean",
        formula="cos(Φ(x̂) − z̄, z − z̄), z̄ the mean logits of the originals",
        good="1 means logits of the same direction, whatever their length. Noise that fools the classifier gets there "
        "as well.",
        lowest=-1,
        highest=1,
    )
    needs = Needs(logits=(TARGET,))

    def compute(self, data: Data) -> PerImage:
        """(N,) in [-1, 1]."""
        return PerImage(logit_cosine(*data.logits(TARGET)), undefined="the centred logits are zero")


METRICS = (LogitError, LogitCosine)
