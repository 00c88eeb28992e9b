"""The README's two small tables: every method and claim in its row, ranks beside inverters alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from bench.metrics.base import MIN_SET_IMAGES
from bench.store.record import Record
from reports.analysis.claims import board
from reports.analysis.groups import Entry, group, told_apart
from reports.analysis.ranks import standing
from studies.reports.overview import claims_in_short, overview
from studies.reports.tables import OVERVIEW, Sources, _entries

COMMITTED = _entries(Sources())


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("|")]


def test_every_method_stands_in_a_row_with_its_value_and_rank() -> None:
    groups = [one for one in group(COMMITTED) if one.num_images >= MIN_SET_IMAGES]
    head, _, *body = rows(overview(groups, OVERVIEW))
    assert head == ["metric", "method", *told_apart(groups, "`{}`")]
    first = {cells[1]: cells[2:] for cells in body[: len(body) // 2]}
    for column, one in enumerate(groups):
        ranked = standing(OVERVIEW[0], one.contenders)
        for entry in one.contenders:
            value, rank = first[entry.record.method][column].split(" ")
            assert float(value.strip("*")) == round(entry.record.metrics[OVERVIEW[0]].value or -1, 4)
            assert rank == f"({ranked.ranks[entry]})"
            assert value.startswith("**") == (entry in ranked.leaders)
        memory = one.control("memory")
        assert memory is not None
        assert "(" not in first["*train-nearest*"][column]


def test_a_method_that_was_not_run_somewhere_has_a_dash_there(records: list[Record]) -> None:
    here = replace(records[0], classifier="a", method="both", kind="inverter", key="1")
    there = [replace(here, classifier="b", key="2"), replace(here, classifier="b", method="one", key="3")]
    table = rows(overview(group([Entry(record) for record in (here, *there)]), OVERVIEW[:1]))
    assert [cells[2] for cells in table if cells[1] == "one"] == ["—"]
    assert "—" not in [cells[3] for cells in table]


def test_datasets_and_numbers_of_images_are_told_apart(records: list[Record]) -> None:
    first = replace(records[0], classifier="a", dataset="d1", num_images=10, key="1")
    one = overview(group([Entry(first)]), OVERVIEW)
    assert one.endswith("\n\nd1, 10 images.\n")
    two = overview(group([Entry(first), Entry(replace(first, classifier="b", num_images=20, key="2"))]), OVERVIEW)
    assert two.endswith("\n\nd1, 10 images: a; d1, 20 images: b.\n")


def test_claims_are_counted_by_their_verdicts() -> None:
    made = board(COMMITTED)
    head, _, *body = rows(claims_in_short(made))
    assert head == ["claim", "holds", "does not hold", "not decided"]
    assert len(body) == len(made.claims)
    counted: Counter[str] = Counter()
    for cells in body:
        for verdict, cell in zip(head[1:], cells[1:], strict=True):
            counted[verdict] += int(cell.split(" of ")[0]) if cell != "—" else 0
    totals: Counter[str] = Counter()
    for verdict, number in (*made.totals, *made.own):
        totals[verdict] += int(number)
    assert {verdict: totals[verdict] for verdict in head[1:]} == counted
