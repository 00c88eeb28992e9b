"""Metrics and an extractor of somebody else's: listed, computed, filled in without inverting, and gone again."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.cli.listing import rows
from bench.line import run_cell
from bench.metrics.base import ExtractorMetric
from bench.rescore import score_runs
from bench.store.fingerprint import fingerprint_of
from bench.store.record import Record, read_records
from tests.cells import columns, config, folder_of

Install = Callable[[bool], None]
NEW = ("brightness_error", "margin_kept", "mean_colours")


def pixels(record: Record, out: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Originals and reconstructions, (N, H, W, 3)."""
    folder = folder_of(record, out)
    return np.load(folder.parents[2] / "originals.npy")[: record.num_images], np.load(folder / "reconstructions.npy")


def quarters(images: NDArray[Any]) -> NDArray[Any]:
    """(N, 12): what ``colours`` sees."""
    n, side = len(images), images.shape[1] // 2
    cells = images.reshape(n, 2, side, 2, side, 3).mean((2, 4)) / 255  # (N, 2, 2, 3)
    flat: NDArray[Any] = cells.transpose(0, 3, 1, 2).reshape(n, 12)
    return flat


def test_what_is_installed_is_listed(install: Install) -> None:
    before = {row["key"] for row in rows("metrics")}
    install(True)
    told = {row["key"]: row for row in rows("metrics")}
    assert told.keys() - before == {*NEW, "fd_colours", "kid_colours", "precision_colours", "recall_colours",
                                    "density_colours", "coverage_colours", "mean_efficientnet_lite0", "mean_inception",
                                    "mean_judge", "mean_dinov2", "mean_clip"}  # fmt: skip
    assert (told["mean_colours"]["computed"], told["fd_colours"]["computed"]) == ("always", "when asked for")
    assert told["mean_colours"]["title"] == "mean of colours"
    (mine,) = (row for row in rows("extractors") if row["name"] == "colours")
    assert (mine["features"], mine["weights"], mine["resizing"]) == (12, "here", "none")


@pytest.mark.processes
def test_the_command_lists_them(site: Path) -> None:
    path = os.pathsep.join([str(site), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    done = subprocess.run(
        [sys.executable, "-m", "bench", "list", "extractors"], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    assert "colours" in done.stdout


@pytest.mark.networks
def test_new_metrics_are_filled_in_alone_and_old_values_stand_to_the_bit(
    tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run_cell(config("Noisy", tmp_path))
    held, files = columns(before, tmp_path), (folder_of(before, tmp_path) / "reconstructions.npy").read_bytes()
    monkeypatch.setattr("bench.inverters.opened.OpenMethod.__init__", lambda *_: pytest.fail("something was inverted"))
    install(True)
    (done,) = score_runs(tmp_path, None, device="cpu")
    assert done.filled == NEW
    after = done.record
    assert {key: after.metrics[key] for key in before.metrics} == before.metrics
    assert list(after.metrics) == [*before.metrics, *NEW]
    table = columns(after, tmp_path)
    for name, values in held.items():
        np.testing.assert_array_equal(table[name], values, err_msg=name)
    assert (folder_of(after, tmp_path) / "reconstructions.npy").read_bytes() == files
    assert (after.key, after.fingerprint) == (before.key, before.fingerprint)

    a, b = pixels(after, tmp_path)
    apart = np.abs(a.mean((1, 2, 3)) - b.mean((1, 2, 3))) / 255
    np.testing.assert_allclose(table["brightness_error"], apart)
    assert after.metrics["brightness_error"].value == pytest.approx(apart.mean())
    assert after.metrics["brightness_error"].higher_is_better is False
    mean = np.linalg.norm(quarters(a).mean(0) - quarters(b).mean(0))
    assert after.metrics["mean_colours"].value == pytest.approx(mean, rel=1e-5)
    for key in NEW:
        assert after.metrics[key].fingerprint == fingerprint_of(key, after.protocol)

    assert run_cell(config("Noisy", tmp_path)) == after  # nothing is missing
    install(False)
    ((found, _),) = read_records(tmp_path)
    assert found == after
    assert next(score_runs(tmp_path, None, device="cpu")).filled == ()
    assert run_cell(config("Noisy", tmp_path)) == after


@pytest.mark.networks
def test_families_exist_for_the_new_extractor_when_asked_for(
    tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExtractorMetric, "least_images", 20)
    install(True)
    alone = run_cell(config("Noisy", tmp_path, metrics=("fd_colours", "mean_judge", "psnr")))
    assert list(alone.metrics) == ["psnr", "fd_colours", "mean_judge"]
    assert alone.metrics["fd_colours"].value is not None
    assert alone.metrics["mean_judge"].value is not None
    assert alone.metrics["fd_colours"].fingerprint == fingerprint_of("fd_colours", alone.protocol)
    whole = run_cell(config("Noisy", tmp_path))  # the next run fills the rest
    assert whole.metrics.keys() > {*NEW, "lpips", "fd_colours"}
    assert {key: whole.metrics[key] for key in alone.metrics} == alone.metrics
    assert whole.metrics["fd_colours"].fingerprint == fingerprint_of("fd_colours", whole.protocol)
    other = run_cell(config("Noisy", tmp_path / "other"))
    assert {key: whole.metrics[key] for key in other.metrics} == other.metrics


@pytest.mark.networks
def test_another_version_of_the_extractor_outdates_its_metrics_alone(
    tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(True)
    run_cell(config("Grey", tmp_path))
    from outsider.extractor import Colours  # type: ignore[import-not-found]

    monkeypatch.setattr(Colours, "sha256", lambda self: "ab" * 32)
    (done,) = score_runs(tmp_path, None, device="cpu")
    assert done.filled == ("mean_colours",)
