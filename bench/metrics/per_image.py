"""A metric image by image, and its mean with an interval. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bench.errors import MetricError, error_text
from bench.metrics.base import Doubles, PerImage
from bench.metrics.bootstrap import mean_ci
from bench.store.record import Score, contradictions


def attempt(compute: Callable[[], PerImage | Doubles], n: int) -> tuple[Score, Doubles]:
    """The score of a metric that may fail in any way, and its (n,) values: null with the error's text, and NaN."""
    try:
        found = compute()
        per_image = found if isinstance(found, PerImage) else PerImage(np.asarray(found, dtype=np.float64))
        if per_image.values.shape != (n,):
            raise MetricError(f"There should be a value an image, ({n},), and there are {per_image.values.shape}.")
        return summary(per_image), per_image.values
    except (Exception, SystemExit) as error:
        return Score(None, note=error_text(error)), np.full(n, np.nan)


def attempt_set(compute: Callable[[], Score | float], n: int) -> Score:
    """The one score of a set, by a metric that may fail in any way: null with the error's text."""
    try:
        found = compute()
        return checked(found if isinstance(found, Score) else Score(float(found), n=n))
    except (Exception, SystemExit) as error:
        return Score(None, note=error_text(error))


def summary(per_image: PerImage) -> Score:
    """Mean over the images on which the metric is defined, with its interval.

    Raises:
        MetricError: it is defined on none.
    """
    n, defined = len(per_image.values), int((~np.isnan(per_image.values)).sum())
    if not defined:
        raise MetricError(f"Not defined on any of the {n:,} images: {per_image.undefined}.")
    mean, low, high = mean_ci(per_image.values)
    partial = f"defined on {defined:,} of {n:,} images; elsewhere {per_image.undefined}" if defined < n else None
    note = "; ".join(text for text in (per_image.note, partial) if text) or None
    return checked(Score(mean, ci95=(low, high), n=defined, chance=per_image.chance, note=note))


def checked(score: Score) -> Score:
    """The score in Python's own numbers, once a record was found to be able to hold it; a null stays as it is.

    Raises:
        MetricError: one of its numbers is not finite, or cannot be.
    """
    if score.value is None:
        return Score(None, n=int(score.n), note=score.note)
    low, high = (finite(float(end), "an end of the interval") for end in score.ci95 or (0.0, 0.0))
    plain = replace(
        score,
        value=finite(float(score.value)),
        ci95=None if score.ci95 is None else (low, high),
        n=int(score.n),
        chance=None if score.chance is None else finite(float(score.chance), "the chance"),
        std=None if score.std is None else finite(float(score.std), "the standard deviation"),
        subsets=None
        if score.subsets is None
        else tuple(finite(float(one), "a subset's value") for one in score.subsets),
    )
    for problem in contradictions(plain):
        raise MetricError(f"It cannot be a score: {problem}.")
    return plain


def finite(value: float, what: str = "the value") -> float:
    """The value, once it was found to be a number."""
    if not np.isfinite(value):
        raise MetricError(f"{what[0].upper()}{what[1:]} is {value}, not a finite number.")
    return value
