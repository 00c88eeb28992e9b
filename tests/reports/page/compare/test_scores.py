"""Two records metric by metric: what is printed of both, and their difference or why there is none."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.cards import MetricCard
from bench.describe import metric_card
from bench.metrics.bootstrap import paired_difference
from bench.metrics.registry import metrics
from bench.probes.measures import known
from bench.store.record import Score, read_records
from reports.page.compare.scores import _difference
from reports.words import text
from tests.reports.page.compare.two import (
    METHOD,
    N,
    cell,
    change,
    compared,
    folder_of,
    numbers,
    rescore,
    row,
    shift,
    stored,
)
from tests.reports.synthetic import MAIN_METRICS, make_runs, two_cells


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cells, as one alone is looked at here."""
    return two_cells(tmp_path_factory.mktemp("before"), N)


@pytest.mark.parametrize(
    ("key", "amount", "verdict"),
    [("lpips", 0.125, "worse"), ("lpips", -0.125, "better"), ("ssim", 0.125, "better"), ("ssim", -0.125, "worse"),
     ("diversity", 0.125, "higher"), ("reid_gap", -0.125, "lower")],
)  # fmt: skip
def test_a_shifted_metric_differs_by_the_shift(
    key: str, amount: float, verdict: str, before: Path, after: Path
) -> None:
    shift(after, key, amount)
    found = compared(before, after)
    difference = row(found, key).difference
    assert difference is not None
    assert (difference.verdict, difference.pairs) == (verdict, "60 images")
    assert numbers(difference.value) == [amount]
    assert numbers(difference.interval) == [amount, amount]
    others = [one for one in cell(found).metrics if one.difference and one.key != key]
    assert {one.verdict for one in others} == {"equal"}
    assert dict(cell(found).verdicts)[verdict] == "1"


def test_a_noisy_difference_has_the_interval_of_the_metrics(before: Path, after: Path) -> None:
    path = folder_of(after) / "per_image.parquet"
    table = pq.read_table(path)
    a = table["lpips"].to_numpy()
    b = a + np.random.default_rng(0).normal(0.001, 0.02, N)
    pq.write_table(table.set_column(table.column_names.index("lpips"), "lpips", pa.array(b)), path)
    rescore(after)
    difference = row(compared(before, after), "lpips").difference
    assert difference is not None
    mean, low, high = paired_difference(b, a)
    assert low < 0 < high
    assert difference.verdict == "no difference shown"
    digits = len(difference.value.partition(".")[2])
    printed = [*numbers(difference.value), *numbers(difference.interval)]
    assert printed == pytest.approx([mean, low, high], abs=0.5001 * 10**-digits)


def test_single_precision_is_not_worse_than_double(before: Path, after: Path) -> None:
    """Committed columns are float32: a run that gave the same values gives an interval of zeros, and no verdict."""
    values = pq.read_table(folder_of(before) / "per_image.parquet")["lpips"].to_numpy()
    values = np.nextafter(values.astype(np.float32).astype(np.float64), -1)  # float32 rounds every one of them up
    one = Path(shutil.copytree(before, after.parent / "double"))
    stored(one, "lpips", values)
    stored(after, "lpips", values.astype(np.float32))
    difference = row(compared(one, after), "lpips").difference
    assert difference is not None
    assert (difference.verdict, numbers(difference.value), numbers(difference.interval)) == ("equal", [0], [0, 0])


@pytest.mark.parametrize(("key", "sign"), [("lpips", 1), ("psnr", -1), ("logit_cosine", -1), ("reid_gap", 1)])
def test_a_difference_below_the_resolution_is_equal_and_one_above_is_not(
    key: str, sign: int, before: Path, after: Path
) -> None:
    least = metrics()[key].card.least(N)
    for share, verdicts in ((0.9, {"equal"}), (0.2, {"worse", "higher"})):
        shift(after, key, sign * share * least)
        assert {row(compared(before, after), key).verdict} <= verdicts


def test_too_small_a_mean_within_a_wide_interval_shows_nothing(before: Path, after: Path) -> None:
    values = pq.read_table(folder_of(before) / "per_image.parquet")["lpips"].to_numpy()
    noise = np.random.default_rng(0).normal(0, 0.02, N)
    stored(after, "lpips", values + noise - noise.mean())
    assert row(compared(before, after), "lpips").verdict == "no difference shown"


