"""The board of the first screen, read from records: its columns, rows, numbers and pictures."""

from __future__ import annotations

from pathlib import Path

from bench.metrics.registry import metrics
from bench.store.record import Record, read_records
from reports.analysis.groups import Entry, Group, group
from reports.analysis.ranks import standings
from reports.page.front.board import PICTURES, Board, board, rows, tones
from reports.page.gallery.gallery import gallery
from tests.reports.html_page import Page
from tests.reports.synthetic import INVERTERS


def only(runs: Path) -> Group:
    (one,) = group(Entry(record, folder) for record, folder in read_records(runs))
    return one


def made(runs: Path) -> Board:
    one = only(runs)
    return board(one, standings(one), gallery(one), tones([one]), "group-1", "short")


def test_ranked_inverters_come_first_then_the_class_alone_and_the_strongest_control(runs: Path) -> None:
    one = only(runs)
    found = [(entry.record.method, role) for entry, role in rows(one, standings(one))]
    ranked = [name for name in INVERTERS if "features" not in name]
    assert [name for name, role in found if not role] == ranked
    assert found[len(ranked)][0] == "same-class-random"
    assert found[len(ranked)][1].startswith("class alone")
    assert found[-1][1].endswith("strongest control")
    assert len({name for name, _ in found}) == len(found)


def test_numbers_are_those_of_the_records(runs: Path, records: list[Record]) -> None:
    found, by_method = made(runs), {one.method: one for one in records}
    assert len(found.heads) == 5
    for line in found.lines:
        for cell in line.cells:
            score = by_method[line.label].metrics[cell.key]
            assert cell.raw == repr(score.value)
            assert score.ci95 is not None
            digits = len(cell.value.partition(".")[2])
            assert float(cell.value) == round(score.value or 0.0, digits)
            assert float(cell.half_width) == round((score.ci95[1] - score.ci95[0]) / 2, digits)


def test_ranks_stand_at_inverters_alone_and_one_leads_at_most(runs: Path) -> None:
    found = made(runs)
    for place in range(5):
        cells = [(line.kind, line.cells[place]) for line in found.lines]
        assert all(cell.rank for kind, cell in cells if kind == "inverter")
        assert not any(cell.rank for kind, cell in cells if kind == "control")
        assert sum(cell.leads for _, cell in cells) <= 1


def test_heads_say_what_the_class_alone_is_worth_and_where(runs: Path, records: list[Record]) -> None:
    floor = next(one for one in records if one.method == "same-class-random")
    found = made(runs)
    assert found.any_alone
    for head in found.heads:
        digits = len(head.floor.partition(".")[2])
        assert float(head.floor) == round(floor.metrics[head.key].value or 0.0, digits)
        assert 0 <= float(head.at.removesuffix("%")) <= 100
        assert head.title == metrics()[head.key].card.title


def test_six_pictures_are_those_that_the_gallery_drew_first(runs: Path) -> None:
    found, shown = made(runs), gallery(only(runs))
    assert shown is not None
    assert found.originals.tiles == shown.strips[0].tiles[:PICTURES]
    assert all(len(line.pictures.tiles) == PICTURES for line in found.lines)
    assert {line.pictures.sheet for line in found.lines} <= {sheet.name for sheet in shown.sheets}


def test_without_pictures_and_controls_there_is_still_a_board(records: list[Record]) -> None:
    (one,) = group(Entry(record) for record in records if record.kind == "inverter")
    found = board(one, standings(one), None, tones([one]), "group-1", "short")
    assert not found.any_alone
    assert (found.originals.tiles, found.style) == ((), "")
    assert [line.kind for line in found.lines] == ["inverter"] * len(found.lines)
    assert {head.floor for head in found.heads} == {""}


def test_a_colour_for_each_inverter_and_none_for_controls(runs: Path) -> None:
    one = only(runs)
    assert tones([one, one]) == {
        name: str(k) for k, name in enumerate(dict.fromkeys(entry.record.method for entry in one.inverters), 1)
    }
    assert {line.tone for line in made(runs).lines if line.kind == "control"} == {""}


def test_the_page_begins_with_it(page: Page) -> None:
    tables = page.root.all("table")
    assert tables[0].attributes["class"] == "board"
    strips = tables[0].all("svg", class_="strip")
    assert strips
    assert all(one.attributes["aria-label"] for one in strips)
    assert page.root.first("h1").text.startswith(("No inverter", "Only", "biggan-logit"))
