from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path

import pytest

from bench.store.record import Level, Record, Score, read_records
from reports.analysis.groups import Entry, group
from reports.analysis.ranks import ONE_NUMBER, standings
from reports.export.downloads import as_csv, as_json, seeds_csv
from reports.words.ranks import PAIRED
from tests.reports.analysis.test_seeds import grouped, seeded


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


def test_csv_and_json_hold_the_ranks_of_the_tables(runs: Path) -> None:
    """Those of ranked inverters, by record and metric; no other score has one."""
    (one,) = group(Entry(record, folder) for record, folder in read_records(runs))
    ranked = standings(one)
    records = [entry.record for entry in one.entries]
    expected = {
        (entry.record.method, key): (rank.low, rank.high)
        for key, standing in ranked.items()
        for entry, rank in standing.ranks.items()
    }
    rows = list(csv.DictReader(io.StringIO(as_csv(records, [ranked]), newline="")))
    told = {(r["method"], r["metric"]): (int(r["rank_low"]), int(r["rank_high"])) for r in rows if r["rank_low"]}
    assert told == expected
    notes = {(row["method"], row["metric"]): row["rank_note"] for row in rows}
    assert notes["biggan-logit", "lpips"] == PAIRED
    assert notes["biggan-logit", "diversity"] == "no direction is better in itself"
    assert notes["oracle", "lpips"] == ""
    documents = json.loads(as_json(records, [ranked]))
    scores = {(d["method"], key): score for d in documents for key, score in d["metrics"].items()}
    assert {where: (s["rank_low"], s["rank_high"]) for where, s in scores.items() if s.get("rank_low")} == expected
    assert [Record.from_json(json.dumps(document)) for document in documents] == records


def test_a_single_number_says_why_it_has_no_rank(records: list[Record]) -> None:
    score = Score(3.0, None, 2_500, None, False)
    cells = [dataclasses.replace(records[0], method=name, metrics={"fd_judge": score}) for name in "ab"]
    (one,) = group(map(Entry, cells))
    rows = list(csv.DictReader(io.StringIO(as_csv(cells, [standings(one)]), newline="")))
    assert {(row["rank_low"], row["rank_high"], row["rank_note"]) for row in rows} == {("", "", ONE_NUMBER)}


def test_the_spread_of_seeds_is_a_table_of_its_own(records: list[Record]) -> None:
    found = grouped(seeded(records[0], 1.0, 0, 1), seeded(records[0], 1.4, 0, 0), *records[1:])
    (row,) = csv.DictReader(io.StringIO(seeds_csv([found]), newline=""))
    assert (row["method"], row["metric"], row["trainings"], row["seeds"]) == ("biggan-logit", "lpips", "2", "")
    numbers = [float(row[name]) for name in ("mean", "trainings_std", "trainings_range")]
    assert numbers == pytest.approx([1.2, 0.08**0.5, 0.4])
    assert float(row["trainings_std_in_half_intervals"]) == pytest.approx(0.08**0.5 / 0.2)
    assert row["points"] == "0/0: 1.4; 1/0: 1.0"


def test_each_seed_has_the_rank_of_its_row(runs: Path) -> None:
    first, *others = (Entry(record, folder) for record, folder in read_records(runs))
    again = Entry(dataclasses.replace(first.record, seed=7, key="again"), first.directory)
    (found,) = group([first, again, *others])
    rows = csv.DictReader(io.StringIO(as_csv([first.record, again.record], [standings(found)]), newline=""))
    places = {(row["seed"], row["metric"]): (row["rank_low"], row["rank_high"]) for row in rows}
    assert places["0", "lpips"] == places["7", "lpips"]
    assert bool(places["0", "lpips"][0]) == (first.record.kind == "inverter")
