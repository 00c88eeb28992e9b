"""An inverter of somebody else's: ``bench train inverter`` leaves weights that ``bench run`` finds."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.cli.commands import run_cells
from bench.cli.listing import rows
from bench.config import RunConfig
from bench.line import run_cell
from bench.registry import TRAINERS, registered
from bench.store.record import read_records
from bench.store.verify import verify_cell
from bench.training.commands import Run, train_inverter
from bench.weights.files import load_file
from reports.analysis.groups import Entry, group
from reports.analysis.seeds import counted
from tests.training.test_sizes import CLASSIFIER, folder

pytestmark = pytest.mark.networks


@pytest.fixture
def installed(install: Callable[[bool], None]) -> None:
    install(True)


def test_it_is_trained_and_found(
    installed: None, tmp_path: Path, bench_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "linear" in registered(TRAINERS)
    assert {"name": "linear", "distribution": "outsider"}.items() <= next(
        row for row in rows("trainers") if row["name"] == "linear"
    ).items()
    (tmp_path / "mine.py").write_text(CLASSIFIER)
    classifier = f"{tmp_path / 'mine.py'}:thousand"
    trained_on, other = f"{folder(tmp_path / 'a', 10, 0)}@24", f"{folder(tmp_path / 'b', 1, 100)}@24"
    config = RunConfig("linear", classifier, other, out=tmp_path / "runs", controls=False)
    before = run_cell(config)
    assert before.status == "skipped"
    assert "bench train inverter linear --classifier mine.py:thousand --dataset folder:...@24" in str(before.reason)
    train_inverter("linear", classifier, trained_on, None, None, Run("cpu", out=tmp_path / "train"))
    assert "bench run --method linear" in capsys.readouterr().out
    record = run_cell(config)
    assert record.status == "complete", record.reason
    assert record.recipe is not None
    assert (record.recipe["name"], record.recipe["steps"], record.recipe["image_size"]) == ("short", 20, 24)
    (path,) = (tmp_path / "runs").glob("*/*/linear/*/reconstructions.npy")
    assert np.load(path).shape == (20, 24, 24, 3)


def test_a_training_of_it_resumes_bit_for_bit(installed: None, tmp_path: Path, bench_home: Path) -> None:
    (tmp_path / "mine.py").write_text(CLASSIFIER)
    classifier, name = f"{tmp_path / 'mine.py'}:thousand", f"{folder(tmp_path / 'a', 10, 0)}@24"
    for out, lengths in (("parts", (7, 20)), ("whole", (20,))):
        for steps in lengths:
            train_inverter("linear", classifier, name, None, steps, Run("cpu", resume=True, out=tmp_path / out))
    parts, whole = (tmp_path / out / "linear-mine.thousand.safetensors" for out in ("parts", "whole"))
    found, expected = load_file(parts), load_file(whole)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[key], expected[key]) for key in expected)


def test_several_trainings_are_chosen_by_their_seeds_and_are_one_row(
    installed: None, tmp_path: Path, bench_home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.py").write_text(CLASSIFIER)
    classifier, images = f"{tmp_path / 'mine.py'}:thousand", f"{folder(tmp_path / 'b', 1, 100)}@24"
    trained_on = f"{folder(tmp_path / 'a', 10, 0)}@24"
    for seed in (1, 2):
        run = Run("cpu", out=tmp_path / f"train-{seed}")
        train_inverter("linear", classifier, trained_on, None, 3, run, seed)

    def config(method: str, classifier: str, seed: int) -> RunConfig:
        return RunConfig(method, classifier, images, seed=seed, out=tmp_path / "runs", controls=False, device="cpu")

    capfd.readouterr()
    run_cells(["linear", "class-mean"], [classifier], [0], config, as_json=True, training_seeds=[2, 1, 2, 3])
    second, first, third, control = json.loads(capfd.readouterr().out)
    assert [one["recipe"]["seed"] for one in (second, first, third)] == [2, 1, 3]
    assert second["recipe"]["but_seed"] == first["recipe"]["but_seed"]
    assert second["recipe"]["hash"] != first["recipe"]["hash"]
    assert first["digests"]["reconstructions.npy"] != second["digests"]["reconstructions.npy"]
    assert (third["status"], control["method"]) == ("skipped", "class-mean")
    assert "trained with seed 3; those that are here have the seeds 1, 2" in third["reason"]
    assert third["reason"].endswith("--seed 3")
    assert run_cell(config("linear", classifier, 0)).key == first["key"]  # that of the smallest seed is the same cell
    ((path, _),) = [(folder, one) for one, folder in read_records(tmp_path / "runs") if one.key == second["key"]]
    assert verify_cell(replace(config("linear", classifier, 0), training_seed=2)).key == path.name
    (found,) = group(Entry(record, folder) for record, folder in read_records(tmp_path / "runs"))
    assert [counted(entry) for entry in found.complete if entry.cells] == ["2 trainings"]


def test_weights_that_do_not_say_their_seed_are_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import torch\nfrom bench import Inverter\nclass Own(Inverter):\n    name = 'own'\n    training = 'pairs'\n"
        "    def invert(self, logits, seeds):\n        return torch.full((len(logits), 3, 32, 32), 0.5)\n"
    )
    config = RunConfig(f"{tmp_path / 'own.py'}:Own", "resnet152", num_images=4, training_seed=2, out=tmp_path / "runs")
    record = run_cell(config)
    assert (record.status, record.training_seed) == ("skipped", 2)
    assert "does not say that it was trained with seed 2" in str(record.reason)
