"""How much of the way from little access to all of it a level keeps: a ratio of means, with its interval."""

from __future__ import annotations

import numpy as np

from bench.errors import MetricError
from bench.metrics.base import Doubles, PerImage
from bench.metrics.bootstrap import mean_ci

NO_WAY = "all logits are not shown to be better here than the largest one alone, so that there is no way to keep"


def kept(level: Doubles, full: Doubles, alone: Doubles, *, up: bool) -> PerImage:
    """Share of the way from ``alone`` to ``full``: R = mean(level - alone) / mean(full - alone), image by image.

    The values are R + (level - alone - R (full - alone)) / mean(full - alone): their mean is R, and the interval of
    their mean is, to first order, that of the ratio (the delta method), paired over images. ``full`` itself is 1
    for every image.

    Args:
        level, full, alone: (N,) scores of the same images; NaN where one is not defined.
        up: whether higher scores are better.

    Raises:
        MetricError: ``full`` is not shown to be better than ``alone``.
    """
    gain, way = level - alone, full - alone
    defined = np.isfinite(gain) & np.isfinite(way)
    if not defined.any():
        raise MetricError("the score has no value there")
    _, *ends = mean_ci(np.where(defined, way if up else -way, np.nan))
    if defined.sum() < 2 or min(ends) <= 0:  # of a single image there is no interval
        raise MetricError(NO_WAY)
    length = way[defined].mean()
    ratio = gain[defined].mean() / length
    values: Doubles = np.where(defined, ratio + (gain - ratio * way) / length, np.nan)
    return PerImage(values, undefined="the score has no value there")
