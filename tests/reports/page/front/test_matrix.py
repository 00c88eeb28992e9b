"""The matrix: a column a group, a row a method, tints by the distance from the class alone, and ranks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bench.store.record import Record, Score
from reports.analysis.groups import Entry, group
from reports.analysis.ranks import standings
from reports.page.front.matrix import STEPS, Cell, Matrix, matrix
from tests.reports.html_page import Page


def cell(record: Record, method: str, value: float, **changes: Any) -> Entry:
    score = {"lpips": Score(value, (value - 0.1, value + 0.1), 100, None, False)}
    made: dict[str, Any] = {"method": method, "kind": "inverter", "access": "logits", "metrics": score}
    return Entry(replace(record, **(made | {"num_images": 100} | changes)))


def made(entries: list[Entry]) -> Matrix:
    groups = group(entries)
    names = {number: one.classifier for number, one in enumerate(groups)}
    found = matrix(groups, [standings(one) for one in groups], {"a": "1"}, names)
    assert found is not None
    return found


def cells(found: Matrix, table: int = 0) -> dict[str, tuple[Cell, ...]]:
    return {row.label: row.cells for _, rows in found.tables[table].bands for row in rows}


def test_a_table_a_number_of_images_and_a_column_a_group(records: list[Record]) -> None:
    one = records[0]
    found = made([cell(one, "a", 1), cell(one, "a", 2, classifier="other"), cell(one, "b", 3, num_images=60)])
    assert [table.title for table in found.tables] == ["100 images", "60 images"]
    first, second = found.tables
    assert (first.datasets, [head.anchor for head in first.heads]) == ((("cifar10", 2),), ["group-1", "group-3"])
    assert [head.anchor for head in second.heads] == ["group-2"]
    assert [cell.href for cell in cells(found)["a"]] == ["#group-1", "#group-3"]


def test_columns_of_unlike_numbers_stand_side_by_side_each_with_its_most(records: list[Record]) -> None:
    one = records[0]
    entries = [cell(one, "a", 1), cell(one, "a", 2, num_images=60), cell(one, "a", 3, dataset="tiny", num_images=400)]
    found = made(entries)
    assert [table.title for table in found.tables] == ["Most images of each", "400 images", "100 images", "60 images"]
    most = found.tables[0]
    assert most.datasets == (("cifar10", 1), ("tiny", 1))
    assert [head.images for head in most.heads] == ["100 images", "400 images"]
    assert [one.value[0] for one in cells(found)["a"]] == ["1", "3"]
    assert [head.images for head in found.tables[1].heads] == [""]


def test_tints_follow_the_distance_from_the_class_alone(records: list[Record]) -> None:
    one = records[0]
    floor = cell(one, "same-class-random", 10, kind="control")
    far = cell(one, "train-nearest", 1, kind="control")
    ceiling = cell(one, "oracle", 0, kind="control", access="original")
    found = cells(
        made([cell(one, "a", 6), cell(one, "b", 9), cell(one, "c", 12), cell(one, "d", 10.05), floor, far, ceiling])
    )
    told = {name: (row[0].side, row[0].tint, row[0].away) for name, row in found.items()}
    assert told["a"] == ("better", f"near-{STEPS}", "4.00")
    assert told["b"] == ("better", "near-1", "1.00")
    assert told["c"] == ("worse", "far-2", "2.00")
    assert told["d"] == ("even", "", "0.05")
    assert told["same-class-random"] == ("", "", "")
    assert told["train-nearest"] == ("better", f"near-{STEPS}", "9.00")  # no deeper than the farthest inverter
    assert told["oracle"][1] == ""


def test_ranks_are_those_of_the_standings(records: list[Record]) -> None:
    found = cells(made([cell(records[0], "a", 1), cell(records[0], "b", 3), cell(records[0], "c", 3)]))
    assert [(row[0].rank, row[0].leads) for row in found.values()] == [("1", True), ("2–3", False), ("2–3", False)]


def test_what_failed_or_did_not_run_is_told_apart(records: list[Record]) -> None:
    one = records[0]
    gone = cell(one, "b", 1, status="failed", reason="no luck", metrics={})
    found = cells(made([cell(one, "a", 1), gone, cell(one, "a", 1, classifier="other")]))
    failed, missing = found["b"]
    assert (failed.value, failed.href) == ("failed", "#group-1")
    assert missing == Cell()


def test_presets_stand_in_rows_of_their_own_everywhere(records: list[Record]) -> None:
    one = records[0]
    found = cells(
        made(
            [
                cell(one, "a", 1, preset="fast"),
                cell(one, "a", 1, preset="paper"),
                cell(one, "a", 1, classifier="other"),
            ]
        )
    )
    assert list(found) == ["a (fast)", "a (paper)"]
    assert [bool(cell.href) for cell in found["a (fast)"]] == [True, True]
    assert [bool(cell.href) for cell in found["a (paper)"]] == [True, False]


def test_the_script_finds_every_cell_of_every_metric(page: Page, records: list[Record]) -> None:
    tables = page.root.all("div", class_="matrix-frame")
    data = json.loads(page.root.first("script", id="matrix-data").text)
    held = {key for one in records for key, score in one.metrics.items() if score.value is not None}
    options = [
        one.attributes["value"]
        for one in page.root.first("form", class_="matrix-chooser").first("select").all("option")
    ]
    assert set(data["cells"]) == set(data["about"]) == set(options) == held
    for frame in tables:
        shown = [
            [one.first("span", class_="value").text, one.first("span", class_="place").text]
            for one in frame.all("td", class_="matrix-cell")
        ]
        for cells in (one[frame.attributes["id"]] for one in data["cells"].values()):
            assert len(cells) == len(shown)
        assert [cell[:2] for cell in data["cells"]["lpips"][frame.attributes["id"]]] == shown


def test_without_scores_there_is_none(records: list[Record]) -> None:
    groups = group([cell(records[0], "a", 1, status="failed", reason="no luck", metrics={})])
    assert matrix(groups, [standings(one) for one in groups], {}, {0: "x"}) is None
