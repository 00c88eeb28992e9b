"""The scales of a plot that is cropped to what it is about: who sets them, where they end, which ticks they have."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from reports.words import text

REACH = 0.35  # of the methods' span: a control that lies further outside does not set the scale
PAD = 0.06  # of the scale, free at either end
Ends = tuple[float, float]


class Axis(NamedTuple):
    """A scale: its label, its ends, its ticks, and whether it is logarithmic."""

    label: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    log: bool = False

    def share(self, value: float) -> float:
        """Where a value lies between the ends, from 0 to 1."""
        bend: Callable[[float], float] = math.log10 if self.log else float
        return (bend(value) - bend(self.low)) / (bend(self.high) - bend(self.low))

    def beyond(self, value: float) -> int:
        """-1 below the scale, 1 above it, 0 on it."""
        return (value > self.high) - (value < self.low)

    def clipped(self, value: float) -> float:
        """The value, or the end of the scale that it lies beyond."""
        return min(max(value, self.low), self.high)


def window(methods: Sequence[Ends], controls: Iterable[Ends], least: float) -> Ends:
    """The ends of a scale that the methods set; controls widen it if they lie near.

    Args:
        methods: intervals of what the plot is about; not empty.
        controls: intervals of what stands beside it.
        least: the span that the methods have at least, so that a single one has room around it.
    """
    low, high = min(low for low, _ in methods), max(high for _, high in methods)
    spare = max(0.0, least - (high - low)) / 2
    low, high = low - spare, high + spare
    reach = REACH * (high - low)
    near = [(a, b) for a, b in controls if a >= low - reach and b <= high + reach]
    low, high = min([low, *(a for a, _ in near)]), max([high, *(b for _, b in near)])
    pad = PAD * (high - low)
    return low - pad, high + pad


def linear(label: str, methods: Sequence[Ends], controls: Iterable[Ends] = ()) -> Axis:
    """Four to nine round ticks; nothing that is never negative begins far below zero."""
    controls = list(controls)
    largest = max(abs(end) for ends in methods for end in ends)
    low, high = window(methods, controls, max(largest / 5, 1e-6))
    if min(end for ends in (*methods, *controls) for end in ends) >= 0:
        low = max(low, -0.02 * high)
    return Axis(label, low, high, _round(low, high))


def shares(label: str, methods: Sequence[Ends], controls: Iterable[Ends] = ()) -> Axis:
    """Between 0 and 1, with a little room at either end."""
    low, high = window(methods, controls, 0.2)
    low, high = max(low, -0.02), min(high, 1.02)
    return Axis(label, low, high, _round(max(low, 0.0), min(high, 1.0)))


def times(methods: Sequence[Ends], controls: Iterable[Ends] = ()) -> Axis:
    """Logarithmic, over a decade at least; ticks at the powers of ten, and between where they are few."""
    decades = [(math.log10(low), math.log10(high)) for low, high in methods]
    beside = [(math.log10(low), math.log10(high)) for low, high in controls]
    low, high = (10.0**end for end in window(decades, beside, 1.0))
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1,) if math.log10(high / low) > 2.5 else (1, 3)
    values = [factor * 10.0**power for power in powers for factor in factors]
    return Axis("time an image", low, high, [(v, text.duration(v)) for v in values if low <= v <= high], log=True)


def _round(low: float, high: float) -> list[tuple[float, str]]:
    """Ticks between two ends at round steps."""
    raw = (high - low) / 6
    scale = float(10.0 ** math.floor(math.log10(raw)))
    step = next(scale * factor for factor in (1, 2, 2.5, 5, 10) if scale * factor >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(k * step, f"{k * step:.4g}".replace("-", text.MINUS)) for k in range(first, last + 1)]
