"""Precision, recall, density and coverage: which features of one set lie among the nearest neighbours of the other.

Distances are computed block by block; memory never holds all N x N of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.cards import MetricCard
from bench.errors import MetricError
from bench.metrics.base import Array, ExtractorMetric
from bench.store.record import Score

Doubles = NDArray[np.float64]
NEAREST_2019, NEAREST_2020 = 3, 5  # k of the two papers
IMPROVED, RELIABLE = "kynkaanniemi2019improved", "naeem2020reliable"  # the papers
BLOCK = 500  # rows of distances in memory


@dataclass(frozen=True)
class Neighbours:
    """How many balls hold which points.

    Around each feature of a set lies a ball that reaches to its k-th nearest neighbour in that set, itself not counted.

    Attributes:
        holding: (M,) for each of ``points``, the number of ``centres`` in whose ball it lies.
        held: (N,) for each of ``centres``, whether any of ``points`` lies in its ball.
    """

    holding: NDArray[np.int64]
    held: NDArray[np.bool_]

    @classmethod
    def between(cls, centres: Array, points: Array, k: int) -> Neighbours:
        """Of features (N, F) around which the balls lie and (M, F) that lie in them or not.

        Raises:
            MetricError: there are too few rows, or some are not finite.
        """
        _check(centres, points, k)
        centres, points = centres.astype(np.float64), points.astype(np.float64)
        radii = squared_radii(centres, k)
        holding, held = np.empty(len(points), np.int64), np.zeros(len(centres), bool)
        for start in range(0, len(points), BLOCK):
            rows = slice(start, start + BLOCK)
            inside = _squared_distances(points[rows], centres) <= radii
            holding[rows] = inside.sum(1)
            held |= inside.any(0)
        return cls(holding, held)


def squared_radii(features: Array, k: int) -> Doubles:
    """Of features (N, F) the squared distance to the k-th nearest other one: (N,)."""
    found = np.empty(len(features))
    for start in range(0, len(features), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(features)))
        distances = _squared_distances(features[rows], features)
        distances[np.arange(len(rows)), rows] = np.inf
        found[rows] = np.partition(distances, k - 1, axis=1)[:, k - 1]
    return found


def _squared_distances(a: Array, b: Array) -> Doubles:
    """(n, F) and (m, F) to (n, m), in float64; 0 for equal rows up to rounding."""
    a, b = a.astype(np.float64, copy=False), b.astype(np.float64, copy=False)
    squares: Doubles = np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2 * a @ b.T
    return np.maximum(squares, 0, out=squares)


def _check(a: Array, b: Array, k: int) -> None:
    if min(len(a), len(b)) <= k:
        raise MetricError(f"More than {k} images are needed on either side, got {len(a)} and {len(b)}.")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise MetricError("Some features are not finite.")


def _facts(prefix: str, definition: str, published: str, question: str, formula: str, good: str, k: int) -> MetricCard:
    return MetricCard(
        prefix,
        prefix,
        definition,
        higher_is_better=True,
        level="set",
        family="Set of images",
        digits=3,
        resolution=1e-3,
        sees="features",
        citation=(published,),
        question=question,
        version=f"Euclidean, k {k}/1",
        formula=formula,
        good=good,
        lowest=0,
        highest=None if prefix == "density" else 1,
    )


class Precision(ExtractorMetric):
    """``precision_EXTRACTOR``."""

    prefix = "precision"
    facts: ClassVar[MetricCard] = _facts(
        prefix,
        f"share of reconstructions in the ball of any original, which reaches to its {NEAREST_2019}rd nearest other "
        "original, over {about}",
        published=IMPROVED,
        question="How many reconstructions look like originals?",
        formula="mean over b of 1[some a: ‖b − a‖ ≤ r(a)]",
        good="1 where each reconstruction is where originals are. It says nothing about variety, nor that any image is "
        "like its own original; one outlier among the originals holds many.",
        k=NEAREST_2019,
    )

    def between(self, a: Array, b: Array) -> Score:
        """The share."""
        return Score(float((Neighbours.between(a, b, NEAREST_2019).holding > 0).mean()))


class Recall(ExtractorMetric):
    """``recall_EXTRACTOR``."""

    prefix = "recall"
    facts: ClassVar[MetricCard] = _facts(
        prefix,
        f"share of originals in the ball of any reconstruction, which reaches to its {NEAREST_2019}rd nearest other "
        "reconstruction, over {about}",
        published=IMPROVED,
        question="How many originals look like reconstructions?",
        formula="mean over a of 1[some b: ‖a − b‖ ≤ r(b)]",
        good="1 where reconstructions are as varied as originals. Scattered ones have large balls and score well.",
        k=NEAREST_2019,
    )

    def between(self, a: Array, b: Array) -> Score:
        """The share."""
        return Score(float((Neighbours.between(b, a, NEAREST_2019).holding > 0).mean()))


class Density(ExtractorMetric):
    """``density_EXTRACTOR``."""

    prefix = "density"
    facts: ClassVar[MetricCard] = _facts(
        prefix,
        f"number of originals in whose ball a reconstruction lies, which reaches to the {NEAREST_2020}th nearest other "
        f"original, on average and divided by {NEAREST_2020}, over {{about}}",
        published=RELIABLE,
        question="How many originals does a reconstruction look like?",
        formula="mean over b of #{a: ‖b − a‖ ≤ r(a)} / k",
        good="About 1 for other images of the same kind; more where reconstructions crowd where originals do.",
        k=NEAREST_2020,
    )

    def between(self, a: Array, b: Array) -> Score:
        """The mean number over k; it may exceed 1."""
        return Score(float(Neighbours.between(a, b, NEAREST_2020).holding.mean() / NEAREST_2020))


class Coverage(ExtractorMetric):
    """``coverage_EXTRACTOR``."""

    prefix = "coverage"
    facts: ClassVar[MetricCard] = _facts(
        prefix,
        f"share of originals in whose ball, which reaches to the {NEAREST_2020}th nearest other original, any "
        "reconstruction lies, over {about}",
        published=RELIABLE,
        question="Near how many originals is there a reconstruction?",
        formula="mean over a of 1[some b: ‖b − a‖ ≤ r(a)]",
        good="As high as that of training images in place of the reconstructions; that they are varied, but not that "
        "any image is like its own original.",
        k=NEAREST_2020,
    )

    def between(self, a: Array, b: Array) -> Score:
        """The share."""
        return Score(float(Neighbours.between(a, b, NEAREST_2020).held.mean()))


METRICS = (Precision, Recall, Density, Coverage)
