from __future__ import annotations

import csv
import dataclasses
import io

import pytest

from bench.record import Level, Record, Score
from reports.downloads import as_csv


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "﹦", "﹣", "−", " =", "\ufeff="]
)
def test_no_cell_of_the_csv_is_a_formula(records: list[Record], start: str) -> None:
    text = f"{start}HYPERLINK(1)"
    level = Level(text, -1.0, {text: Score(-0.5, (-0.75, -0.25), 40, note=text)})
    record = dataclasses.replace(
        records[0], method=text, status="failed", reason=text, probe="p", metrics={}, levels=(level,)
    )
    (row,) = csv.DictReader(io.StringIO(as_csv([record]), newline=""))
    assert {row[name] for name in ("method", "reason", "level", "metric", "note")} == {f"'{text}"}
    assert [row[name] for name in ("level_value", "value", "ci95_low", "ci95_high")] == [
        "-1.0",
        "-0.5",
        "-0.75",
        "-0.25",
    ]
