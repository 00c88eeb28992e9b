"""Percentile bootstrap over images (Efron 1979), seeded: the same values give the same interval everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import MetricError, UsageError
from bench.seeding import seed_of

Whole = NDArray[np.integer[Any]]

RESAMPLES = 2_000
_CHUNK = 100_000  # indices drawn at a time: they stay in a core's cache, whatever N
_KEPT = 6_000_000  # indices of all resamples that are kept for the next values


def mean_ci(values: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0) -> tuple[float, float, float]:
    """Mean and its 95 % percentile interval.

    Args:
        values: (N,); NaN marks images on which the metric is not defined, they are left out.
        resamples: number of resamples over images.
        seed: of the resampling; two metrics over the same number of images share their resamples.

    Returns:
        (mean, lower, upper).

    Raises:
        MetricError: no value is left.
    """
    defined = np.asarray(values, dtype=np.float64)
    defined = defined[~np.isnan(defined)]
    if not len(defined):
        raise MetricError("There is no image on which the value is defined.")
    means = _resampled_means(defined, resamples, seed)
    lower, upper = np.quantile(means, [0.025, 0.975])
    return float(defined.mean()), float(lower), float(upper)


def mean_cis(values: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0) -> NDArray[np.float64]:
    """``mean_ci`` of every column, over the same resamples: as fast as a few of them.

    Args:
        values: (N, k), all of them defined.
        resamples, seed: as of ``mean_ci``.

    Returns:
        (k, 3): mean, lower, upper; equal to ``mean_ci`` but for rounding in the last digits.

    Raises:
        MetricError: there is no row.
    """
    columns = np.asarray(values, dtype=np.float64)
    n, k = columns.shape
    if not n:
        raise MetricError("There is no image on which the value is defined.")
    start, means = 0, np.empty((resamples, k))
    counted = _counts_kept if n * resamples <= _KEPT else _counts
    for counts in counted(n, resamples, seed, _CHUNK):
        means[start : start + len(counts)] = counts.astype(np.float64) @ columns / n
        start += len(counts)
    return np.column_stack([columns.mean(axis=0), *np.quantile(means, [0.025, 0.975], axis=0)])


def paired_difference(
    a: ArrayLike, b: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float, float]:
    """Mean of a - b over paired images and its 95 % percentile interval; "better" means that it excludes 0.

    Args:
        a, b: (N,) values of two methods on the same images in the same order; a pair with a NaN is left out.
        resamples: number of resamples over pairs.
        seed: of the resampling.

    Returns:
        (mean difference, lower, upper).

    Raises:
        UsageError: the two differ in length.
        MetricError: no pair is left.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise UsageError(f"Paired values must match one to one, got {first.shape} and {second.shape}.")
    return mean_ci(first - second, resamples=resamples, seed=seed)


def _resampled_means(values: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """(resamples,) means of N draws with replacement, a chunk of resamples at a time."""
    n, start, means = len(values), 0, np.empty(resamples)
    drawn = _drawn_kept if n * resamples <= _KEPT else _drawn
    for rows in drawn(n, resamples, seed, _CHUNK):
        means[start : start + len(rows)] = values[rows.astype(np.intp)].mean(axis=1)  # cast, it is twice as fast
        start += len(rows)
    return means


def _drawn(n: int, resamples: int, seed: int, chunk: int) -> Iterator[Whole]:
    """The rows of every resample, (chunk / n, n) at a time."""
    rng, step = np.random.default_rng(seed_of("bootstrap", seed, n)), max(1, chunk // n)
    for start in range(0, resamples, step):
        yield rng.integers(n, size=(min(step, resamples - start), n), dtype=np.int32)


def _counts(n: int, resamples: int, seed: int, chunk: int) -> Iterator[Whole]:
    """How often every resample has each row, in arrays like those of ``_drawn``."""
    for drawn in _drawn(n, resamples, seed, chunk):
        places = (drawn + n * np.arange(len(drawn))[:, None]).ravel()
        yield np.bincount(places, minlength=drawn.size).reshape(drawn.shape)


@lru_cache(maxsize=4)  # a report asks for the same ones for hundreds of pairs, of runs of several sizes
def _drawn_kept(n: int, resamples: int, seed: int, chunk: int) -> list[Whole]:
    return [drawn.astype(np.min_scalar_type(n)) for drawn in _drawn(n, resamples, seed, chunk)]


@lru_cache(maxsize=4)
def _counts_kept(n: int, resamples: int, seed: int, chunk: int) -> list[Whole]:
    return [counts.astype(np.min_scalar_type(int(counts.max()))) for counts in _counts(n, resamples, seed, chunk)]
