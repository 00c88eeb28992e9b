"""Runs of a folder: all that can be read, in order, as a table for pandas."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import bench
from bench.errors import UsageError
from bench.store.record import Record, Score, read_records
from bench.store.runs import load_runs
from tests.reports.synthetic import write_cell

RECORDS = (
    Record("a", "c", "d", 4, 0, key="1", metrics={"lpips": Score(0.25, (0.2, 0.3), 4), "fd_judge": Score(7.0)}),
    Record("b", "c", "d", 4, 1, key="2", status="failed", reason="no memory"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for record in RECORDS:
        write_cell(tmp_path, record, None, None)
    return tmp_path


def test_every_run_is_there_and_what_cannot_be_read_is_told(folder: Path) -> None:
    (folder / "broken").mkdir()
    (folder / "broken" / "record.json").write_text("{")
    runs = load_runs(str(folder))
    assert [one.record.method for one in runs] == ["a", "b"]
    assert (len(runs), len(runs[1:]), runs[-1].record.status) == (2, 1, "failed")
    assert [fault.path.parent.name for fault in runs.faults] == ["broken"]
    assert [one.record for one in runs] == [record for record, _ in read_records(folder, runs.faults)]
    assert str(runs).splitlines() == [
        "2 runs",
        "  a on c, d, 4 images, seed 0: complete",
        "  b on c, d, 4 images, seed 1: failed",
    ]


def test_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is none at"):
        bench.load_runs(tmp_path / "none")


def test_without_pandas_a_sentence_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="pip install pandas"):
        load_runs(folder).to_pandas()


def test_a_row_a_run_with_scores_and_intervals(folder: Path) -> None:
    import pandas  # type: ignore[import-untyped]

    table = load_runs(folder).to_pandas()
    assert table["method"].tolist() == ["a", "b"]
    first, second = table.to_dict("records")
    assert (first["lpips"], first["lpips_low"], first["lpips_high"], first["fd_judge"]) == (0.25, 0.2, 0.3, 7.0)
    assert pandas.isna(second["lpips"])
    assert "fd_judge_low" not in table
