"""What ``bench`` asks of its reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cli.commands import _print_tables
from bench.errors import DataError
from bench.registry import reports
from bench.store.faults import Faults
from bench.store.record import Record, read_records
from reports import commands
from reports.analysis.groups import Entry
from reports.page.tables import terminal_table


def test_the_table_after_a_run_ranks_by_the_values_beside_its_records(
    runs: Path, records: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    _print_tables(records, runs)
    printed = " ".join(capsys.readouterr().out.split())
    assert "Certainly: by paired differences, p < 0.05 after Holm's correction" in printed
    assert "intervals that do not touch" not in printed


def test_tables_are_those_of_the_records_in_the_folders_of_their_keys(runs: Path) -> None:
    found = read_records(runs)
    assert commands.tables([record for record, _ in found], runs) == terminal_table([Entry(*one) for one in found])


def test_pages_are_written_and_name_what_was_left_out(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "record.json").write_text("{")
    (tmp_path / "good").symlink_to(runs, target_is_directory=True)
    faults = Faults()
    assert commands.page(tmp_path, tmp_path / "one.html", faults) == tmp_path / "one.html"
    assert commands.comparison(runs, tmp_path / "good", tmp_path / "two.html", Faults()) == tmp_path / "two.html"
    assert [fault.path for fault in faults] == [tmp_path / "bad" / "record.json"]
    assert all((tmp_path / name).read_text().startswith("<!doctype html>") for name in ("one.html", "two.html"))
    with pytest.raises(DataError, match="Type: bench run"):
        commands.page(tmp_path / "nothing", tmp_path / "three.html", Faults())


def test_bench_finds_its_reports_here() -> None:
    assert reports() is commands
