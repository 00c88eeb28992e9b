"""Every number of a probe as it is printed, and why one is missing."""

from __future__ import annotations

import dataclasses
import re

import pytest

from bench.describe import metric_card
from bench.store.record import Level, Score
from reports.analysis.groups import Entry
from reports.page.probes.pages import probe_pages
from reports.words import text
from tests.reports.probe_records import CLASSES, CLASSIFIERS, KINDS, cells, levels_of, make_record, rendered

pytestmark = pytest.mark.usefixtures("without_drawings")


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_of_the_table_is_the_records(kind: str) -> None:
    records = [make_record(kind, classifier) for classifier in CLASSIFIERS]
    page = rendered(probe_pages([Entry(record) for record in records]))
    (table,) = page.root.all("table", class_="probe-table")
    probe = CLASSES[kind]
    wanted = [(None, key) for key in probe.overall]
    wanted += [(name, key) for key in probe.measures for name, _ in levels_of(kind)]  # type: ignore[misc]
    found = cells(table)
    assert len(found) == len(wanted)
    for row, (level, key) in zip(found, wanted, strict=True):
        assert len(row) == len(records)
        for (value, interval), record in zip(row, records, strict=True):
            score = next((one.metrics for one in record.levels if one.name == level), record.metrics)[key]
            assert score.value is not None
            assert score.ci95 is not None
            assert value == text.number(metric_card(key), score.value, score.ci95)
            assert interval == text.bounds(score.ci95)
            places = len(value.partition(".")[2])
            assert abs(float(value) - score.value) <= 0.5001 * 10**-places
            ends = [float(end.replace(text.MINUS, "-")) for end in re.findall(r"[\d.−]+", interval)]
            assert ends == pytest.approx(score.ci95, abs=0.5001 * 10**-places)
    assert [row.first("th").text for row in table.all("tr") if row.all("td")] == [n or "all levels" for n, _ in wanted]


def test_a_missing_value_is_a_dash_with_its_reason_below() -> None:
    record = make_record("ood")
    null = Score(None, note="Fashion-MNIST is not here.")
    levels = (*record.levels[:2], Level("fashion-mnist", None, dict.fromkeys(record.levels[2].metrics, null)))
    other = dataclasses.replace(make_record("ood", "resnet152"), levels=levels[:2])
    page = rendered(probe_pages([Entry(dataclasses.replace(record, levels=levels)), Entry(other)]))
    (table,) = page.root.all("table", class_="probe-table")
    row = next(row for row in table.all("tr") if row.first("th").text == "fashion-mnist")
    first, second = row.all("td")
    assert first.text.strip().startswith(text.DASH)
    links = [cell.first("a").attributes["href"].removeprefix("#") for cell in (first, second)]
    notes = {item.attributes["id"]: item.text for item in page.root.all("li") if "id" in item.attributes}
    assert [notes[link] for link in links] == ["Fashion-MNIST is not here.", "This record has no such level."]


def test_numbers_of_images_and_chances_stand_where_they_differ() -> None:
    record = make_record("shift", num_images=250)
    odd = dataclasses.replace(record.levels[0].metrics["contrast"], n=248, chance=0.25)
    levels = (Level("shift -2", -2.0, record.levels[0].metrics | {"contrast": odd}), *record.levels[1:])
    (page,) = probe_pages([Entry(dataclasses.replace(record, levels=levels))])
    table = page.groups[0].table
    assert table is not None
    blocks = {block.key: block for block in table.blocks}
    assert (blocks["luminance"].images, blocks["contrast"].images) == ("250", "")
    assert [row.cells[0].images for row in blocks["contrast"].rows] == ["248", *["250"] * 4]
    assert [row.cells[0].chance for row in blocks["contrast"].rows] == ["0.250", *[""] * 4]
