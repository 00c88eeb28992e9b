from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.metrics.bootstrap import mean_ci
from bench.store.record import Record, Score, read_records
from reports.analysis.best import paired
from reports.analysis.groups import Entry, group, main_keys
from reports.analysis.pairs import holm
from reports.analysis.ranks import FEW, NO_RIVAL, ONE_NUMBER, UNDIRECTED, standing, standings
from reports.words.ranks import PAIRED, TWINS, UNPAIRED, basis, legend
from studies.reports.tables import Sources
from tests.reports.synthetic import write_cell

N = 200


def entry(
    root: Path, record: Record, name: str, values: NDArray[np.float64], higher: bool | None = False, ids: int = 0
) -> Entry:
    score = Score(float(np.nanmean(values)), None, N, None, higher)
    record = dataclasses.replace(record, method=name, kind="inverter", num_images=N, metrics={"lpips": score})
    columns = {"image_id": [str(ids + i) for i in range(N)], "lpips": values}
    return Entry(record, write_cell(root, record, columns, np.zeros((N, 1, 1, 3), np.uint8)), name)


def ranks(entries: Sequence[Entry], key: str = "lpips") -> list[str]:
    found = standing(key, entries).ranks
    return [str(found[one]) if one in found else "" for one in entries]


def bare(record: Record, name: str, value: float, half: float | None, n: int = N, better: bool | None = False) -> Entry:
    """A record alone, as the committed ones: a value and perhaps an interval."""
    score = Score(value, None if half is None else (value - half, value + half), n, None, better)
    return Entry(dataclasses.replace(record, method=name, kind="inverter", metrics={"lpips": score}), label=name)


def test_a_clear_order_has_a_place_each(records: list[Record], tmp_path: Path) -> None:
    base = np.random.default_rng(0).random(N)
    entries = [entry(tmp_path, records[0], f"m{shift}", base + 0.01 * shift) for shift in (1, 0, 2)]
    found = standing("lpips", entries)
    assert ranks(entries) == ["2", "1", "3"]
    assert found.leaders == [entries[1]]
    assert (found.outcome, basis(found)) == ("lead", PAIRED)


def test_higher_is_better_turns_it_round(records: list[Record], tmp_path: Path) -> None:
    base = np.random.default_rng(0).random(N)
    entries = [entry(tmp_path, records[0], f"m{shift}", base + 0.01 * shift, higher=True) for shift in range(3)]
    assert ranks(entries) == ["3", "2", "1"]
    neutral = [entry(tmp_path, records[0], f"n{shift}", base + 0.01 * shift, higher=None) for shift in range(3)]
    found = standing("lpips", neutral)
    assert (found.ranks, found.outcome, found.reasons) == ({}, "not comparable", (UNDIRECTED,))


def test_what_the_metric_cannot_tell_shares_a_rank(records: list[Record], tmp_path: Path) -> None:
    """As ``--compare`` and the claims have it: a difference below the resolution is none, with pairs and without."""
    base = np.random.default_rng(0).random(N)
    for shift, expected in ((1e-9, ["1-2", "1-2"]), (2e-4, ["1", "2"])):
        root = tmp_path / str(shift)
        assert ranks([entry(root, records[0], f"m{k}", base + k * shift) for k in range(2)]) == expected
        assert ranks([bare(records[0], f"m{k}", 0.5 + k * shift, 1e-10) for k in range(2)]) == expected
    single = [
        entry(tmp_path, records[0], "wide", base),
        entry(tmp_path, records[0], "narrow", base.astype(np.float32)),
    ]
    pair = paired("lpips", *single)
    assert pair is not None
    assert np.array_equal(pair.a, pair.b)
    assert ranks(single) == ["1-2", "1-2"]


