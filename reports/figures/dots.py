"""Dots on a scale: a value with its interval beside what the class alone is worth, as inline SVG of any width.

Better is always to the right, whatever the metric's direction, so that five columns are read alike. The scale is set
by inverters and by the control that knows the class alone; what lies beyond it stands at its end as a triangle.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.store.record import Score
from reports.words import text

if TYPE_CHECKING:
    from markupsafe import Markup

ROOM = 0.05  # of the width, at either end
HEIGHT = 14
MIDDLE = HEIGHT / 2


@dataclass(frozen=True)
class Scale:
    """From the worst end to the best one."""

    worst: float
    best: float

    def share(self, value: float) -> float:
        """Where a value lies, 0 at the left and 1 at the right; outside of them where it lies beyond the scale."""
        if self.worst == self.best:
            return 0.5
        return ROOM + (1 - 2 * ROOM) * (value - self.worst) / (self.best - self.worst)

    def at(self, value: float) -> str:
        """The same in per cent, within the drawing."""
        return text.percent(min(max(self.share(value), 0.0), 1.0))

    def beyond(self, value: float) -> bool:
        """Whether a value lies outside of the drawing."""
        return not 0 <= self.share(value) <= 1


def scale(scores: Iterable[Score], higher_is_better: bool) -> Scale | None:
    """Of these scores with their intervals; None where none has a value."""
    ends = [end for one in scores if one.value is not None for end in (one.value, *(one.ci95 or ()))]
    if not ends:
        return None
    low, high = min(ends), max(ends)
    return Scale(low, high) if higher_is_better else Scale(high, low)


def strip(on: Scale, score: Score, floor: float | None, words: str) -> Markup:
    """One value on its scale, with a line where the class alone stands.

    Args:
        on: the column's scale.
        score: with a value.
        floor: what the class alone is worth, where that is known.
        words: the drawing's text alternative.
    """
    from markupsafe import Markup

    value = score.value if score.value is not None else 0.0
    parts = [f'<line class="strip-track" x1="0" x2="100%" y1="{MIDDLE:g}" y2="{MIDDLE:g}"/>']
    if floor is not None:
        parts.append(
            f'<line class="strip-away" x1="{on.at(floor)}" x2="{on.at(value)}" y1="{MIDDLE:g}" y2="{MIDDLE:g}"/>'
        )
        parts.append(f'<line class="strip-floor" x1="{on.at(floor)}" x2="{on.at(floor)}" y1="0" y2="{HEIGHT}"/>')
    if score.ci95 is not None and not on.beyond(value):
        low, high = (on.at(end) for end in score.ci95)
        parts.append(f'<line class="strip-range" x1="{low}" x2="{high}" y1="{MIDDLE:g}" y2="{MIDDLE:g}"/>')
    parts.append(_beyond(on, value) if on.beyond(value) else f'<circle cx="{on.at(value)}" cy="{MIDDLE:g}" r="4"/>')
    return Markup(f'<svg class="strip" role="img" aria-label="{html.escape(words)}">{"".join(parts)}</svg>')


def _beyond(on: Scale, value: float) -> str:
    """A triangle at the end that points to where the value lies."""
    points = "M-1 2.5 L6 7 L-1 11.5 Z" if on.share(value) > 1 else "M1 2.5 L-6 7 L1 11.5 Z"
    return f'<svg class="strip-beyond" x="{on.at(value)}" y="0" overflow="visible"><path d="{points}"/></svg>'
