"""The table of several seeds, and its drawings: a dot a run, a lane a training."""

from __future__ import annotations

import re

from bench.store.record import Record
from reports.page.seeds import several
from tests.reports.analysis.test_seeds import grouped, seeded


def test_numbers_and_points(records: list[Record]) -> None:
    one = records[0]
    pairs = {(0, 1): 1.0, (1, 1): 1.2, (0, 2): 1.6, (1, 2): 1.8}
    (found,) = several(grouped(*(seeded(one, value, *pair) for pair, value in pairs.items())))
    assert found.mean_of == "Mean of 2 trainings (1 and 2), 2 seeds (0 and 1)."
    assert found.heads == ("sd of 2 trainings", "range", "sd / half", "sd of 2 seeds", "range", "sd / half")
    assert (found.lanes, found.within) == ("1 and 2", True)
    (line,) = found.lines
    assert (line.value, line.half) == ("1.40", "0.20")
    assert line.cells == ("0.42", "0.60", "2.12", "0.14", "0.20", "0.71")
    dots = re.findall(r'<circle cx="([\d.]+)%" cy="(\d+)"', line.points)
    assert [y for _, y in dots] == ["5", "5", "15", "15"]
    places = [float(x) for x, _ in dots]
    assert places == sorted(places)
    assert places[0] == 6.0  # the least of all, interval included
    assert "training seed 2, seed 1: 1.8" in line.points


def test_rows_of_one_cell_have_no_table(records: list[Record]) -> None:
    assert several(grouped(*records)) == ()
