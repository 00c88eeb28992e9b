"""Two methods' values of one metric, pair by pair: on the same images, or on the same KID subsets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reports.analysis.groups import Entry
from reports.analysis.pairs import MIN_PAIRS, Doubles, alike, no_more_than, over_images, over_subsets, p_value


@dataclass(frozen=True, eq=False)
class Pairs:
    """Two methods' values on the same images or subsets; ``subsets_of`` is N where they are subsets, else 0."""

    a: Doubles
    b: Doubles
    subsets_of: int = 0

    @cached_property
    def mean(self) -> float:
        """Of a - b."""
        return float((self.a - self.b).mean())

    def interval(self) -> tuple[float, float, float] | None:
        """Mean of a - b with its 95 % interval; None where there are too few pairs."""
        return over_subsets(self.a, self.b, self.subsets_of) if self.subsets_of else over_images(self.a, self.b)

    def below(self, resolution: float) -> bool:
        """Whether the difference is less than the metric can tell; its interval is drawn only where it may be."""
        found = self.interval() if abs(self.mean) < resolution else None
        return found is not None and no_more_than(resolution, *found)

    def p_value(self) -> float | None:
        """Two-sided, of no difference; None where there are too few pairs."""
        return p_value(self.a, self.b, self.subsets_of)


def difference(key: str, a: Entry, b: Entry) -> tuple[float, float, float] | None:
    """Mean of a - b over shared images (or subsets) with its 95 % interval; None where nothing can be paired."""
    pair = paired(key, a, b) if key in a.record.metrics and key in b.record.metrics else None
    return None if pair is None else pair.interval()


def paired(key: str, a: Entry, b: Entry) -> Pairs | None:
    """The two methods' values on the same images or subsets, finite in both; None where nothing can be paired.

    Values image by image are rounded as the narrower of the two was stored.
    """
    subsets = a.record.metrics[key].subsets, b.record.metrics[key].subsets
    if subsets[0] and subsets[1] and len(subsets[0]) == len(subsets[1]):
        return Pairs(np.array(subsets[0]), np.array(subsets[1]), a.record.num_images)
    first, second = a.values, b.values
    if key not in first or key not in second or a.order != b.order:
        return None
    left, right = alike(first[key], second[key])
    finite = np.isfinite(left) & np.isfinite(right)
    if not finite.all():
        left, right = left[finite], right[finite]
    return Pairs(left, right) if len(left) >= MIN_PAIRS else None
