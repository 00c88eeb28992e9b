"""The tables of what the probes of access found say what the committed records say."""

from __future__ import annotations

import pytest

from bench.store.record import read_records
from reports.analysis.groups import Entry
from reports.words import text
from studies.reports.access import PROBES, access
from studies.reports.tables import Sources


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return [Entry(record, folder) for record, folder in read_records(Sources().results)]


def rows(table: str) -> dict[str, list[str]]:
    cells = (line.strip("| ").split(" | ") for line in table.splitlines()[2:])
    return {name: values for name, *values in cells}


@pytest.mark.parametrize("probe", PROBES)
def test_a_row_a_level_and_three_values_a_record(probe: str, entries: list[Entry]) -> None:
    held = [entry.record for entry in entries if entry.record.probe == probe]
    found = rows(access(entries, probe))
    assert len(held) > 1
    names = {level.name for record in held for level in record.levels}
    assert names <= set(found)
    assert {len(values) for values in found.values()} == {3 * len(held)}
    assert sum("1.00 ± 0.00" in cell for cell in found["all logits"]) == 2 * len(held)
    robust = next(record for record in held if record.classifier == "robust_resnet152")
    last = robust.levels[-1].metrics["lpips"].value
    assert last is not None
    assert found["all logits"][0].startswith(f"{last:.3f} ± 0.0")


def test_what_was_trained_for_the_class_alone_stands_below(entries: list[Entry]) -> None:
    """With all of the images of its record, and by the paired differences that the probes have."""
    found = rows(access(entries, "truncate"))
    lpips, way, cosine, *others = found["`onehot-biggan`"]
    assert 0 < float(way.split()[0]) < 1
    assert float(found["all logits"][0].split()[0]) < float(lpips.split()[0]) < float(found["top 1"][0].split()[0])
    assert cosine == text.DASH
    assert set(others) == {text.DASH}


def test_without_records_it_says_so() -> None:
    assert access([], "round") == "No records have been committed yet.\n"
