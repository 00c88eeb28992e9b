"""Two records in one metric: their pairs or why there are none, and what a difference says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.cards import MetricCard
from bench.describe import supplied
from bench.store.record import Record, Score
from reports.analysis.compare import EQUAL, OPEN, paired, score_of, verdict
from reports.analysis.groups import Entry
from tests.reports.synthetic import write_cell

N = 60
VALUES = np.random.default_rng(0).random(N)
RECORD = Record("m", "c", "cifar10", N, 0, key="k")


def entry(root: Path, values: NDArray[np.float64], ids: int = 0, **changes: object) -> Entry:
    n = len(values)
    score = Score(float(np.nanmean(values)), None, n, changes.pop("chance", None))  # type: ignore[arg-type]
    record = replace(RECORD, num_images=n, metrics={"lpips": score, "logit_cosine": score, "reid_gap": score})
    record = replace(record, **changes)  # type: ignore[arg-type]
    columns = {"image_id": [f"i{k + ids}" for k in range(n)], **dict.fromkeys(record.metrics, values)}
    return Entry(record, write_cell(root, record, columns, np.zeros((n, 1, 1, 3), np.uint8)))


def test_pairs_are_images_of_the_common_prefix_that_have_both_values(tmp_path: Path) -> None:
    holed, longer = VALUES.copy(), np.concatenate([VALUES + 1, VALUES])
    holed[:5] = np.nan
    found = paired("lpips", entry(tmp_path / "a", holed), entry(tmp_path / "b", longer))
    assert not isinstance(found, str)
    a, b, unit = found
    assert (len(a), unit) == (N - 5, "image")
    assert b - a == pytest.approx(np.ones(N - 5))


def with_chance(one: Entry, key: str, chance: float, depends_on: str) -> Entry:
    record = replace(one.record, metrics={key: replace(one.record.metrics[key], chance=chance)})
    cards = supplied(record)
    card = replace(cards.metrics[key], depends_on=depends_on)
    return replace(one, record=replace(record, cards=replace(cards, metrics={key: card})))


def test_why_there_are_no_pairs_is_said(tmp_path: Path) -> None:
    a = entry(tmp_path / "a", VALUES)
    assert paired("psnr", a, a) == "a value is missing"
    made = {"lpips": replace(a.record.metrics["lpips"], fingerprint="another")}
    assert paired("lpips", a, replace(a, record=replace(a.record, metrics=made))) == "scored in different ways"
    assert paired("lpips", a, entry(tmp_path / "b", VALUES, ids=1)) == "different images"
    assert paired("lpips", a, Entry(a.record)) == "no values image by image beside B's record"
    assert paired("lpips", Entry(a.record), a) == "no values image by image beside A's record"
    half = np.arange(N) < N // 2
    left, right = (entry(tmp_path / name, np.where(one, VALUES, np.nan)) for name, one in (("l", half), ("r", ~half)))
    assert paired("lpips", left, right) == "not defined on any image of both"


def test_of_different_n_only_what_does_not_depend_on_it_is_compared(tmp_path: Path) -> None:
    short, longer = entry(tmp_path / "a", VALUES), entry(tmp_path / "b", np.tile(VALUES, 2))
    assert not isinstance(paired("lpips", short, longer), str)
    for key, depends_on, chances, reason in (
        ("reid_gap", "gallery", (0.1, 0.2), "ranks in galleries of different sizes"),
        ("reid_gap", "gallery", (0.1, 0.1), None),
        ("logit_cosine", "mean", (0.1, 0.1), "centred by the mean over different numbers of images"),
    ):
        sides = [
            with_chance(one, key, chance, depends_on) for one, chance in zip((short, longer), chances, strict=True)
        ]
        found = paired(key, *sides)
        assert found == reason if reason else not isinstance(found, str)


def test_scores_of_sets_are_paired_by_subset_at_equal_n() -> None:
    def made(n: int = 2_500, subsets: tuple[float, ...] | None = (0.1, 0.2)) -> Entry:
        score = Score(0.15, None, n, subsets=subsets)
        return Entry(replace(RECORD, num_images=n, metrics={"kid_efficientnet_lite0": score}))

    found = paired("kid_efficientnet_lite0", made(), made(subsets=(0.3, 0.4)))
    assert not isinstance(found, str)
    assert (found[0].tolist(), found[1].tolist(), found[2]) == ([0.1, 0.2], [0.3, 0.4], "subset")
    for other in (made(subsets=None), made(subsets=(0.1,))):
        assert paired("kid_efficientnet_lite0", made(), other) == "a set-level score has no pairs"
    assert paired("kid_efficientnet_lite0", made(), made(2_600)) == "set-level scores of different numbers of images"


def test_a_metric_that_a_record_lacks_has_a_score_that_says_so() -> None:
    assert score_of(Entry(RECORD), "lpips").note == "this record was written without this metric"


@pytest.mark.parametrize(
    ("found", "better_is", "expected"),
    [
        ((0.2, 0.1, 0.3), False, "worse"), ((0.2, 0.1, 0.3), True, "better"), ((0.2, 0.1, 0.3), None, "higher"),
        ((-0.2, -0.3, -0.1), False, "better"), ((-0.2, -0.3, -0.1), True, "worse"), ((-0.2, -0.3, -0.1), None, "lower"),
        ((0.1, -0.1, 0.3), True, OPEN), ((0.15, 0.0, 0.3), True, OPEN), ((0.0, 0.0, 0.0), True, EQUAL),
        ((0.0009, 0.0001, 0.0017), True, EQUAL), ((0.0005, -0.0009, 0.0009), True, EQUAL),
        ((0.002, 0.0015, 0.0025), True, "better"),
    ],
)  # fmt: skip
def test_where_the_interval_lies_decides(
    found: tuple[float, float, float], better_is: bool | None, expected: str
) -> None:
    """The metric tells a thousandth apart."""
    assert verdict(MetricCard("x", "x", "x", better_is, "image", resolution=1e-3), found, N) == expected
