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
from bench.errors import DataError
from bench.metrics.bootstrap import paired_difference
from bench.metrics.registry import metrics
from bench.probes.measures import known
from bench.store.files import write_atomically
from bench.store.record import Record, Score, read_records
from reports.analysis.groups import Entry
from reports.page.compare.compare import CellPage, Comparison, comparison, write_comparison
from reports.page.compare.scores import MetricRow, _difference
from reports.words import text
from tests.reports.html_page import Page
from tests.reports.synthetic import MAIN_METRICS, make_runs

N = 60
METHOD = "biggan-logit"


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_runs(tmp_path_factory.mktemp("before"), N)


@pytest.fixture
def after(before: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(before, tmp_path / "after"))


def folder_of(runs: Path, method: str = METHOD) -> Path:
    return next(folder for record, folder in read_records(runs) if record.method == method)


def change(runs: Path, of: str = METHOD, /, **fields: object) -> None:
    folder = folder_of(runs, of)
    record = replace(Record.from_json((folder / "record.json").read_text()), **fields)  # type: ignore[arg-type]
    write_atomically(folder / "record.json", record.to_json().encode())


def shift(runs: Path, column: str, amount: float, method: str = METHOD) -> None:
    path = folder_of(runs, method) / "per_image.parquet"
    table = pq.read_table(path)
    at = table.column_names.index(column)
    pq.write_table(table.set_column(at, column, pa.array(table[column].to_numpy() + amount)), path)
    rescore(runs, method)


def rescore(runs: Path, method: str = METHOD) -> None:
    """Give the record the means of its columns as they are now."""
    folder = folder_of(runs, method)
    record, table = Record.from_json((folder / "record.json").read_text()), pq.read_table(folder / "per_image.parquet")
    values = {key: table[key].to_numpy() for key in record.metrics if key in table.column_names}
    means = {
        key: replace(record.metrics[key], value=float(np.nanmean(x)), ci95=None)
        for key, x in values.items()
        if np.isfinite(x).any()
    }
    change(runs, method, metrics=record.metrics | means)


def compared(a: Path, b: Path) -> Comparison:
    sides = [(str(runs), [Entry(*found) for found in read_records(runs)]) for runs in (a, b)]
    return comparison(sides[0], sides[1])


def cell(found: Comparison, method: str = METHOD) -> CellPage:
    return next(one for one in found.cells if one.title.startswith(f"{method} on "))


def row(found: Comparison, key: str, method: str = METHOD) -> MetricRow:
    return next(one for one in cell(found, method).metrics if one.key == key)


def numbers(bounds: str) -> list[float]:
    return [float(part) for part in bounds.replace(text.MINUS, "-").strip("[]").split(", ")]


def test_identical_folders_differ_by_exactly_nothing(before: Path, after: Path) -> None:
    found = compared(before, after)
    assert len(found.cells) == len(read_records(before))
    differences = [one.difference for page in found.cells for one in page.metrics if one.difference]
    assert len(differences) > 9 * len(found.cells)
    for one in differences:
        assert one.verdict == "equal"
        assert numbers(one.value) == [0]
        assert numbers(one.interval) == [0, 0]
        assert "+" not in one.value
        assert text.MINUS not in one.value
    assert not any(page.changes for page in found.cells)
    assert not any(folder.lone for folder in found.folders)


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


def stored(runs: Path, column: str, values: np.ndarray) -> None:
    path = folder_of(runs) / "per_image.parquet"
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.column_names.index(column), column, pa.array(values)), path)
    rescore(runs)


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


def test_other_weights_of_the_classifier_are_never_compared(before: Path, after: Path) -> None:
    record = next(record for record, _ in read_records(after) if record.method == METHOD)
    change(after, weights=record.weights | {record.classifier: "00" * 32})
    found = compared(before, after)
    assert "the weights of robust_resnet152 are not the same" in cell(found).obstacle
    assert row(found, "lpips").difference is None


def test_unequal_protocols_are_shown_and_never_compared(before: Path, after: Path) -> None:
    record = next(record for record, _ in read_records(after) if record.method == METHOD)
    change(after, protocol=record.protocol | {"fingerprint": "feed", "order": "another order"})
    shift(after, "lpips", 0.25)
    page = cell(compared(before, after))
    assert "published order 1 and another order" in page.obstacle
    assert all(one.difference is None for one in page.metrics)
    assert page.metrics[0].a.value == page.metrics[0].b.value
    assert {one.name: (one.a, one.b) for one in page.protocol} == {
        "protocol.fingerprint": ("9c41d7e05b2a", "feed"),
        "protocol.order": ("cifar10 test, published order 1", "another order"),
    }


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


