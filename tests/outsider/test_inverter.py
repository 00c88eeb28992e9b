"""An inverter of somebody else's: ``bench train inverter`` leaves weights that ``bench run`` finds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.cli.listing import rows
from bench.config import RunConfig
from bench.line import run_cell
from bench.registry import TRAINERS, registered
from bench.training.commands import Run, train_inverter
from bench.weights.files import load_file
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
