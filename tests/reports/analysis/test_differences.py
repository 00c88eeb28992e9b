from __future__ import annotations

from pathlib import Path

import pytest

from bench.metrics.bootstrap import paired_difference
from bench.store.record import read_records
from reports.analysis.differences import differences
from reports.analysis.groups import Entry, group
from reports.analysis.ranks import standings


def test_each_pair_has_the_interval_of_its_paired_difference(runs: Path) -> None:
    (one,) = group(Entry(*found) for found in read_records(runs))
    ranked = standings(one)
    found = differences(ranked, one.metrics)
    assert len(found["lpips"]) == 6  # of four inverters that start from the logits
    for key in ("lpips", "ssim", "reid_class_judge"):
        for pair in found[key]:
            assert pair.interval is not None
            alone = paired_difference(pair.first.per_image[key], pair.second.per_image[key])
            assert pair.interval == pytest.approx(alone, abs=1e-9)


def test_the_better_one_is_who_ranks_above(runs: Path) -> None:
    (one,) = group(Entry(*found) for found in read_records(runs))
    ranked = standings(one)
    certain = [pair for pair in differences(ranked, ["lpips"])["lpips"] if pair.better is not None]
    assert certain
    for pair in certain:
        better, worse = (pair.first, pair.second) if pair.better is pair.first else (pair.second, pair.first)
        assert ranked["lpips"].ranks[better].low < ranked["lpips"].ranks[worse].high
        assert pair.p is not None
        assert pair.p < 0.05


def test_without_pairs_there_is_no_p(runs: Path) -> None:
    """Intervals that do not touch decide there."""
    (one,) = group(Entry(record) for record, _ in read_records(runs))
    found = differences(standings(one), ["lpips"])["lpips"]
    assert {pair.p for pair in found} == {None}
    assert any(pair.better is not None for pair in found)


def test_what_compares_nothing_is_left_out(runs: Path) -> None:
    (one,) = group(Entry(*found) for found in read_records(runs))
    assert "fd_judge" not in differences(standings(one), one.metrics)  # 60 images are too few
