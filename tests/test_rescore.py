"""Scores of finished runs are filled in without inverting, and what stands keeps every bit."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from bench import rescore
from bench.cli.score import score_finished
from bench.datasets.fetch_inception import NOT_HERE
from bench.errors import UnknownNameError, UsageError
from bench.line import run_cell
from bench.metrics import evaluate, per_image
from bench.metrics.base import ExtractorMetric, PerImage
from bench.metrics.distances import Fid
from bench.metrics.extractors import inception
from bench.metrics.extractors.judge import Judge
from bench.metrics.registry import metrics
from bench.rescore import outdated, score_runs
from bench.store.fingerprint import fingerprint_of
from bench.store.folder import CellFolder
from bench.store.intact import intact
from bench.store.record import Record
from bench.store.verify import verify_cell
from bench.weights.files import sha256_of
from tests.cells import TILES, Brightness, columns, config, folder_of, forget
from tests.metrics.random_inception import Images as Pictures
from tests.metrics.random_inception import write_random_inception


def parts(record: Record, inception: Path | None = None) -> dict[str, Any]:
    return rescore.How(None, None, inception, torch.device("cpu"), {}).parts(record)


def another_version(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    one = metrics()[key]
    monkeypatch.setattr(one, "card", replace(one.card, version="another"))


@pytest.fixture
def no_inversion(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it: from then on whoever inverts fails."""

    def refuse() -> None:
        def fail(*args: object) -> None:
            raise AssertionError("something was inverted")

        monkeypatch.setattr("bench.inverters.opened.OpenMethod.__init__", fail)

    return refuse


@pytest.mark.networks
@pytest.mark.parametrize(
    "keys", [("psnr",), ("logit_cosine", "reid_gap"), ("reid_within_class_judge_mrr",), ("diversity",)]
)
def test_what_is_missing_comes_back_to_the_bit(
    keys: tuple[str, ...], tmp_path: Path, no_inversion: Callable[[], None]
) -> None:
    whole = run_cell(config("Noisy", tmp_path))
    before = columns(whole, tmp_path)
    forget(whole, tmp_path, *keys)
    no_inversion()
    (done,) = score_runs(tmp_path, None, device="cpu")
    assert set(done.filled) == set(keys)
    again = Record.from_json((folder_of(whole, tmp_path) / "record.json").read_text())
    assert again.metrics == whole.metrics
    assert again.cards == whole.cards  # among them those of what was filled in
    assert list(again.metrics) == list(metrics())
    after = columns(whole, tmp_path)
    assert after.keys() == before.keys()
    for name, values in before.items():
        np.testing.assert_array_equal(after[name], values, err_msg=name)
    assert verify_cell(config("Noisy", tmp_path)).state == "verified"
    assert next(score_runs(tmp_path, None, device="cpu")).filled == ()


@pytest.mark.networks
def test_a_run_fills_what_its_record_lacks(tmp_path: Path, no_inversion: Callable[[], None]) -> None:
    whole = run_cell(config("Grey", tmp_path))
    forget(whole, tmp_path, "ssim", "reid_class_target")
    no_inversion()
    assert run_cell(config("Grey", tmp_path)).metrics == whole.metrics


@pytest.mark.networks
def test_a_new_metric_is_computed_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_inversion: Callable[[], None]
) -> None:
    whole = run_cell(config("Grey", tmp_path))
    monkeypatch.setitem(metrics(), "brightness", Brightness())
    no_inversion()
    asked: list[str] = []
    plain = per_image.attempt

    def attempt(compute: Callable[[], PerImage], n: int) -> object:
        asked.append("one")
        return plain(compute, n)

    monkeypatch.setattr(evaluate, "attempt", attempt)
    (done,) = score_runs(tmp_path, None, device="cpu")
    assert done.filled == ("brightness",)
    assert len(asked) == 1
    assert done.record.metrics.pop("brightness").value == 0.25
    assert done.record.metrics == whole.metrics


