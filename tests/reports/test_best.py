from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.record import Record, Score
from reports.best import best
from reports.groups import Entry
from tests.reports.synthetic import write_cell

N = 200


def entry(
    root: Path, record: Record, name: str, values: NDArray[np.float64], higher: bool | None = False, ids: int = 0
) -> Entry:
    score = Score(float(np.nanmean(values)), None, N, None, higher)
    record = dataclasses.replace(record, method=name, kind="inverter", num_images=N, metrics={"lpips": score})
    columns = {"image_id": [str(ids + i) for i in range(N)], "lpips": values}
    return Entry(record, write_cell(root, record, columns, np.zeros((N, 1, 1, 3), np.uint8)))


def test_a_clear_lead_over_all_others_earns_the_mark(records: list[Record], tmp_path: Path) -> None:
    base = np.random.default_rng(0).random(N)
    entries = [entry(tmp_path, records[0], f"m{shift}", base + 0.01 * shift) for shift in range(3)]
    assert best("lpips", entries) is entries[0]


def test_higher_is_better_turns_it_round(records: list[Record], tmp_path: Path) -> None:
    base = np.random.default_rng(0).random(N)
    entries = [entry(tmp_path, records[0], f"m{shift}", base + 0.01 * shift, higher=True) for shift in range(3)]
    assert best("lpips", entries) is entries[2]
    neutral = [entry(tmp_path, records[0], f"n{shift}", base + 0.01 * shift, higher=None) for shift in range(3)]
    assert best("lpips", neutral) is None


def test_a_difference_within_noise_earns_nothing(records: list[Record], tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    entries = [entry(tmp_path, records[0], name, rng.normal(0, 1, N)) for name in "ab"]
    assert best("lpips", entries) is None


def test_the_bootstrap_decides_what_is_close(records: list[Record], tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 1, N)
    noise = (noise - noise.mean()) / noise.std() / np.sqrt(N)  # a standard error of 1 / N
    for lead, expected in ((3.0, True), (1.5, False)):
        pair = [entry(tmp_path, records[0], "a", np.zeros(N)), entry(tmp_path, records[0], "b", noise + lead / N)]
        assert (best("lpips", pair) is pair[0]) == expected


def test_one_method_or_other_images_earn_nothing(records: list[Record], tmp_path: Path) -> None:
    base = np.random.default_rng(0).random(N)
    a, b = entry(tmp_path, records[0], "a", base), entry(tmp_path, records[0], "b", base + 1, ids=1)
    assert best("lpips", [a]) is None
    assert best("lpips", [a, b]) is None
    assert best("lpips", [a, Entry(b.record)]) is None


def test_undefined_images_are_left_out_in_pairs(records: list[Record], tmp_path: Path) -> None:
    base = np.random.default_rng(0).random(N)
    holed = base.copy()
    holed[:5] = np.nan
    a, b = entry(tmp_path, records[0], "a", holed), entry(tmp_path, records[0], "b", base + 0.01)
    assert best("lpips", [a, b]) is a


def test_kernel_distances_are_paired_by_subset(records: list[Record]) -> None:
    rng = np.random.default_rng(0)
    subsets = rng.random(100)
    key = "kid_efficientnet_lite0"

    def moved(name: str, values: NDArray[np.float64]) -> Entry:
        score = Score(float(values.mean()), None, 2500, None, False, None, 0.1, tuple(map(float, values)))
        record = dataclasses.replace(records[0], kind="inverter", method=name, num_images=2_500, metrics={key: score})
        return Entry(record)

    first = moved("first", subsets)
    assert best(key, [first, moved("later", subsets + 0.01)]) is first
    noisy = subsets + 0.01 + rng.normal(0, 0.03, 100)  # 0.01 is 3 standard errors of 100 subsets, 0.7 of 2,500 images
    assert best(key, [first, moved("noisy", noisy)]) is None


def test_an_older_record_of_the_same_method_takes_no_mark(records: list[Record], tmp_path: Path) -> None:
    base = np.random.default_rng(0).random(N)
    twins = [entry(tmp_path / str(k), records[0], "mine", base) for k in range(2)]
    other = entry(tmp_path, records[0], "other", base + 0.1)
    assert best("lpips", [*twins, other]) in twins
    assert best("lpips", twins) is None


def test_few_images_earn_nothing(records: list[Record], tmp_path: Path) -> None:
    values = np.full(N, np.nan)
    values[:40] = np.random.default_rng(0).random(40)
    entries = [entry(tmp_path, records[0], f"m{shift}", values + 0.01 * shift) for shift in range(2)]
    assert best("lpips", entries) is None
