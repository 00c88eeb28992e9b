from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.store.record import read_records
from reports.analysis.groups import Entry, Group, group
from reports.analysis.spread import BARS, MOST_CLASSES, classes, means_by_class, spreads, telling


@pytest.fixture(scope="module")
def one(runs: Path) -> Group:
    (found,) = group(Entry(*cell) for cell in read_records(runs))
    return found


def test_bars_are_shares_of_all_images_on_one_scale(one: Group) -> None:
    low, high, found = spreads("lpips", one.complete)
    every = np.concatenate([entry.per_image["lpips"] for entry in one.complete])
    assert (low, high) == pytest.approx(tuple(np.percentile(every, (0.5, 99.5))))
    for spread in found:
        values = np.clip(spread.entry.per_image["lpips"], low, high)
        bars, _ = np.histogram(values, BARS, (low, high))
        assert np.abs(spread.shares * len(values) - bars).max() <= 1  # a value on an edge may fall on either side
        assert spread.shares.sum() == pytest.approx(1)
        assert spread.percentiles == pytest.approx(np.percentile(spread.entry.per_image["lpips"], (5, 50, 95)))


def test_a_metric_without_values_has_no_bars(one: Group) -> None:
    assert spreads("fid", one.complete) == (0.0, 0.0, [])


def test_percentiles_are_those_of_each_however_many_values_are_defined(one: Group) -> None:
    _, _, found = spreads("psnr", one.complete)  # of the original itself none is
    defined = {spread.entry.label: spread.entry.per_image["psnr"] for spread in found}
    assert len({int(np.isfinite(values).sum()) for values in defined.values()}) == 1
    short = [one.complete[0], replace(one.complete[1], directory=None)]
    short[1].__dict__["per_image"] = {"psnr": np.append(np.nan, defined[one.complete[1].label][1:])}
    for spread in (*found, *spreads("psnr", short)[2]):
        values = np.asarray(spread.entry.per_image["psnr"])
        assert spread.percentiles == tuple(np.percentile(values[np.isfinite(values)], (5, 50, 95)))


def test_means_by_class_are_those_of_its_images(one: Group) -> None:
    labels, counts = classes(one)
    means = means_by_class("psnr", one, one.complete)
    assert counts.sum() == one.num_images
    for column, entry in enumerate(one.complete):
        for row, label in enumerate(labels):
            values = np.asarray(entry.per_image["psnr"], float)[np.asarray(entry.per_image["label"]) == label]
            values = values[np.isfinite(values)]
            assert means[row, column] == pytest.approx(values.mean(), nan_ok=True) if len(values) else True


def test_of_many_classes_those_at_either_end_are_shown() -> None:
    means = np.random.default_rng(0).permutation(100).astype(float)[:, None]
    chosen = telling(means)
    assert sorted(means[chosen, 0]) == [*range(MOST_CLASSES // 2), *range(100 - MOST_CLASSES // 2, 100)]
    assert telling(means[:7]) == list(range(7))