def test_what_noise_hides_shares_a_rank(records: list[Record], tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    tied = [entry(tmp_path, records[0], name, rng.normal(0, 1, N)) for name in "ab"]
    worst = entry(tmp_path, records[0], "c", rng.normal(9, 1, N))
    found = standing("lpips", [*tied, worst])
    assert ranks([*tied, worst]) == ["1-2", "1-2", "3"]
    assert found.leaders == []
    assert found.first == tied
    assert found.outcome == "tie"


def test_holm_over_the_pairs_of_the_column_decides(records: list[Record], tmp_path: Path) -> None:
    """Plain p-values of 0.02, 0.02 and 0: alone the first two would hold, together only the third does."""
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 1, N)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    lead = 2.3263 / np.sqrt(N)  # of two sides: p = 0.02
    a = entry(tmp_path, records[0], "a", np.zeros(N))
    b = entry(tmp_path, records[0], "b", noise + lead)
    assert ranks([a, b]) == ["1", "2"]
    assert holm([0.02, 0.02, 0.02])[0] == pytest.approx(0.06)
    c = entry(tmp_path, records[0], "c", -noise + lead)  # from b it differs by noise alone
    assert ranks([a, b, c]) == ["1-3", "1-3", "1-3"]


def test_one_method_or_other_images_cannot_be_compared(records: list[Record], tmp_path: Path) -> None:
    base = np.random.default_rng(0).random(N)
    a, b = entry(tmp_path, records[0], "a", base), entry(tmp_path, records[0], "b", base + 1, ids=1)
    assert standing("lpips", [a]).reasons == (NO_RIVAL,)
    for pair in ([a, b], [a, Entry(b.record)]):
        found = standing("lpips", pair)
        assert (found.outcome, found.reasons) == ("not comparable", (ONE_NUMBER,))


def test_undefined_images_are_left_out_in_pairs(records: list[Record], tmp_path: Path) -> None:
    base = np.random.default_rng(0).random(N)
    holed = base.copy()
    holed[:5] = np.nan
    pair = [entry(tmp_path, records[0], "a", holed), entry(tmp_path, records[0], "b", base + 0.01)]
    assert ranks(pair) == ["1", "2"]


def test_kernel_distances_are_paired_by_subset(records: list[Record]) -> None:
    rng = np.random.default_rng(0)
    subsets = rng.random(100)
    key = "kid_efficientnet_lite0"

    def moved(name: str, values: NDArray[np.float64]) -> Entry:
        score = Score(float(values.mean()), None, 2500, None, False, None, 0.1, tuple(map(float, values)))
        record = dataclasses.replace(records[0], kind="inverter", method=name, num_images=2_500, metrics={key: score})
        return Entry(record)

    first = moved("first", subsets)
    assert ranks([first, moved("later", subsets + 0.01)], key) == ["1", "2"]
    noisy = subsets + 0.01 + rng.normal(0, 0.03, 100)  # 0.01 is 3 standard errors of 100 subsets, 0.7 of 2,500 images
    assert ranks([first, moved("noisy", noisy)], key) == ["1-2", "1-2"]


def test_the_seeds_of_a_method_do_not_compete(records: list[Record], tmp_path: Path) -> None:
    base = np.random.default_rng(0).random(N)
    twins = [entry(tmp_path / str(k), records[0], "mine", base + k / 50) for k in range(2)]
    other = entry(tmp_path, records[0], "other", base + 0.1)
    assert ranks([*twins, other]) == ["1", "1", "2"]
    assert standing("lpips", [*twins, other]).leaders == twins
    assert standing("lpips", twins).reasons == (NO_RIVAL,)


def test_the_rows_of_a_method_count_once_to_its_rivals(records: list[Record], tmp_path: Path) -> None:
    """Better where one of them is, worse where all are: the formula that the legend prints, over methods."""
    base = np.random.default_rng(0).random(N)
    ahead, behind = (entry(tmp_path / str(k), records[0], "twice", base + k) for k in (0, 2))
    between, last = entry(tmp_path, records[0], "between", base + 1), entry(tmp_path, records[0], "last", base + 3)
    rows = [ahead, behind, between, last]
    assert ranks(rows) == ["1", "2", "2", "3"]
    found = standing("lpips", rows)
    assert (found.leaders, found.first, found.num_methods) == ([ahead], [ahead], 3)
    assert TWINS in legend({"lpips": found}, ["lpips"])
    assert TWINS not in legend({"lpips": standing("lpips", rows[1:])}, ["lpips"])
    noise = np.random.default_rng(1).normal(0, 3, N)
    unclear = entry(tmp_path, records[0], "unclear", base + 3 + noise - noise.mean())
    assert ranks([*rows, unclear]) == ["1", "2", "2", "3-4", "3-4"]


