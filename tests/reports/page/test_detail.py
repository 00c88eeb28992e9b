from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.store.record import read_records
from reports.analysis.groups import Entry, Group, group
from reports.analysis.ranks import standings
from reports.page.detail import Detail, details
from tests.reports.synthetic import CONTROLS, INVERTERS


@pytest.fixture(scope="module")
def made(runs: Path) -> tuple[Group, tuple[Detail, ...]]:
    (one,) = group(Entry(*cell) for cell in read_records(runs))
    return one, details(one, standings(one), "group-1")


def test_pairs_images_and_classes_begin_with_the_closest_metric(made: tuple[Group, tuple[Detail, ...]]) -> None:
    assert [one.anchor for one in made[1]] == ["group-1-pairs", "group-1-images", "group-1-classes"]
    assert {option.key for one in made[1] for option in one.options if option.chosen} == {"lpips"}


def test_the_data_hold_the_shown_table_and_every_other(made: tuple[Group, tuple[Detail, ...]]) -> None:
    for one in made[1]:
        data = json.loads(one.data)
        assert list(data) == [option.key for option in one.options]
        about, heads, rows = data["lpips"]
        assert (about, tuple(heads)) == (one.shown.about, one.shown.heads)
        assert rows == [[row.head, row.bars, *row.cells] for row in one.shown.rows]
        assert all(len(row) == len(heads) + (0 if row[1] else 1) for row in rows)


def test_a_class_has_its_images_and_a_mean_a_row(made: tuple[Group, tuple[Detail, ...]]) -> None:
    shown = made[1][2].shown
    assert shown.heads == ("class", "images", *INVERTERS, *CONTROLS)
    assert sum(int(row.cells[0]) for row in shown.rows) == made[0].num_images


def test_bars_fill_their_box(made: tuple[Group, tuple[Detail, ...]]) -> None:
    for row in made[1][1].shown.rows:
        assert row.bars.startswith("M0 20V")
        assert "V0h4" in row.bars  # the tallest
        assert row.bars.count("h4") == 24


def test_without_values_by_image_there_is_nothing_to_show(made: tuple[Group, tuple[Detail, ...]]) -> None:
    (bare,) = group(Entry(entry.record) for entry in made[0].entries)
    assert details(bare, standings(bare), "group-1")[1:] == ()


def test_where_nothing_is_paired_no_p_is_printed(made: tuple[Group, tuple[Detail, ...]]) -> None:
    (bare,) = group(Entry(entry.record) for entry in made[0].entries)
    (pairs,) = details(bare, standings(bare), "group-1")
    for paired, one in ((True, made[1][0]), (False, pairs)):
        about, heads, rows = json.loads(one.data)["lpips"]
        column = heads.index("p") + 1
        assert rows
        assert {row[column] == "—" for row in rows} == {not paired}
        assert ("95 % intervals that do not touch" in about) != paired
    assert any(row[-1] != "not separated" for row in rows)
