from __future__ import annotations

from pathlib import Path

import pytest

from bench.commands import _print_tables
from bench.record import read_records
from tests.reports.synthetic import make_runs


def test_the_table_after_a_run_ranks_by_the_values_beside_its_records(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_runs(tmp_path)
    _print_tables([record for record, _ in read_records(tmp_path)], tmp_path)
    printed = " ".join(capsys.readouterr().out.split())
    assert "Certainly: by paired differences, p < 0.05 after Holm's correction" in printed
    assert "intervals that do not touch" not in printed
