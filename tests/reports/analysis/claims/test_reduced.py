"""Every column, in the narrowest types that the rules read alike."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.store.record import Record
from reports.analysis.claims.reduced import cells_read, is_read, reduced
from reports.analysis.claims.rules import CLAIMS
from tests.reports.analysis.claims.world import GAN, R

VALUES = np.random.default_rng(0).random(60)
COLUMNS: dict[str, Any] = {
    "level": np.array(["a", "b", "c"] * 20, dtype=object),
    "image_id": np.array([f"test-{k}" for k in range(60)], dtype=object),
    "label": np.arange(60) % 10,
    "lpips": VALUES,
    "reid": (np.arange(60) % 2).astype(float),
}


def table(data: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(data))


def test_types_are_as_narrow_as_the_values_allow() -> None:
    found = table(reduced(COLUMNS))
    assert {name: str(found[name].type) for name in found.column_names} == {
        "level": "string", "image_id": "string", "label": "int16", "lpips": "float", "reid": "bool",
    }  # fmt: skip
    assert found["label"].to_pylist() == COLUMNS["label"].tolist()
    np.testing.assert_array_equal(found["lpips"].to_numpy(), VALUES.astype(np.float32))
    assert found["reid"].to_pylist() == [bool(one) for one in COLUMNS["reid"]]


def test_the_same_values_give_the_same_bytes_whatever_their_type() -> None:
    narrow = COLUMNS | {"lpips": VALUES.astype(np.float32), "label": COLUMNS["label"].astype(np.int32)}
    assert reduced(COLUMNS) == reduced(COLUMNS) == reduced(narrow)


def test_a_record_is_read_as_the_rules_ask_for_it() -> None:
    record = Record(GAN, R, "cifar10", 500, 0)
    assert is_read(record)
    assert is_read(replace(record, probe="noise"))
    for other in (
        replace(record, dataset="folder:x"), replace(record, num_images=499), replace(record, method="nobody"),
        replace(record, probe="iterate"),
    ):  # fmt: skip
        assert not is_read(other)


def test_every_cell_of_every_condition_is_among_those_read() -> None:
    cells = {
        (one.values.method, one.values.classifier, one.values.probe)
        for claim in CLAIMS for case in claim.cases for one in case.conditions
    }  # fmt: skip
    assert cells <= cells_read()
