"""The distance to the class alone: its side by what was tested, in either direction."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.store.record import Record, Score
from reports.analysis.floor import away
from reports.analysis.groups import Entry


def cell(record: Record, key: str, value: float, half: float | None, higher: bool | None) -> Entry:
    ci95 = None if half is None else (value - half, value + half)
    return Entry(replace(record, metrics={key: Score(value, ci95, 100, None, higher)}))


@pytest.mark.parametrize(
    ("key", "mine", "theirs", "half", "higher", "found"),
    [
        ("lpips", 1.0, 3.0, 0.1, False, ("better", True)),
        ("lpips", 3.0, 1.0, 0.1, False, ("worse", False)),
        ("psnr", 3.0, 1.0, 0.1, True, ("better", True)),
        ("psnr", 1.0, 3.0, 0.1, True, ("worse", False)),
        ("psnr", 1.0, 3.0, 5.0, True, ("even", False)),
        ("fd_judge", 1.0, 3.0, None, False, ("open", True)),
    ],
)
def test_sides(
    records: list[Record],
    key: str,
    mine: float,
    theirs: float,
    half: float | None,
    higher: bool,
    found: tuple[str, bool],
) -> None:
    one = away(key, cell(records[0], key, mine, half, higher), cell(records[0], key, theirs, half, higher))
    assert one is not None
    assert (one.distance, one.side, one.nearer) == (2.0, *found)


def test_nothing_without_a_floor_a_value_or_a_direction(records: list[Record]) -> None:
    one = cell(records[0], "lpips", 1.0, 0.1, False)
    assert away("lpips", one, None) is None
    assert away("lpips", one, one) is None
    assert away("psnr", one, cell(records[0], "lpips", 1.0, 0.1, False)) is None
    gap = cell(records[0], "reid_gap", 1.0, 0.1, None)
    assert away("reid_gap", gap, cell(records[0], "reid_gap", 2.0, 0.1, None)) is None
