"""Which of several methods nothing beats in two measures at once."""

from __future__ import annotations

from collections.abc import Sequence

Pair = tuple[float, float]


def front(points: Sequence[Pair], higher: tuple[bool, bool]) -> list[int]:
    """Indices of the points that no other one beats in one measure without losing in the other, by the first measure.

    Args:
        points: of two measures each.
        higher: whether more is better, for each of the two.

    Returns:
        From the best in the first measure to the best in the second; of equal points all.
    """
    costs = [tuple(-v if more else v for v, more in zip(point, higher, strict=True)) for point in points]
    beaten = (
        any(other != mine and all(o <= m for o, m in zip(other, mine, strict=True)) for other in costs)
        for mine in costs
    )
    return sorted((k for k, lost in enumerate(beaten) if not lost), key=lambda k: costs[k])
