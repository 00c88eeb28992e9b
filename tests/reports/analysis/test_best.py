from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from bench.store.record import Record
from reports.analysis.best import difference, paired
from tests.reports.analysis.test_ranks import N, entry


def test_a_metric_that_one_of_the_two_lacks_has_no_difference(records: list[Record], tmp_path: Path) -> None:
    a, b = (entry(tmp_path, records[0], name, np.random.default_rng(0).random(N)) for name in "ab")
    without = dataclasses.replace(b, record=dataclasses.replace(b.record, metrics={}))
    assert difference("lpips", a, b) is not None
    assert difference("lpips", a, without) is None
    assert difference("lpips", without, a) is None


def test_pairs_leave_out_what_is_undefined_in_either(records: list[Record], tmp_path: Path) -> None:
    base = np.random.default_rng(0).random(N)
    holed, also = base.copy(), base + 1
    holed[:5], also[3:7] = np.nan, np.nan
    pair = paired("lpips", entry(tmp_path, records[0], "a", holed), entry(tmp_path, records[0], "b", also))
    assert pair is not None
    assert len(pair.a) == N - 7
    assert (pair.b - pair.a).tolist() == pytest.approx([1.0] * (N - 7))
