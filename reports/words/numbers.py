"""Differences as they are printed: as many digits as their interval is worth, and never a zero that is none."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING

from reports.words import text

if TYPE_CHECKING:
    from bench.cards import MetricCard

MOST = 6  # digits after the point


def places(card: MetricCard, difference: float, low: float, high: float) -> int:
    """Digits after the point: at least the metric's own, two of the interval's half width, one of its inner bound."""
    wanted = [text.decimals(card, difference)]
    if high > low:
        wanted.append(1 - floor(log10((high - low) / 2)))
    if low > 0 or high < 0:
        wanted.append(-floor(log10(min(abs(low), abs(high)))))
    return min(max(wanted), MOST)


def plain(value: float, digits: int) -> str:
    """A value with a true minus sign, never as minus zero."""
    shown = f"{value:.{digits}f}"
    if not shown.strip("-0."):
        shown = shown.lstrip("-")
    return shown.replace("-", text.MINUS)


def signed(value: float, digits: int) -> str:
    """A difference: its sign always stands, but for zero."""
    shown = plain(value, digits)
    return f"+{shown}" if value > 0 and shown.strip("0.") else shown


def interval(low: float, high: float, digits: int) -> str:
    """Bounds of a difference in brackets."""
    return f"[{signed(low, digits)}, {signed(high, digits)}]"