@pytest.mark.networks
def test_only_what_another_making_touches_is_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run_cell(config("Grey", tmp_path))
    another_version(monkeypatch, "ssim")
    assert outdated(whole, parts(whole)) == ["ssim"]
    (done,) = score_runs(tmp_path, ("psnr",), device="cpu")
    assert done.filled == ()  # ssim was not asked for
    (done,) = score_runs(tmp_path, None, device="cpu")
    assert done.filled == ("ssim",)
    assert done.record.metrics["ssim"].fingerprint != whole.metrics["ssim"].fingerprint
    others = [key for key in metrics() if key != "ssim"]
    assert [done.record.metrics[key] for key in others] == [whole.metrics[key] for key in others]


@pytest.mark.networks
def test_inception_weights_touch_fid_alone(tmp_path: Path) -> None:
    whole = run_cell(config("Grey", tmp_path))
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"some")
    assert outdated(whole, parts(whole, weights)) == ["fid"]
    (done,) = score_runs(tmp_path, ("fid",), inception=weights, device="cpu")
    assert done.filled == ("fid",)
    assert "2,048" in str(done.record.metrics["fid"].note)  # too few images for it


@pytest.mark.networks
def test_a_lost_second_draw_leaves_diversity_null_and_says_why(tmp_path: Path) -> None:
    record = run_cell(config("Noisy", tmp_path))
    forget(record, tmp_path, "diversity", "psnr")
    (folder_of(record, tmp_path) / "second_draw.npy").unlink()
    (done,) = score_runs(tmp_path, None, device="cpu")
    assert done.record.metrics["diversity"].value is None
    assert done.record.metrics["diversity"].note == rescore.NO_SECOND.format(key="diversity")
    assert done.record.metrics["psnr"] == record.metrics["psnr"]


@pytest.mark.networks
def test_a_local_classifier_has_to_be_named(tmp_path: Path) -> None:
    record = run_cell(config("Grey", tmp_path, classifier=TILES))
    forget(record, tmp_path, "logit_error", "psnr")
    (done,) = score_runs(tmp_path, None, device="cpu")
    assert done.filled == ("psnr",)
    assert "--classifier path/to/tiny.py:tiles" in str(done.reason)
    (done,) = score_runs(tmp_path, None, classifiers=(TILES,), device="cpu")
    assert done.filled == ("logit_error",)
    assert done.record.metrics == record.metrics


@pytest.mark.networks
def test_records_of_schema_1_compare_with_those_of_today(tmp_path: Path) -> None:
    whole = run_cell(config("Grey", tmp_path))
    path = folder_of(whole, tmp_path) / "record.json"
    raw = json.loads(path.read_text())
    raw["schema_version"] = 1
    for score in raw["metrics"].values():
        del score["fingerprint"]
    del raw["precision"]
    assert Record.from_json(json.dumps(raw)).metrics == whole.metrics
    path.write_text(json.dumps(raw))
    assert next(score_runs(tmp_path, None, device="cpu")).filled == ()


def test_misspelt_names_are_said(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="lpisp"):
        next(score_runs(tmp_path, ("lpisp",)))
    with pytest.raises(UsageError, match="no such folder"):
        next(score_runs(tmp_path / "nowhere", None))
    with pytest.raises(UsageError, match="no such file"):
        next(score_runs(tmp_path, None, inception=tmp_path / "typo.pth"))
    with pytest.raises(UsageError, match="a file of your own"):
        next(score_runs(tmp_path, None, classifiers=("resnet152",)))


@pytest.mark.networks
def test_cells_are_told_one_by_one_and_a_bad_one_stops_none(tmp_path: Path) -> None:
    grey, noisy = (run_cell(config(name, tmp_path)) for name in ("Grey", "Noisy"))
    for record in (grey, noisy):
        forget(replace(record, digests={}), tmp_path, "psnr")
    (folder_of(grey, tmp_path) / "per_image.parquet").write_bytes(b"half a fi")
    told = {one.record.method: one for one in score_runs(tmp_path, None, device="cpu")}
    assert told["noisy"].filled == ("psnr",)
    assert told["grey"].filled == ()
    assert "cannot be read" in str(told["grey"].reason)


