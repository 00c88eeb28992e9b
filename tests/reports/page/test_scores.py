from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import Any

import pytest

import reports
from bench.cards import MetricCard
from bench.describe import supplied
from bench.store.record import Record, Score, read_records
from reports.analysis.groups import Entry, group
from reports.analysis.ranks import standings
from reports.page import scores
from reports.page.render import write_report
from reports.page.scores import Whisker, _whisker, main_table
from tests.reports.html_page import Page
from tests.reports.synthetic import write_cell

REPORTS = Path(reports.__file__).parent


def test_whiskers_stand_where_their_numbers_say(records: list[Record]) -> None:
    scores = {
        "m1": Score(0.2, (0.1, 0.3), 40, 0.5, False),
        "m2": Score(0.6, (0.4, 0.9), 40, 0.5, False),
        "m3": Score(0.7, None, 40, None, False),
        "m4": Score(None, note="not measured"),
    }
    (only,) = group(
        Entry(dataclasses.replace(records[0], method=method, metrics={"lpips": score}))
        for method, score in scores.items()
    )  # from 0.1 to 0.9
    found = [_whisker(score, "lpips", only) for score in scores.values()]
    assert found == [
        Whisker("12.50%", "0.00%", "25.00%", "50.00%"),
        Whisker("62.50%", "37.50%", "100.00%", "50.00%"),
        Whisker("75.00%", None, None, None),
        None,
    ]


def test_a_rank_says_of_how_many_methods(records: list[Record]) -> None:
    """Two seeds of a method are one of two, not two of three."""
    score = {"lpips": Score(0.5, (0.4, 0.6), 60, None, False)}
    cells = [
        Entry(dataclasses.replace(records[0], kind="inverter", method=method, seed=seed, metrics=score))
        for method, seed in (("a", 0), ("a", 1), ("b", 0))
    ]
    (only,) = group(cells)
    (band,) = main_table(only, standings(only)).bands
    words = {cell.rank_words for row in band.rows for cell in row.cells if cell.rank is not None}
    assert words == {"rank 1-2 of 2, by 95 % intervals that do not touch (not paired)"}


def test_a_printed_cell_is_five_frames_from_the_page(
    one_cell: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's entry, the page, its section, the table, the cell."""
    seen: set[tuple[str, ...]] = set()

    def cell(*args: Any) -> scores.Cell:
        stack = [frame.function for frame in inspect.stack(0) if Path(frame.filename).is_relative_to(REPORTS)]
        seen.add(tuple(reversed(stack)))
        return made(*args)

    made = scores._cell
    monkeypatch.setattr(scores, "_cell", cell)
    write_report(one_cell, tmp_path / "report.html")
    tables = {"main_table", "full_table"}
    assert seen == {("write_report", "page", "_section", table) for table in tables}


def test_a_metric_from_outside_is_shown_by_its_card(runs: Path, tmp_path: Path) -> None:
    """Its title, digits, direction, family and place; nobody here knows its key."""
    card = MetricCard(
        "their_own", "their score", "what they say", True, "image", "Their family", 1, headline=3, place=40
    )
    for record, _ in read_records(runs):
        metrics = record.metrics | {card.key: Score(0.2512, n=60, higher_is_better=True)}
        cards = supplied(record)
        known = dataclasses.replace(cards, metrics=cards.metrics | {card.key: card})
        write_cell(tmp_path / "runs", dataclasses.replace(record, metrics=metrics, cards=known), None, None)
    page = Page(write_report(tmp_path / "runs", tmp_path / "report.html").read_text())
    head = next(one for one in page.root.all("th") if one.attributes.get("data-sort") == card.key)
    assert "↑" in head.text
    assert [one for one in page.root.all("button") if one.attributes.get("title") == "their_own: what they say"]
    cells = [one for one in page.root.all("td") if one.attributes.get("data-key") == card.key]
    assert {one.first("span", class_="value").text for one in cells} == {"0.3"}
    assert "Their family" in [one.text for one in page.root.all("h4")]
