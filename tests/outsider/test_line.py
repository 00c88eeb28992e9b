"""The whole line at 64 px, 20 classes and 1,000 logits, by plugins that bench has never seen."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.cli.listing import rows
from bench.config import RunConfig
from bench.line import run, run_cell
from bench.probes.runner import run_probe
from bench.rescore import score_runs
from bench.store.faults import Faults
from bench.training.commands import Run, train_inverter
from reports.commands import page

pytestmark = pytest.mark.networks

DATASET, CLASSIFIER = "outsider-shapes", "outsider:small"


def test_from_training_to_the_page(install: Callable[[bool], None], tmp_path: Path, bench_home: Path) -> None:
    install(True)
    out = tmp_path / "runs"
    config = RunConfig("linear", CLASSIFIER, DATASET, num_images=40, controls=False, device="cpu", out=out)
    train_inverter("linear", CLASSIFIER, DATASET, None, None, Run("cpu", out=tmp_path / "train"))
    record = run(config)
    assert record.status == "complete", record.reason
    assert record.cards is not None
    assert (record.cards.dataset.image_size, len(record.cards.dataset.class_names)) == (64, 20)
    assert record.cards.classifier.num_logits == 1_000
    (stored,) = out.glob("*/*/linear/*/reconstructions.npy")
    assert np.load(stored, mmap_mode="r").shape == (40, 64, 64, 3)
    grey = run_cell(RunConfig("grey-floor", CLASSIFIER, DATASET, num_images=40, device="cpu", out=out))
    assert (grey.kind, grey.status) == ("control", "complete"), grey.reason
    probed = run_probe("negated", RunConfig("linear", CLASSIFIER, DATASET, num_images=20, device="cpu", out=out))
    assert probed.status == "complete", probed.reason
    assert [level.name for level in probed.levels] == ["times 1", "times -1"]
    assert all(level.metrics["lpips"].value is not None for level in probed.levels)
    for kind, name in (("methods", "grey-floor"), ("probes", "negated"), ("datasets", DATASET)):
        assert any(name in str(row) for row in rows(kind)), (kind, name)
    assert not [one for one in score_runs(out, None, device="cpu") if one.filled]
    text = page(out, tmp_path / "report.html", Faults()).read_text()
    assert "What do logits of the opposite sign look like?" in text
    assert "A plain grey: what is a score worth that nothing earns?" in text
    assert "mean of colours" in text


@pytest.mark.parametrize("method", ["mahendran-vedaldi"])
def test_white_box_methods_work_at_224_px(
    method: str, tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    monkeypatch.setattr("baselines.optimization.mahendran_vedaldi.ITERATIONS", {"fast": (2, 2, 2)})
    for k in range(2):
        (tmp_path / "photos" / "a").mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(k).integers(0, 256, (240, 260, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / "a" / f"{k}.png")
    config = RunConfig(
        method, "efficientnet_lite0", f"folder:{tmp_path / 'photos'}@224", preset="fast", controls=False, device="cpu",
        out=tmp_path / "runs",
    )  # fmt: skip
    record = run(config)
    assert record.status == "complete", record.reason
    (stored,) = (tmp_path / "runs").glob("*/*/*/*/reconstructions.npy")
    assert np.load(stored, mmap_mode="r").shape == (2, 224, 224, 3)
    assert "224" in page(tmp_path / "runs", tmp_path / "report.html", Faults()).read_text()
