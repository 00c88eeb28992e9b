"""Who may be called best: an inverter whose paired difference from every other one leaves zero out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.groups import Entry
from reports.pairs import MIN_PAIRS, Doubles, over_images, over_subsets, p_value

OPEN = (1.0, 8.0)  # standard errors between which a bootstrap interval may or may not hold zero
MANY_PAIRS = 100


def best(key: str, inverters: Sequence[Entry]) -> Entry | None:
    """The inverter that is better than those of every other method in one metric, or None.

    Differences are taken image by image (or KID subset by subset), with a 95 % interval. Set-level distances, metrics
    without a direction, and controls never earn the mark; below 50 images nobody does.
    """
    leader, *others = _ranked(key, inverters) or (None,)
    rivals = [other for other in others if leader and other.record.method != leader.record.method]
    return leader if leader and rivals and all(_differs(key, leader, other) for other in rivals) else None


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
    100 images or more it is not.
    """
    sign = 1 if leader.record.metrics[key].higher_is_better else -1
    pair = paired(key, leader, other)
    if pair is None:
        return False
    gain = sign * (pair.a - pair.b)
    mean, error = float(gain.mean()), float(gain.std()) / len(gain) ** 0.5
    if not pair.subsets_of and len(gain) >= MANY_PAIRS and not OPEN[0] * error < mean < OPEN[1] * error:
        return bool(mean > error)
    found = pair.interval()
    return found is not None and (found[1] > 0 if sign > 0 else found[2] < 0)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Two methods' values on the same images or subsets; ``subsets_of`` is N where they are subsets, else 0."""

    a: Doubles
    b: Doubles
    subsets_of: int = 0

    def interval(self) -> tuple[float, float, float] | None:
        """Mean of a - b with its 95 % interval; None where there are too few pairs."""
        return over_subsets(self.a, self.b, self.subsets_of) if self.subsets_of else over_images(self.a, self.b)

    def p_value(self) -> float | None:
        """Two-sided, of no difference; None where there are too few pairs."""
        return p_value(self.a, self.b, self.subsets_of)


def difference(key: str, a: Entry, b: Entry) -> tuple[float, float, float] | None:
    """Mean of a - b over shared images (or subsets) with its 95 % interval; None where nothing can be paired."""
    pair = paired(key, a, b) if key in a.record.metrics and key in b.record.metrics else None
    return None if pair is None else pair.interval()


def paired(key: str, a: Entry, b: Entry) -> Pairs | None:
    """The two methods' values on the same images or subsets, finite in both; None where nothing can be paired."""
    subsets = a.record.metrics[key].subsets, b.record.metrics[key].subsets
    if subsets[0] and subsets[1] and len(subsets[0]) == len(subsets[1]):
        return Pairs(np.array(subsets[0]), np.array(subsets[1]), a.record.num_images)
    first, second = a.per_image, b.per_image
    if (
        key not in first
        or key not in second
        or not np.array_equal(first.get("image_id", ()), second.get("image_id", ()))
    ):
        return None
    left, right = first[key].astype(np.float64), second[key].astype(np.float64)
    finite = np.isfinite(left) & np.isfinite(right)
    return Pairs(left[finite], right[finite]) if finite.sum() >= MIN_PAIRS else None
