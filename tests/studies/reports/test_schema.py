"""The schema that ships is that of today's record, and every committed record is as it says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bench.describe import cards_of
from bench.store.record import Record, read_records
from studies.reports.schema import FILE, ROOT, schema


def test_the_schema_that_ships_is_of_this_version() -> None:
    assert FILE.read_text(encoding="utf-8") == schema(), "Type: python -m studies.reports.schema"


def test_every_field_of_a_record_and_of_its_cards_is_described() -> None:
    found = json.loads(schema())
    assert set(found["properties"]) == set(Record.__dataclass_fields__)
    assert {"Score", "Level", "Cost", "Cards", "MetricCard", "MethodCard", "ProbeCard", "Look"} <= set(found["$defs"])
    assert found["required"] == ["method", "classifier", "dataset", "num_images", "seed"]
    assert {"enum": ["1/n"]} in found["$defs"]["MetricCard"]["properties"]["resolution"]["anyOf"]


@pytest.fixture(scope="module")
def validator() -> Any:
    library = pytest.importorskip("jsonschema")
    library.Draft202012Validator.check_schema(json.loads(schema()))
    return library.Draft202012Validator(json.loads(schema()))


def test_committed_records_are_as_the_schema_says(validator: Any) -> None:
    paths = sorted((ROOT / "reports" / "results").rglob("record.json"))
    assert len(paths) > 100
    for path in paths:
        validator.validate(json.loads(path.read_text(encoding="utf-8")))


def test_records_with_cards_are_and_others_are_not(validator: Any) -> None:
    for record, _ in read_records(ROOT / "reports" / "results" / "cifar10" / "resnet152"):
        raw = json.loads(replace(record, cards=cards_of(record)).to_json())
        validator.validate(raw)
        raw["cards"]["method"]["stochastic"] = "yes"
        assert not validator.is_valid(raw)