@pytest.mark.networks
def test_a_kill_between_the_files_leaves_a_cell_that_is_filled_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_cell(config("Grey", tmp_path))
    folder = folder_of(whole, tmp_path)
    table = pq.read_table(folder / "per_image.parquet").drop_columns(["psnr"])
    pq.write_table(table, folder / "per_image.parquet")
    forget(replace(whole, digests=whole.digests | CellFolder(folder).digests()), tmp_path, "psnr")

    class Killed(BaseException):
        pass

    def kill(self: CellFolder, columns: object) -> None:
        write(self, columns)
        raise Killed

    write: Any = CellFolder.save_per_image
    with monkeypatch.context() as patch:
        patch.setattr(CellFolder, "save_per_image", kill)
        with pytest.raises(Killed):
            list(score_runs(tmp_path, None, device="cpu"))
    half = Record.from_json((folder / "record.json").read_text())
    assert "psnr" not in half.metrics
    assert intact(half, folder / "per_image.parquet") is None
    (done,) = score_runs(tmp_path, None, device="cpu")
    assert done.filled == ("psnr",)
    assert done.record.metrics == whole.metrics
    assert verify_cell(config("Grey", tmp_path)).state == "verified"


@pytest.mark.networks
def test_the_record_is_read_once_the_cell_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else fills one score while this process waits: it stays."""
    whole = run_cell(config("Grey", tmp_path))
    forget(replace(whole, digests={}), tmp_path, "psnr", "ssim")
    wait: Any = CellFolder.locked

    @contextmanager
    def busy(self: CellFolder) -> Iterator[None]:
        monkeypatch.setattr(CellFolder, "locked", wait)
        assert next(score_runs(tmp_path, ("psnr",), device="cpu")).filled == ("psnr",)
        with wait(self):
            yield

    monkeypatch.setattr(CellFolder, "locked", busy)
    (done,) = score_runs(tmp_path, ("ssim",), device="cpu")
    assert done.filled == ("ssim",)
    assert done.record.metrics == whole.metrics


@pytest.mark.networks
def test_a_record_that_is_taken_or_damaged_meanwhile_stops_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Grey", "Noisy"):
        forget(run_cell(config(name, tmp_path)), tmp_path, "psnr")
    wait: Any = CellFolder.locked

    @contextmanager
    def meddled(self: CellFolder) -> Iterator[None]:
        if self.path.parent.name == "grey":
            self.record.write_text('{"half a')
        with wait(self):
            yield

    monkeypatch.setattr(CellFolder, "locked", meddled)
    told = {one.record.method: one for one in score_runs(tmp_path, None, device="cpu")}
    assert "cannot be read any more" in str(told["grey"].reason)
    assert told["noisy"].filled == ("psnr",)


@pytest.mark.networks
def test_a_value_stays_where_its_weights_are_not_here(tmp_path: Path) -> None:
    whole = run_cell(config("Grey", tmp_path))
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"some")
    with_it = parts(whole, weights)
    scored = replace(whole.metrics["fid"], value=12.5, note=None, fingerprint=fingerprint_of("fid", with_it))
    record = replace(whole, metrics=whole.metrics | {"fid": scored})
    assert outdated(record, parts(whole)) == []
    assert outdated(record, with_it) == []
    weights.write_bytes(b"others")
    assert outdated(record, parts(whole, weights)) == ["fid"]


@pytest.mark.networks
def test_what_failed_in_foreign_code_is_tried_again_when_scores_are_asked_for(tmp_path: Path) -> None:
    whole = run_cell(config("Grey", tmp_path))
    failed = replace(whole.metrics["lpips"], value=None, ci95=None, note="OutOfMemoryError: CUDA out of memory")
    record = replace(whole, metrics=whole.metrics | {"lpips": failed})
    assert outdated(record, whole.protocol) == []  # bench run goes on
    assert outdated(record, whole.protocol, failed=True) == ["lpips"]
    (folder_of(whole, tmp_path) / "record.json").write_text(record.to_json())
    (done,) = score_runs(tmp_path, ("lpips",), device="cpu")
    assert done.record.metrics == whole.metrics


@pytest.mark.networks
def test_damage_elsewhere_stays_visible(tmp_path: Path) -> None:
    whole = run_cell(config("Grey", tmp_path))
    forget(whole, tmp_path, "psnr")
    (folder_of(whole, tmp_path) / "reconstruction_logits.npy").write_bytes(b"half a fi")
    assert next(score_runs(tmp_path, None, device="cpu")).filled == ("psnr",)
    assert verify_cell(config("Grey", tmp_path)).state == "wrong"


@pytest.mark.networks
def test_the_protocol_is_todays_only_once_every_score_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run_cell(config("Grey", tmp_path))
    forget(whole, tmp_path, "psnr")
    another_version(monkeypatch, "ssim")
    (part,) = score_runs(tmp_path, ("psnr",), device="cpu")
    assert part.record.protocol["metric_versions"]["ssim"] != "another"
    (all_of_it,) = score_runs(tmp_path, None, device="cpu")
    assert all_of_it.record.protocol["metric_versions"]["ssim"] == "another"


@pytest.mark.networks
def test_where_nothing_is_missing_nothing_is_written(tmp_path: Path) -> None:
    folder = folder_of(run_cell(config("Grey", tmp_path)), tmp_path)
    (folder / ".lock").unlink()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert next(score_runs(tmp_path, None, device="cpu")).filled == ()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.networks
def test_paths_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run_cell(config("Grey", tmp_path))
    forget(whole, tmp_path, "psnr")
    monkeypatch.chdir(folder_of(whole, tmp_path))
    assert next(score_runs(Path("."), None, device="cpu")).filled == ("psnr",)


@pytest.mark.networks
def test_another_judge_decides_its_own_scores_alone(tmp_path: Path) -> None:
    """Whoever judged when the cell was run judges again, unless somebody else is named."""
    usual = run_cell(config("Noisy", tmp_path / "usual"))
    whole = run_cell(config("Noisy", tmp_path / "other", judge="resnet152"))
    assert (whole.key, whole.protocol["judge"]) == (usual.key, "resnet152")
    judged = {key for key, one in metrics().items() if "judge" in one.needs.extractors}
    same = {key for key in metrics() if whole.metrics[key].fingerprint == usual.metrics[key].fingerprint}
    assert same == metrics().keys() - judged
    assert {key: whole.metrics[key] for key in same} == {key: usual.metrics[key] for key in same}
    assert whole.metrics["reid_class_judge"] != usual.metrics["reid_class_judge"]
    forget(whole, tmp_path / "other", "reid_class_judge", "reid_gap")
    (done,) = score_runs(tmp_path / "other", None, device="cpu")
    assert set(done.filled) == {"reid_class_judge", "reid_gap"}
    assert done.record.metrics == whole.metrics
    (done,) = score_runs(tmp_path / "other", None, judge="judge", device="cpu")
    assert set(done.filled) == judged
    assert done.record.metrics == usual.metrics


@pytest.mark.networks
def test_the_target_is_never_its_own_judge(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="would be its own judge"):
        run_cell(config("Grey", tmp_path, judge="robust_resnet152"))
    with pytest.raises(UnknownNameError, match="no classifier called 'juge'"):
        run_cell(config("Grey", tmp_path, judge="juge"))
    run_cell(config("Grey", tmp_path))
    (done,) = score_runs(tmp_path, None, judge="robust_resnet152", device="cpu")
    assert done.filled == ()


@pytest.mark.networks
def test_images_without_a_judge_get_one_who_is_named(tmp_path: Path) -> None:
    from tests.golden.lines import photographs

    folder = f"folder:{photographs(tmp_path / 'photos')}@32"
    nobody = run_cell(config("Grey", tmp_path / "runs", dataset=folder))
    assert nobody.metrics["reid_class_judge"].note == Judge.missing
    assert "judge" not in nobody.protocol
    judged = run_cell(config("Grey", tmp_path / "runs", dataset=folder, judge="resnet152"))
    assert judged.metrics["reid_class_judge"].value is not None
    assert judged.metrics["lpips"] == nobody.metrics["lpips"]
    label = judged.metrics["reid_label_judge"]  # it knows the classes of cifar10, and these are others
    assert (label.value, "other classes" in (label.note or "")) == (None, True)
    again = run_cell(config("Grey", tmp_path / "runs", dataset=folder))  # nobody is named: what is there stays
    assert again == judged


@pytest.mark.networks
def test_what_a_judge_answered_stays_where_nobody_judges(tmp_path: Path) -> None:
    from tests.golden.lines import photographs

    folder, runs = f"folder:{photographs(tmp_path / 'photos')}@32", tmp_path / "runs"
    asked = config("Grey", runs, dataset=folder, judge="resnet152", metrics=("reid_class_judge",))
    answers = {name: values for name, values in columns(run_cell(asked), runs).items() if name.startswith("prediction")}
    assert answers.keys() == {"prediction_judge_original", "prediction_judge_reconstruction"}
    rest = run_cell(config("Grey", runs, dataset=folder))
    assert rest.metrics["fd_judge"].note == Judge.missing
    after = columns(rest, runs)
    assert after["prediction_target_original"].min() >= 0
    for name, values in answers.items():
        assert values.min() >= 0
        np.testing.assert_array_equal(after[name], values)


@pytest.mark.networks
def test_a_run_computes_the_metrics_that_it_is_asked_for_and_a_later_one_the_rest(tmp_path: Path) -> None:
    whole = run_cell(config("Noisy", tmp_path / "whole"))
    few = run_cell(config("Noisy", tmp_path / "few", metrics=("psnr", "diversity")))
    assert few.metrics == {key: whole.metrics[key] for key in ("psnr", "diversity")}
    assert few.protocol == whole.protocol
    more = run_cell(config("Noisy", tmp_path / "few", metrics=("logit_error",)))
    assert list(more.metrics) == ["psnr", "logit_error", "diversity"]
    rest = run_cell(config("Noisy", tmp_path / "few"))
    assert rest.metrics == whole.metrics
    assert list(rest.metrics) == list(whole.metrics)
    assert columns(rest, tmp_path / "few").keys() == columns(whole, tmp_path / "whole").keys()
    with pytest.raises(UnknownNameError, match="no metric called 'psrn'"):
        run_cell(config("Noisy", tmp_path / "few", metrics=("psrn",)))


@pytest.mark.networks
@pytest.mark.slow
@pytest.mark.parametrize("n", [40, 2_500])
def test_fid_is_filled_in_alone_and_is_torch_fidelitys(
    n: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_inversion: Callable[[], None]
) -> None:
    """Random weights in torch-fidelity's layout; a quarter of an hour on two cores: both look at 2n images."""
    import torch_fidelity

    if n < ExtractorMetric.least_images:
        monkeypatch.setattr(Fid, "least_images", n)
    weights = write_random_inception(tmp_path / "random.pth")
    monkeypatch.setattr(inception, "PUBLISHED_SHA256_PREFIX", sha256_of(weights)[:8])
    before = run_cell(config("Noisy", tmp_path / "runs", num_images=n))
    folder, held = folder_of(before, tmp_path / "runs"), columns(before, tmp_path / "runs")
    files = {path: path.read_bytes() for path in folder.glob("*.npy")}
    assert before.metrics["fid"].note == NOT_HERE
    no_inversion()
    assert score_finished(tmp_path / "runs", ["fid"], None, None, weights, "cpu", as_json=False) == 0
    after = Record.from_json((folder / "record.json").read_text())
    ours = after.metrics["fid"]
    assert {key for key in metrics() if after.metrics[key] != before.metrics[key]} == {"fid"}
    for name, values in columns(after, tmp_path / "runs").items():
        np.testing.assert_array_equal(values, held[name], err_msg=name)
    assert {path: path.read_bytes() for path in folder.glob("*.npy")} == files
    originals = np.load(folder.parents[2] / "originals.npy")
    theirs = torch_fidelity.calculate_metrics(
        input1=Pictures(originals), input2=Pictures(np.load(folder / "reconstructions.npy")), fid=True, cuda=False,
        cache=False, batch_size=16, save_cpu_ram=True, verbose=False, feature_extractor_weights_path=str(weights),
    )["frechet_inception_distance"]  # fmt: skip
    print(f"fid of random weights: {ours.value!r}, by torch-fidelity {theirs!r}")
    assert (ours.n, ours.note) == (n, None)
    assert ours.value == pytest.approx(theirs, rel=1e-4)
