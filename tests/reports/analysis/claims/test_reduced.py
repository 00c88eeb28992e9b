"""Columns and levels that the rules read, in the narrowest types that they read alike."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.store.record import Record
from reports.analysis.claims.reduced import everything_wanted, reduced, wanted
from reports.analysis.claims.rules import CLAIMS
from tests.reports.analysis.claims.world import GAN, R

NONE: frozenset[str] = frozenset()
VALUES = np.random.default_rng(0).random(60)
COLUMNS: dict[str, Any] = {
    "level": np.array(["a", "b", "c"] * 20, dtype=object),
    "image_id": np.array([f"test-{k}" for k in range(60)], dtype=object),
    "label": np.arange(60) % 10,
    "lpips": VALUES,
    "reid": (np.arange(60) % 2).astype(float),
    "unread": VALUES,
}


def table(data: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(data))


def test_types_are_as_narrow_as_the_values_allow_and_nothing_else_is_kept() -> None:
    found = table(reduced(COLUMNS, dict.fromkeys(("image_id", "label", "lpips", "reid", "lost"), NONE)))
    assert {name: str(found[name].type) for name in found.column_names} == {
        "image_id": "string", "label": "int16", "lpips": "float", "reid": "bool",
    }  # fmt: skip
    assert found["label"].to_pylist() == COLUMNS["label"].tolist()
    np.testing.assert_array_equal(found["lpips"].to_numpy(), VALUES.astype(np.float32))
    assert found["reid"].to_pylist() == [bool(one) for one in COLUMNS["reid"]]


def test_only_the_levels_that_are_read_are_kept() -> None:
    both = frozenset({"a", "c"})
    found = table(reduced(COLUMNS, {"level": both, "lpips": both}))
    assert set(found["level"].to_pylist()) == both
    kept = np.isin(COLUMNS["level"], list(both))
    np.testing.assert_array_equal(found["lpips"].to_numpy(), VALUES[kept].astype(np.float32))


def test_the_same_values_give_the_same_bytes_whatever_their_type() -> None:
    columns = dict.fromkeys(("image_id", "label", "lpips"), NONE)
    narrow = COLUMNS | {"lpips": VALUES.astype(np.float32), "label": COLUMNS["label"].astype(np.int32)}
    assert reduced(COLUMNS, columns) == reduced(COLUMNS, columns) == reduced(narrow, columns)


def test_a_record_is_wanted_as_the_rules_ask_for_it() -> None:
    record = Record(GAN, R, "cifar10", 500, 0)
    asked = wanted(record)
    assert asked is not None
    assert {"image_id", "lpips"} <= set(asked)
    assert all(levels == NONE for levels in asked.values())
    noise = wanted(replace(record, probe="noise"))
    assert noise is not None
    assert noise["diversity"] == {"all"}
    for other in (
        replace(record, dataset="folder:x"), replace(record, num_images=499), replace(record, method="nobody"),
        replace(record, probe="iterate"),
    ):  # fmt: skip
        assert wanted(other) is None


def test_every_cell_of_every_condition_is_among_what_is_wanted() -> None:
    cells = {
        (one.values.method, one.values.classifier, one.values.probe)
        for claim in CLAIMS for case in claim.cases for one in case.conditions
    }  # fmt: skip
    assert cells <= everything_wanted().keys()