def test_few_images_cannot_be_compared(records: list[Record], tmp_path: Path) -> None:
    values = np.full(N, np.nan)
    values[:40] = np.random.default_rng(0).random(40)
    pair = [entry(tmp_path, records[0], f"m{shift}", values + 0.01 * shift) for shift in range(2)]
    assert standing("lpips", pair).outcome == "not comparable"
    alone = [bare(records[0], name, value, 0.01, n=49) for name, value in (("a", 0.1), ("b", 0.5))]
    assert standing("lpips", alone).reasons == (FEW,)


def test_without_pairs_intervals_that_do_not_touch_tell_a_lead_and_say_so(records: list[Record]) -> None:
    entries = [bare(records[0], name, value, 0.05) for name, value in (("a", 0.1), ("b", 0.3), ("c", 0.39))]
    found = standing("lpips", entries)
    assert ranks(entries) == ["1", "2-3", "2-3"]
    assert (found.outcome, basis(found)) == ("lead", UNPAIRED)
    assert legend({"lpips": found}, ["lpips"])[0].endswith(f"by {UNPAIRED}.")
    touching = [bare(records[0], "a", 0.25, 0.25), bare(records[0], "b", 0.75, 0.25)]
    assert standing("lpips", touching).outcome == "tie"


def test_one_number_for_all_images_has_no_rank(records: list[Record]) -> None:
    found = standing("lpips", [bare(records[0], name, value, None) for name, value in (("a", 1), ("b", 2))])
    assert (found.ranks, found.reasons) == ({}, (ONE_NUMBER,))
    assert legend({"lpips": found}, ["lpips"]) == [
        "No inverter has a rank: nothing could be compared.",
        f"lpips: no rank: {ONE_NUMBER}.",
    ]


def test_the_committed_records_tell_leads_and_ties_apart() -> None:
    """With values image by image for all; the intervals of 59 of 90 leaders touch no rival's."""
    entries = [Entry(record, folder) for record, folder in read_records(Sources().results)]
    found: Counter[str] = Counter()
    clear = 0
    for one in group(entries):
        ranked = standings(one)
        for key in main_keys(one):
            scores = [entry.record.metrics[key] for entry in ranked[key].entries]
            if all(score.ci95 and score.higher_is_better is not None for score in scores) and scores:
                found[ranked[key].outcome] += 1
                clear += _stands_clear(key, ranked[key].entries)
            elif key.startswith("fd_"):
                assert ranked[key].outcome == "not comparable"
    assert found.total() == 90
    assert clear == 59
    assert found["lead"] >= clear
    assert found["not comparable"] == 0


def _stands_clear(key: str, entries: Sequence[Entry]) -> bool:
    """Whether the interval of the best value touches none of another method."""
    sign = -1 if entries[0].record.metrics[key].higher_is_better else 1
    ends: list[tuple[float, float, str]] = []
    for one in entries:
        low, high = sorted(sign * end for end in one.record.metrics[key].ci95 or (0.0, 0.0))
        ends.append((low, high, one.record.method))
    best = min(ends)
    return all(best[1] < low for low, _, method in ends if method != best[2])


def test_ranks_of_whole_columns_are_those_of_their_means(records: list[Record]) -> None:
    """Of means far apart, the places are those of the sorted values."""
    rng = np.random.default_rng(3)
    values = rng.permutation(6) + rng.random(6) / 10
    entries = []
    for k, value in enumerate(values):
        mean, low, high = mean_ci(value + rng.normal(0, 0.1, N))
        score = Score(mean, (low, high), N, None, True)
        record = dataclasses.replace(records[0], method=f"m{k}", kind="inverter", metrics={"lpips": score})
        entries.append(Entry(record))
    assert ranks(entries) == [str(1 + sum(values > value)) for value in values]