def test_what_changed_is_listed_and_nothing_else(before: Path, after: Path) -> None:
    record = next(record for record, _ in read_records(after) if record.method == METHOD)
    change(
        after,
        key="another",
        weights=record.weights | {"inverter": "bb" * 32},
        recipe={"name": "fast", "hash": "ffffff", "steps": 7_000},
        environment=record.environment | {"torch": "3.0.0", "packages": {"numpy": "9"}},
        cost=replace(record.cost, seconds_per_image=0.0062),
    )
    page = cell(compared(before, after))
    assert {one.name: (one.a, one.b) for one in page.changes} == {
        "key": (record.key, "another"),
        "weights.inverter": ("a7" * 32, "bb" * 32),
        "recipe.hash": ("41d0c5", "ffffff"),
        "environment.torch": ("2.11.0", "3.0.0"),
        "environment.packages.numpy": (text.DASH, "9"),
    }
    assert page.costs is not None
    assert (page.costs.a, page.costs.b, page.costs.ratio) == ("3.1 ms on cpu", "6.2 ms on cpu", "2.00 times")


def test_failed_cells_and_cells_of_one_folder_are_named(before: Path, after: Path) -> None:
    change(after, status="failed", reason="out of memory", metrics={})
    shutil.rmtree(folder_of(after, "ridge"))
    change(after, "oracle", seed=7)
    found = compared(before, after)
    page = cell(found)
    assert page.obstacle == "Nothing is compared: B failed."
    assert [(one.status, one.reason) for one in page.states] == [("complete", ""), ("failed", "out of memory")]
    assert page.metrics == ()
    assert [[one.title.split()[0] for one in folder.lone] for folder in found.folders] == [
        ["oracle", "ridge"],
        ["oracle"],
    ]
    assert "seed 7" in found.folders[1].lone[0].subtitle


def test_of_several_records_the_largest_complete_one_is_shown(before: Path, after: Path) -> None:
    folder = folder_of(after)
    shutil.copytree(folder, folder.with_name("copy"))
    change(after, key="larger", num_images=90)
    page = cell(compared(before, after))
    assert [one.images for one in page.states] == ["60 images", "90 images"]
    assert any("2 records" in note for note in page.notes)


def test_columns_or_images_that_do_not_match_are_a_reason(before: Path, after: Path) -> None:
    path = folder_of(after) / "per_image.parquet"
    table = pq.read_table(path)
    ids = pa.array([f"mine-{k}" for k in range(N)])
    pq.write_table(table.set_column(0, "image_id", ids), path)
    assert row(compared(before, after), "lpips").reason == "different images"
    path.unlink()
    assert row(compared(before, after), "lpips").reason == "no values image by image beside B's record"


def test_the_page_holds_every_number_and_escapes_every_name(before: Path, after: Path, tmp_path: Path) -> None:
    shift(after, "lpips", 0.125)
    change(after, "ridge", method="<script>alert(1)</script>", status="skipped", reason="<b>why</b>")
    change(after, "oracle", environment={"torch": "<i>x</i>"})
    odd = after.rename(after.with_name("<em>after"))
    out = write_comparison(before, odd, tmp_path / "two.html")
    page = Page(out.read_text())
    for tag in ("em", "i", "b"):
        assert not page.root.all(tag)
    assert all("alert(1)" not in tag.text for tag in page.root.all("script"))
    words = " ".join(page.root.first("main").text.split())
    for shown in ("<script>alert(1)</script> on robust_resnet152", "skipped: <b>why</b>", "<i>x</i>", "<em>after"):
        assert shown in words
    for found, section in zip(compared(before, odd).cells, page.root.all("section", class_="group"), strict=False):
        told = " ".join(section.text.split())
        assert found.title in told
        for one in found.metrics:
            (line,) = (tag for tag in section.all("tr") if tag.attributes.get("data-key") == one.key)
            shown = " ".join(line.text.split())
            assert one.verdict in shown
            for part in (
                one.a.value,
                one.b.value,
                *((one.difference.value, one.difference.interval) if one.difference else ()),
            ):
                assert part in shown
    assert "://" not in out.read_text().replace("http://www.w3.org/2000/svg", "")


def test_a_folder_without_records_is_explained(before: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, found in (("empty", "there is none below it"), ("gone", "there is no such folder")):
        with pytest.raises(DataError, match=found) as error:
            write_comparison(before, tmp_path / name, tmp_path / "x.html")
        assert f"bench run --method biggan-logit --classifier robust_resnet152 --out {tmp_path / name}" in str(
            error.value
        )
    assert not (tmp_path / "x.html").exists()


def test_probes_are_left_out_and_counted(before: Path, after: Path) -> None:
    change(after, "ridge", probe="noise")
    found = compared(before, after)
    assert "1 probe, which are not compared here" in found.folders[1].found
    assert [one.title.split()[0] for one in found.folders[0].lone] == ["ridge"]
