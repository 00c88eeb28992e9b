"""The whole line on few images: records, resuming, failures, what an inverter may see."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

import bench
from baselines.controls import Oracle
from bench.cell import Cell
from bench.config import RunConfig
from bench.errors import SkipCellError, StorageError, UnknownNameError, UsageError
from bench.line import run, run_cell, run_controls, settle
from bench.metrics.registry import metrics
from bench.registry import CONTROLS, registered
from bench.store.folder import SHARD, CellFolder, shards
from bench.store.intact import intact
from bench.store.record import Record, Score, stamped
from bench.weights.files import entry
from tests.cells import PLUGINS, config, folder_of, forget


@pytest.mark.networks
def test_record_has_every_key_and_its_files(tmp_path: Path) -> None:
    record = run_cell(config("Noisy", tmp_path))
    assert record.status == "complete", record.reason
    assert list(record.metrics) == list(metrics())
    raw = json.loads((folder_of(record, tmp_path) / "record.json").read_text())
    assert set(raw["metrics"]["lpips"]) >= {"value", "ci95", "n", "chance", "higher_is_better", "note"}
    assert record.metrics["diversity"].value
    assert record.metrics["fd_judge"].value is None
    assert "2,048" in (record.metrics["fd_judge"].note or "")
    pixels = np.load(folder_of(record, tmp_path) / "reconstructions.npy", mmap_mode="r")
    assert pixels.shape == (20, 32, 32, 3)
    table = pq.read_table(folder_of(record, tmp_path) / "per_image.parquet")
    assert table.num_rows == 20
    assert table.column("image_id").to_pylist() == list(bench.load_dataset("cifar10").ids[:20])
    lpips = table.column("lpips").to_numpy()
    assert record.metrics["lpips"].value == pytest.approx(float(lpips.mean()))
    again = np.load(folder_of(record, tmp_path) / "reconstruction_logits.npy", mmap_mode="r")
    assert (again.shape, again.dtype) == ((20, 10), np.float32)
    assert again.argmax(1).tolist() == table.column("prediction_target_reconstruction").to_pylist()
    z = np.load(tmp_path / "cifar10/robust_resnet152/logits.npz")["logits"][:20]
    error = np.linalg.norm(again - z, axis=1) / np.linalg.norm(z, axis=1)
    assert table.column("logit_error").to_numpy() == pytest.approx(error, rel=1e-5)


@pytest.mark.networks
def test_a_finished_cell_is_read_where_nobody_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run_cell(config("Grey", tmp_path))

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", ".lock")

    monkeypatch.setattr(CellFolder, "locked", refused)
    assert run_cell(config("Grey", tmp_path)) == first
    forget(first, tmp_path, "psnr")
    with pytest.raises(PermissionError):
        run_cell(config("Grey", tmp_path))


@pytest.mark.networks
def test_finished_cell_is_not_run_again_and_force_runs_it(tmp_path: Path) -> None:
    first = run_cell(config("Grey", tmp_path))
    stamp = (folder_of(first, tmp_path) / "record.json").stat().st_mtime_ns
    assert run_cell(config("Grey", tmp_path)) == first
    assert (folder_of(first, tmp_path) / "record.json").stat().st_mtime_ns == stamp
    assert run_cell(config("Grey", tmp_path, force=True)).key == first.key
    assert (folder_of(first, tmp_path) / "record.json").stat().st_mtime_ns != stamp


@pytest.mark.processes
def test_a_finished_cell_and_its_controls_are_answered_without_torch(tmp_path: Path) -> None:
    for name in ("biggan-logit", *registered(CONTROLS)):
        cell = Cell.open(RunConfig(name, "robust_resnet152", num_images=20, device="cpu", out=tmp_path))
        scores = {key: stamped(key, Score(0.5, n=20), cell.draft.protocol) for key in metrics()}
        cell.folder.path.mkdir(parents=True)
        cell.folder.save_per_image({"image_id": cell.dataset.ids[:20], "psnr": np.full(20, 0.5)})
        cell.folder.finish(replace(cell.draft, status="complete", metrics=scores).to_json())
    code = (
        "import sys; from bench.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code\n"
        "print(*{'torch', 'torchvision', 'skimage', 'pandas'} & set(sys.modules), file=sys.stderr)"
    )
    words = [
        "run",
        "--method",
        "biggan-logit",
        "--classifier",
        "robust_resnet152",
        "--num-images",
        "20",
        "--device",
        "cpu",
    ]
    done = subprocess.run(
        [sys.executable, "-c", code, *words, "--out", str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == ""
    assert "train-nearest" in done.stdout


@pytest.mark.networks
def test_a_record_of_an_earlier_bench_without_digests_stays_finished(tmp_path: Path) -> None:
    first = run_cell(config("Grey", tmp_path))
    path = folder_of(first, tmp_path) / "record.json"
    raw = json.loads(path.read_text())
    del raw["digests"]
    path.write_text(json.dumps(raw))
    stamp = path.stat().st_mtime_ns
    assert run_cell(config("Grey", tmp_path)).digests == {}
    assert path.stat().st_mtime_ns == stamp


@pytest.mark.networks
def test_the_record_has_the_digests_of_its_arrays(tmp_path: Path) -> None:
    record = run_cell(config("Grey", tmp_path))
    folder = folder_of(record, tmp_path)
    own = {"reconstructions.npy", "reconstruction_logits.npy", "per_image.parquet"}
    assert set(record.digests) == own | {"originals.npy", "logits.npz"}
    for name in own:
        assert record.digests[name] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    pixels = np.load(folder.parents[2] / "originals.npy")
    assert record.digests["originals.npy"] == hashlib.sha256(pixels[:20].tobytes()).hexdigest()
    more = run_cell(config("Noisy", tmp_path, num_images=30))  # the originals grow
    assert intact(record, folder.parents[2] / "originals.npy") is None
    assert more.digests["originals.npy"] != record.digests["originals.npy"]


@pytest.mark.networks
def test_damage_is_found_named_and_mended_by_force(tmp_path: Path) -> None:
    good = run_cell(config("Noisy", tmp_path))
    originals, logits = tmp_path / "cifar10" / "originals.npy", tmp_path / "cifar10/robust_resnet152/logits.npz"
    np.save(originals, 255 - np.load(originals))
    found = run_cell(config("Grey", tmp_path))
    assert (found.status, "originals.npy is damaged" in str(found.reason)) == ("failed", True)
    assert "--force" in str(found.reason)
    assert str(tmp_path) not in str(found.reason)
    assert run_cell(config("Noisy", tmp_path, force=True)).metrics == good.metrics
    raw = dict(np.load(logits))
    np.savez(logits, **(raw | {"logits": raw["logits"] * 2}))
    assert "logits.npz is damaged" in str(run_cell(config("Grey", tmp_path)).reason)
    assert run_cell(config("Noisy", tmp_path, force=True)).metrics == good.metrics
    assert run_cell(config("Grey", tmp_path)).status == "complete"


@pytest.mark.networks
def test_altered_features_are_computed_again(tmp_path: Path) -> None:
    good = run_cell(config("Grey", tmp_path))
    kept = list((tmp_path / ".features").iterdir())
    assert kept
    for path in kept:
        raw = dict(np.load(path))
        np.savez(path, **{name: array[::-1] for name, array in raw.items() if array.ndim}, sha256=raw["sha256"])
    assert run_cell(config("Grey", tmp_path / "again")).metrics == good.metrics
    shutil.rmtree(tmp_path / "cifar10")
    assert run_cell(config("Grey", tmp_path)).metrics == good.metrics


@pytest.mark.networks
def test_a_folder_of_other_contents_under_old_names_and_sizes_is_another_dataset(tmp_path: Path) -> None:
    """The old record is not its result, and its originals are not what the new reconstructions are scored against."""
    photos = tmp_path / "photos" / "cat"
    photos.mkdir(parents=True)

    def write(level: int) -> None:
        for k in range(3):
            Image.new("RGB", (32, 32), (level + k, level, level)).save(photos / f"{k}.bmp")

    def psnr(**more: object) -> float:
        asked = config("Grey", tmp_path / "runs", dataset=f"folder:{tmp_path / 'photos'}", num_images=3, **more)
        return run_cell(asked).metrics["psnr"].value or 0.0

    write(100)
    first = psnr()
    sizes = [path.stat().st_size for path in sorted(photos.iterdir())]
    write(200)
    assert [path.stat().st_size for path in sorted(photos.iterdir())] == sizes
    second = psnr()
    assert second == pytest.approx(10 * np.log10(255**2 / 72**2), abs=0.1)  # 200 against 128
    assert first > second + 5
    assert psnr(force=True) == second


@pytest.mark.networks
def test_a_full_disk_ends_the_run_with_a_sentence_and_can_be_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("bench.store.files.os.fsync", full)
        with pytest.raises(StorageError, match=r"originals\.json could not be written: No space left on device"):
            run_cell(config("Grey", tmp_path))
    assert not list(tmp_path.glob("**/*.tmp"))
    assert not list(tmp_path.glob("**/record.json"))
    assert run_cell(config("Grey", tmp_path)).status == "complete"


@pytest.mark.networks
def test_logits_of_an_image_do_not_depend_on_n(tmp_path: Path) -> None:
    few, more = (run_cell(config("Grey", tmp_path / str(n), num_images=n)) for n in (7, 20))
    a, b = (
        np.load(tmp_path / str(r.num_images) / "cifar10/robust_resnet152/logits.npz")["logits"] for r in (few, more)
    )
    assert (a[:7] == b[:7]).all()


@pytest.mark.networks
@pytest.mark.parametrize(
    ("method", "word"),
    [("Broken", "ValueError: no such luck"), ("WrongShape", "should return images of shape"), ("NotANumber", "NaN")],
)
def test_a_failure_is_a_record_and_is_tried_again(method: str, word: str, tmp_path: Path) -> None:
    record = run_cell(config(method, tmp_path))
    assert record.status == "failed"
    assert word in (record.reason or "")
    assert Record.from_json((folder_of(record, tmp_path) / "record.json").read_text()).status == "failed"
    assert record.metrics == {}
    assert run_cell(config(method, tmp_path)).created


def test_a_reason_names_no_folder_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "my cache"))
    text = f"There is no {tmp_path}/my cache/cifar10/train.npy, nor {tmp_path}/other/x.npy."

    def line(_: Cell) -> Record:
        raise SkipCellError(text)

    record = settle(Cell.open(config("Grey", tmp_path)), line)
    assert record.reason == "There is no $BENCH_HOME/cifar10/train.npy, nor .../x.npy."
    assert str(tmp_path) not in next(tmp_path.glob("**/record.json")).read_text()


@pytest.mark.networks
def test_a_pair_that_makes_no_sense_is_skipped_with_its_reason(tmp_path: Path) -> None:
    record = run_cell(config("Senseless", tmp_path))
    assert (record.status, record.reason) == ("skipped", "robust_resnet152 has too few logits.")


@pytest.mark.networks
def test_controls_come_along_and_oracle_is_the_ceiling(tmp_path: Path) -> None:
    run(config("Grey", tmp_path, controls=True))
    found = {r.method: r for r, _ in bench.store.record.read_records(tmp_path)}
    shipped = {"oracle", "real-train", "train-nearest", "same-class-random", "class-mean", "ridge", "grey"}
    assert shipped <= {name for name, r in found.items() if r.status == "complete"}
    for name in found.keys() - shipped:  # what they need need not be here; they say how to get it
        assert found[name].status == "complete" or "Type: bench" in str(found[name].reason) or name == "onehot-biggan"
    oracle = found["oracle"].metrics
    assert (oracle["lpips"].value, oracle["ssim"].value, oracle["reid_class_target"].value) == (0, 1, 1)
    assert oracle["psnr"].value is None
    assert oracle["logit_error"].value == pytest.approx(0, abs=1e-4)
    assert oracle["reid_instance_judge_mrr"].value == 1


@pytest.mark.networks
def test_a_control_that_costs_more_than_the_run_is_left_out_unless_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = {"oracle": registered(CONTROLS)["oracle"]}
    monkeypatch.setattr("bench.line.registered", lambda group: points)
    monkeypatch.setattr(Oracle, "too_dear", classmethod(lambda cls, dataset, sha256, n: f"{dataset.name} {n} {sha256}"))
    asked = config("oracle", tmp_path)
    (left_out,) = run_controls(asked)
    assert left_out.status == "skipped"
    assert left_out.reason == f"cifar10 20 {entry('robust_resnet152').sha256}"
    named = run_cell(asked)
    assert (named.status, named.key) == ("complete", left_out.key)
    assert run_controls(asked) == [named]
    assert run_controls(replace(asked, force=True)) == [named]  # what is finished stays


def test_a_control_that_fails_to_say_whether_it_pays_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(dataset: object, sha256: str, num_images: int) -> str | None:
        raise ValueError("no such luck")

    points = {"oracle": registered(CONTROLS)["oracle"]}
    monkeypatch.setattr("bench.line.registered", lambda group: points)
    monkeypatch.setattr(Oracle, "too_dear", broken)
    (record,) = run_controls(config("Grey", tmp_path))
    assert record.status == "failed"
    assert "ValueError: no such luck" in str(record.reason)


def test_unknown_names_and_impossible_sizes_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'biggan-logit'"):
        run_cell(config("biggan-logits", tmp_path))
    with pytest.raises(UnknownNameError, match="robust_resnet152"):
        run_cell(replace(config("Grey", tmp_path), classifier="robust_resnet125"))
    with pytest.raises(UnknownNameError, match="biggan-logit"):
        run(config("biggan-logits", tmp_path, controls=True))
    with pytest.raises(UsageError, match="never a target"):
        run_cell(replace(config("Grey", tmp_path), classifier="judge"))
    with pytest.raises(UsageError, match="asks for more"):
        run_cell(config("Grey", tmp_path, num_images=10_001))
    with pytest.raises(UsageError, match="at least 1"):
        config("Grey", tmp_path, num_images=0)
    assert not list(tmp_path.iterdir())


def test_shards_have_fixed_boundaries() -> None:
    assert shards(600) == [range(250), range(250, 500), range(500, 600)]
    assert SHARD == 250


def _run(out: Path, environment: dict[str, str]) -> int:
    code = (
        "import sys; from pathlib import Path; from bench.config import RunConfig; from bench.line import run_cell;"
        f"r = run_cell(RunConfig({f'{PLUGINS}:Dying'!r}, 'robust_resnet152', num_images=50, out=Path({str(out)!r}),"
        "controls=False, device='cpu')); sys.exit(r.status != 'complete')"
    )
    return subprocess.run([sys.executable, "-c", code], env=os.environ | environment, check=False).returncode


@pytest.mark.networks
@pytest.mark.processes
def test_killed_and_resumed_equals_undisturbed(tmp_path: Path) -> None:
    """Killed while inverting the second shard, and again in the third: same parquet, npy and metrics, byte for byte."""
    assert _run(tmp_path / "whole", {"DIE_COUNTER": str(tmp_path / "a")}) == 0
    killed = {"DIE_COUNTER": str(tmp_path / "b"), "DIE_AT": "9,13"}
    assert _run(tmp_path / "parts", killed) == -9
    assert not list((tmp_path / "parts").glob("**/record.json"))
    assert _run(tmp_path / "parts", killed) == -9
    assert _run(tmp_path / "parts", killed) == 0
    (whole,), (parts,) = (list((tmp_path / name).glob("**/record.json")) for name in ("whole", "parts"))
    for name in ("reconstructions.npy", "reconstruction_logits.npy", "per_image.parquet"):
        assert (whole.parent / name).read_bytes() == (parts.parent / name).read_bytes()
    a, b = (Record.from_json(path.read_text()) for path in (whole, parts))
    assert a.metrics == b.metrics
    assert a.key == b.key
    assert a.note == b.note
    assert "were clipped" in str(a.note)
    assert sorted(p.name for p in whole.parent.iterdir()) == sorted(p.name for p in parts.parent.iterdir())
