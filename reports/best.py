"""Who may be called best: an inverter whose paired difference from every other one leaves zero out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.metrics.bootstrap import paired_difference
from reports.groups import Entry

OPEN = (1.0, 8.0)  # standard errors between which a bootstrap interval may or may not hold zero
MANY_PAIRS = 100
Paired = tuple[NDArray[np.float64], NDArray[np.float64]]


def best(key: str, inverters: Sequence[Entry]) -> Entry | None:
    """The inverter that is better than all others in one metric, or None.

    Differences are taken image by image (or KID subset by subset), with a 95 % bootstrap interval. Set-level
    distances, metrics without a direction, and controls never earn the mark.
    """
    ranked = _ranked(key, inverters)
    if len(ranked) < 2:
        return None
    leader = ranked[0]
    return leader if all(_differs(key, leader, other) for other in ranked[1:]) else None


def _ranked(key: str, inverters: Sequence[Entry]) -> list[Entry]:
    """Inverters with a value, best first; empty where the metric has no direction."""
    scored = []
    for entry in inverters:
        score = entry.record.metrics.get(key) if entry.complete else None
        if score is None or score.value is None:
            continue
        if score.higher_is_better is None:
            return []
        scored.append((-score.value if score.higher_is_better else score.value, entry))
    return [entry for _, entry in sorted(scored, key=lambda pair: pair[0])]


def _differs(key: str, leader: Entry, other: Entry) -> bool:
    """Whether the interval of the paired difference lies on the leader's side of zero.

    The bootstrap is asked where its answer is open: with a mean difference below 1 or above 8 standard errors over
    100 pairs or more it is not.
    """
    pair = paired(key, leader, other)
    if pair is None:
        return False
    gain = pair[0] - pair[1] if leader.record.metrics[key].higher_is_better else pair[1] - pair[0]
    mean, error = float(gain.mean()), float(gain.std()) / len(gain) ** 0.5
    if len(gain) >= MANY_PAIRS and not OPEN[0] * error < mean < OPEN[1] * error:
        return bool(mean > error)
    _, low, _ = paired_difference(gain, np.zeros_like(gain))
    return bool(low > 0)


def difference(key: str, a: Entry, b: Entry) -> tuple[float, float, float] | None:
    """Mean of a - b over shared images (or subsets) with its 95 % interval; None where nothing can be paired."""
    pair = paired(key, a, b) if key in a.record.metrics and key in b.record.metrics else None
    return None if pair is None else paired_difference(*pair)


def paired(key: str, a: Entry, b: Entry) -> Paired | None:
    """The two methods' values on the same images or subsets, finite in both; None where nothing can be paired."""
    subsets = a.record.metrics[key].subsets, b.record.metrics[key].subsets
    if subsets[0] and subsets[1] and len(subsets[0]) == len(subsets[1]):
        return np.array(subsets[0]), np.array(subsets[1])
    first, second = a.per_image, b.per_image
    if (
        key not in first
        or key not in second
        or not np.array_equal(first.get("image_id", ()), second.get("image_id", ()))
    ):
        return None
    left, right = first[key].astype(np.float64), second[key].astype(np.float64)
    finite = np.isfinite(left) & np.isfinite(right)
    return (left[finite], right[finite]) if finite.sum() > 1 else None
