"""Names beside the points of a plot, so that none covers another, a point, or a line that leads to a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHARACTER = 6.4  # pixels a character, a line and half a mark take
LINE = 14.0
MARK = 7.0
PASSES = 3
CROSSED = 150  # what a line through a mark, a name or another line costs, in pixels of overlap

Floats = NDArray[np.float64]
Spot = tuple[float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Label:
    """Where a name stands: the offset of its near end from its point, in pixels to the right and down.

    ``leader``: a line must lead there.
    """

    dx: float
    dy: float
    anchor: str
    leader: bool = False

    def tip(self) -> Spot:
        """Where the connecting line ends: just short of the name, or at the point."""
        gap = {"start": -3.0, "middle": 0.0, "end": 3.0}[self.anchor]
        return (self.dx + gap, self.dy) if self.leader else (0.0, 0.0)

    def box(self, width: float) -> Box:
        """The rectangle that the name covers: left, top, right, bottom."""
        left = self.dx - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return left, self.dy - LINE / 2, left + width, self.dy + LINE / 2


# In order of preference: beside the point, above and below it, then further off with a line to it.
_PLACES = (
    Label(9, 0, "start"),
    Label(-9, 0, "end"),
    Label(0, -14, "middle"),
    Label(0, 14, "middle"),
    *(
        Label(side * dx, direction * steps * LINE / 2, "start" if side > 0 else "end", leader=True)
        for steps in range(2, 12)
        for direction in (-1, 1)
        for dx in (18, 45, 90)
        for side in (1, -1)
    ),
)
_EFFORT = np.array([0.4 * (abs(place.dx) + abs(place.dy)) + 15 * place.leader for place in _PLACES])
_NEAR = sum(not place.leader for place in _PLACES)
_STAGES = slice(0, _NEAR), slice(_NEAR, len(_PLACES))
_ALONG = np.linspace(0, 1, 13)[:, None]


def layout(names: Sequence[str], spots: Sequence[Spot], size: Spot, bars: Sequence[Box] = ()) -> list[Label]:
    """A place for each name in a plot of this width and height, in pixels.

    Every name starts at its first choice, then each in turn moves to where it costs least while the others stay.

    Args:
        names: of the points.
        spots: the points, counted from the top left.
        size: width and height of the plot.
        bars: rectangles (left, top, right, bottom) that names had better not cover, such as whiskers.
    """
    points = np.array(spots, dtype=np.float64)  # (n, 2)
    marks = np.hstack([points - MARK, points + MARK])  # (n, 4)
    boxes = np.array([[place.box(CHARACTER * len(name)) for place in _PLACES] for name in names])
    boxes = boxes + np.tile(points, 2)[:, None]  # (n, places, 4)
    tips = np.array([place.tip() for place in _PLACES]) + points[:, None]  # (n, places, 2)
    lines = points[:, None, None] + (tips - points[:, None])[:, :, None] * _ALONG  # (n, places, 13, 2)
    blocked = np.array(bars, dtype=np.float64).reshape(-1, 4)
    chosen = np.zeros(len(names), dtype=int)
    for _ in range(PASSES):
        before = chosen.copy()
        for index in range(len(names)):
            others = np.flatnonzero(np.arange(len(names)) != index)
            taken = np.vstack([marks[others], boxes[others, chosen[others]]])
            around = taken, np.vstack([taken, blocked]), lines[others, chosen[others]]
            chosen[index] = _cheapest(boxes[index], lines[index], around, size)
        if np.array_equal(before, chosen):
            break
    return [_PLACES[choice] for choice in chosen]


def _cheapest(boxes: Floats, lines: Floats, around: tuple[Floats, Floats, Floats], size: Spot) -> int:
    """The first of the places that cost least.

    Where one without a line costs less than the least effort of those with one, these are not looked at.

    Args:
        boxes: (places, 4) that the name would cover.
        lines: (places, 13, 2) that would lead to it.
        around: marks and names (m, 4), these and what else is in the way (k, 4), and lines (n, 13, 2) of the others.
        size: of the plot.
    """
    taken, blocked, theirs = around
    best, least = 0, np.inf
    for part in _STAGES:
        if least <= _EFFORT[part].min():
            break
        costs = _EFFORT[part] + _collisions(boxes[part], blocked, size)
        costs += CROSSED * _hits(lines[part], taken).sum(axis=1)
        costs += CROSSED * _hits(theirs, boxes[part]).sum(axis=0)
        costs += CROSSED * _crossings(lines[part], theirs).sum(axis=1)
        if costs.min() < least:
            best, least = part.start + int(costs.argmin()), float(costs.min())
    return best


def _collisions(boxes: Floats, taken: Floats, size: Spot) -> Floats:
    """Pixels of each box (places, 4) that others (m, 4) take, and far more for leaving the plot: (places,)."""
    low = np.maximum(boxes[:, None, :2], taken[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], taken[None, :, 2:])
    overlap: Floats = np.clip(high - low, 0, None).prod(axis=2).sum(axis=1)
    outside: Floats = np.clip(-boxes[:, :2], 0, None).sum(axis=1) + np.clip(boxes[:, 2:] - np.array(size), 0, None).sum(
        axis=1
    )
    return overlap + 1000 * outside


def _hits(lines: Floats, boxes: Floats) -> NDArray[np.bool_]:
    """Whether any sample of each line (a, 13, 2) lies in each box (b, 4): (a, b)."""
    x, y = lines[..., 0, None], lines[..., 1, None]  # (a, 13, 1)
    left, top, right, bottom = boxes.T
    inside = (x > left) & (x < right) & (y > top) & (y < bottom)  # (a, 13, b)
    return np.asarray(inside.any(axis=1))


def _crossings(lines: Floats, others: Floats) -> NDArray[np.bool_]:
    """Whether each line (a, 13, 2) crosses each of others (b, 13, 2), not counting a touch: (a, b)."""
    p, q = lines[:, None, 0], lines[:, None, -1]  # (a, 1, 2)
    r, s = others[None, :, 0], others[None, :, -1]  # (1, b, 2)
    apart = _side(p, q, r) * _side(p, q, s) < 0
    return np.asarray(apart & (_side(r, s, p) * _side(r, s, q) < 0))


def _side(a: Floats, b: Floats, c: Floats) -> Floats:
    """Positive where c (..., 2) lies on one side of the line from a to b, negative on the other."""
    (ux, uy), (vx, vy) = np.moveaxis(b - a, -1, 0), np.moveaxis(c - a, -1, 0)
    side: Floats = ux * vy - uy * vx
    return side