def test_no_verdict_stands_beside_an_interval_of_zeros() -> None:
    """What is printed as zeros lies below every resolution that is declared."""
    for key in known():
        assert metric_card(key).least(1_000_000) >= 1e-6
    assert {verdict_of(metric_card(key), 4e-7) for key in known()} == {"equal"}


def verdict_of(card: MetricCard, amount: float) -> str:
    difference = _difference(card, np.zeros(60), np.full(60, amount), "image", 60)
    assert difference is not None
    assert numbers(difference.interval) == [0, 0]
    return difference.verdict


def test_scores_are_printed_as_recorded(before: Path, after: Path) -> None:
    record = next(record for record, _ in read_records(before) if record.method == METHOD)
    for one in cell(compared(before, after)).metrics:
        score = record.metrics[one.key]
        expected = text.DASH if score.value is None else text.number(metric_card(one.key), score.value, score.ci95)
        assert one.a.value == one.b.value == expected
        if score.value is not None and score.ci95:
            assert one.a.bounds == (text.bounds(score.ci95) or None)
        assert (one.a.note == score.note) or score.value is not None
    assert {one.key for one in cell(compared(before, after)).metrics} == set(MAIN_METRICS)


def test_unequal_n_meets_on_the_common_prefix(before: Path, tmp_path: Path) -> None:
    longer = make_runs(tmp_path / "longer", N)
    folder = folder_of(longer)
    table = pq.read_table(folder / "per_image.parquet").slice(0, 55)
    pq.write_table(table, folder / "per_image.parquet")
    change(longer, num_images=55)
    rescore(longer)
    shift(longer, "lpips", 0.25)
    found = compared(before, longer)
    difference = row(found, "lpips").difference
    assert difference is not None
    assert (difference.pairs, numbers(difference.value)) == ("55 images", [0.25])
    assert any("first 55 images" in note for note in cell(found).notes)
    assert row(found, "logit_cosine").reason == "centred by the mean over different numbers of images"
    metrics = next(record for record, _ in read_records(longer) if record.method == METHOD).metrics
    key = "reid_instance_judge_mrr"
    change(longer, metrics=metrics | {key: replace(metrics[key], chance=0.5)})
    assert row(compared(before, longer), key).reason == "ranks in galleries of different sizes"


def test_kernel_distances_meet_subset_by_subset_at_equal_n(
    before: Path, after: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.analysis.pairs.KID_SUBSET_SIZE", 20)
    key = "kid_efficientnet_lite0"
    one = Path(shutil.copytree(before, tmp_path / "one"))
    metrics = next(record for record, _ in read_records(one) if record.method == METHOD).metrics
    values = np.random.default_rng(0).normal(0.1, 0.01, 100)
    for runs, amount in ((one, 0.0), (after, 0.5)):
        subsets = tuple(float(x) for x in values + amount)
        score = Score(float(np.mean(subsets)), n=N, higher_is_better=False, std=0.01, subsets=subsets)
        change(runs, metrics=metrics | {key: score, "fd_judge": Score(3.0 + amount, n=N)})
    found = compared(one, after)
    difference = row(found, key).difference
    assert difference is not None
    assert (difference.verdict, difference.pairs, numbers(difference.value)) == ("worse", "100 subsets", [0.5])
    assert row(found, "fd_judge").difference is None
    assert (row(found, "fd_judge").a.value, row(found, "fd_judge").b.value) == ("3.00", "3.50")
    change(after, num_images=N - 1)
    assert row(compared(one, after), key).reason == "set-level scores of different numbers of images"


def test_one_score_of_another_making_is_not_compared_and_the_others_are(before: Path, after: Path) -> None:
    record = next(record for record, _ in read_records(after) if record.method == METHOD)
    lpips = replace(record.metrics["lpips"], fingerprint="another")
    change(after, metrics=record.metrics | {"lpips": lpips})
    page = cell(compared(before, after))
    assert not page.obstacle
    told = {one.key: one for one in page.metrics}
    assert told["lpips"].difference is None
    assert told["lpips"].reason == "scored in different ways"
    assert told["psnr"].difference is not None


def test_columns_or_images_that_do_not_match_are_a_reason(before: Path, after: Path) -> None:
    path = folder_of(after) / "per_image.parquet"
    table = pq.read_table(path)
    ids = pa.array([f"mine-{k}" for k in range(N)])
    pq.write_table(table.set_column(0, "image_id", ids), path)
    assert row(compared(before, after), "lpips").reason == "different images"
    path.unlink()
    assert row(compared(before, after), "lpips").reason == "no values image by image beside B's record"
