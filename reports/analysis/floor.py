"""How far a score lies from what the class alone is worth, and on which side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reports.analysis.groups import Entry, has_value
from reports.analysis.ranks import LEVEL, Compared, compared

Side = Literal["better", "worse", "even", "open"]


@dataclass(frozen=True)
class Away:
    """The difference to the class alone.

    Attributes:
        distance: without sign.
        side: ``even`` where nothing separates the two by paired differences, or by intervals where pairs are missing;
            ``open`` where the metric has one number for all images, or too few: nothing was tested.
        nearer: whether the plain value is the better one.
    """

    distance: float
    side: Side
    nearer: bool


def away(key: str, entry: Entry, floor: Entry | None) -> Away | None:
    """None where either has no value, or no direction is better; no correction over several metrics is made."""
    if floor is None or floor is entry or not (has_value(entry, key) and has_value(floor, key)):
        return None
    mine, theirs = entry.record.metrics[key], floor.record.metrics[key]
    if mine.higher_is_better is None:
        return None
    difference = (mine.value or 0.0) - (theirs.value or 0.0)
    nearer = difference > 0 if mine.higher_is_better else difference < 0
    found = compared(key, entry, floor)
    if not isinstance(found, Compared):
        return Away(abs(difference), "open", nearer)
    side: Side = "even" if found.p >= LEVEL else "better" if found.better else "worse"
    return Away(abs(difference), side, nearer)
