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

Floats = NDArray[np.float64]
Spot = tuple[float, float]


@dataclass(frozen=True)
class Label:
    """Where a point's name stands relative to it, in pixels, with the end of its connecting line if it needs one."""

    dx: str
    dy: str
    anchor: str
    leader: bool
    x2: str
    y2: str


@dataclass(frozen=True)
class _Place:
    """A place for a name: the offset of its near end from the point."""

    dx: float
    dy: float
    anchor: str
    leader: bool = False

    def tip(self) -> Spot:
        """Where the connecting line ends: just short of the name, or at the point."""
        gap = {"start": -3.0, "middle": 0.0, "end": 3.0}[self.anchor]
        return (self.dx + gap, self.dy) if self.leader else (0.0, 0.0)

    def box(self, width: float) -> tuple[float, float, float, float]:
        """The rectangle that the name covers: left, top, right, bottom."""
        left = self.dx - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return left, self.dy - LINE / 2, left + width, self.dy + LINE / 2


# In order of preference: beside the point, above and below it, then further off with a line to it.
_PLACES = (
    _Place(9, 0, "start"),
    _Place(-9, 0, "end"),
    _Place(0, -14, "middle"),
    _Place(0, 14, "middle"),
    *(
        _Place(side * dx, direction * steps * LINE / 2, "start" if side > 0 else "end", leader=True)
        for steps in range(2, 20)
        for direction in (-1, 1)
        for dx in (18, 45)
        for side in (1, -1)
    ),
)
_EFFORT = np.array([0.4 * (abs(place.dx) + abs(place.dy)) + 15 * place.leader for place in _PLACES])
_ALONG = np.linspace(0, 1, 9)[:, None]


def layout(names: Sequence[str], spots: Sequence[Spot], side: int) -> list[Label]:
    """A place for each name in a square plot of this many pixels.

    Every name starts at its first choice, then each in turn moves to where it costs least while the others stay.
    """
    points = np.array(spots, dtype=np.float64)  # (n, 2)
    marks = np.hstack([points - MARK, points + MARK])  # (n, 4)
    boxes = np.array([[place.box(CHARACTER * len(name)) for place in _PLACES] for name in names])
    boxes = boxes + np.tile(points, 2)[:, None]  # (n, places, 4)
    tips = np.array([place.tip() for place in _PLACES]) + points[:, None]  # (n, places, 2)
    lines = points[:, None, None] + (tips - points[:, None])[:, :, None] * _ALONG  # (n, places, 9, 2)
    chosen = np.zeros(len(names), dtype=int)
    for _ in range(PASSES):
        for index in range(len(names)):
            others = np.flatnonzero(np.arange(len(names)) != index)
            taken = np.vstack([marks[others], boxes[others, chosen[others]]])
            costs = _EFFORT + _collisions(boxes[index], taken, side)
            costs += 60 * _hits(lines[index], taken).sum(axis=1)
            costs += 60 * _hits(lines[others, chosen[others]], boxes[index]).sum(axis=0)
            chosen[index] = int(costs.argmin())
    return [_label(_PLACES[choice]) for choice in chosen]


def _label(place: _Place) -> Label:
    x2, y2 = place.tip()
    return Label(f"{place.dx:g}", f"{place.dy + 4:g}", place.anchor, place.leader, f"{x2:g}", f"{y2:g}")


def _collisions(boxes: Floats, taken: Floats, side: int) -> Floats:
    """Pixels of each box (places, 4) that others (m, 4) take, and far more for leaving the plot: (places,)."""
    low = np.maximum(boxes[:, None, :2], taken[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], taken[None, :, 2:])
    overlap: Floats = np.clip(high - low, 0, None).prod(axis=2).sum(axis=1)
    outside: Floats = np.clip(-boxes[:, :2], 0, None).sum(axis=1) + np.clip(boxes[:, 2:] - side, 0, None).sum(axis=1)
    return overlap + 1000 * outside


def _hits(lines: Floats, boxes: Floats) -> NDArray[np.bool_]:
    """Whether any sample of each line (a, 9, 2) lies in each box (b, 4): (a, b)."""
    samples = lines[:, :, None, :]
    inside: NDArray[np.bool_] = np.all((samples > boxes[:, :2]) & (samples < boxes[:, 2:]), axis=3)  # (a, 9, b)
    return np.asarray(np.any(inside, axis=1))
