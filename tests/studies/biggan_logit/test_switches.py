"""The comparison of the switches: the rule, the rows, the costs, and all of it from end to end."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.classifiers import LoadedClassifier
from bench.errors import UnknownNameError, UsageError
from bench.metrics.distances import Kid
from bench.metrics.features import OpenExtractor
from bench.training.engine import Engine
from methods.biggan_logit.recipes import BigGANRecipe
from methods.biggan_logit.train import BigGANTask
from studies.biggan_logit import switches

OFF = BigGANRecipe(name="tiny", channels=4, hidden=8, steps=4, batch=8)


def row(name: str, distances: list[float], errors: list[float]) -> dict[str, Any]:
    return {"name": name, "kid_subsets": distances, "logit_errors": errors}


def test_the_rule_asks_for_95_of_100_subsets_and_no_worse_logit_error() -> None:
    errors = list(np.random.default_rng(0).random(200))
    faithful = row("faithful", [1.0] * 100, errors)
    better, tied = [0.9] * 95 + [1.1] * 5, [0.9] * 94 + [1.1] * 6
    assert switches.verdict(faithful, faithful) == "reference"
    assert switches.verdict(row("whiten", better, errors), faithful) == "kept"
    assert switches.verdict(row("whiten", tied, errors), faithful) == "dropped"
    assert switches.verdict(row("whiten", better, [e + 0.1 for e in errors]), faithful) == "dropped"
    assert switches.verdict(row("whiten", better, [e - 0.1 for e in errors]), faithful) == "kept"
    assert "missing" in switches.verdict(row("whiten", better, errors), None)


def test_every_row_changes_one_thing_and_the_last_one_two() -> None:
    rows = switches.recipes(24)
    faithful = rows.pop("faithful").settings()
    changed = {name: recipe.settings().items() - faithful.items() for name, recipe in rows.items()}
    assert {name: {key for key, _ in change} - {"name"} for name, change in changed.items()} == {
        "consistency": {"consistency"},
        "large-batch": {"batch", "lr_g", "lr_d"},
        "two-d-steps": {"d_steps"},
        "small-d": {"d_channels"},
        "whiten": {"whiten"},
        "small-d-whiten": {"d_channels", "whiten"},
    }


@pytest.fixture
def quick(tiny_cifar: LoadedClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few steps, few images, cheap eyes."""
    extractor = OpenExtractor("pixels", "ab" * 32, torch.device("cpu"), lambda x: {"features": x.flatten(1)[:, :4]}, 25)
    monkeypatch.setattr(switches, "open_classifier", lambda name, device: tiny_cifar)
    monkeypatch.setattr(switches, "TURN", 1)
    monkeypatch.setattr(switches, "kid", lambda a, b: Kid(float(abs(a - b).mean()), 0.0, (1.0,) * 100))
    monkeypatch.setattr(switches.Eyes, "open", lambda device: switches.Eyes(extractor, torch.nn.Identity()))
    monkeypatch.setattr(switches, "pixel_lpips", lambda net, a, b, device, batch: np.ones(len(a), np.float32))
    monkeypatch.setattr(BigGANTask, "validate", lambda task: {})
    rows = {name: replace(recipe, batch=8, hidden=8) for name, recipe in switches.recipes(4).items()}
    monkeypatch.setattr(switches, "recipes", lambda channels=4: rows)


def call(out: Path, *more: str) -> None:
    switches.main(["--classifier", "linear", "--steps", "4", "--out", str(out), "--device", "cpu", *more])


@pytest.mark.networks
@pytest.mark.usefixtures("quick")
def test_the_comparison_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(tmp_path, "--only", "whiten")
    assert "the faithful recipe is missing" in capsys.readouterr().out
    with pytest.raises(UsageError, match="holds a checkpoint"):
        call(tmp_path, "--only", "whiten")
    before = json.loads((tmp_path / "whiten" / "scores.json").read_text())
    (tmp_path / "whiten" / "scores.json").unlink()  # as if stopped between training and scores
    call(tmp_path, "--resume", "--only", "whiten")
    assert json.loads((tmp_path / "whiten" / "scores.json").read_text()) == before
    capsys.readouterr()
    call(tmp_path, "--resume", "--only", "faithful")
    table = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in table] == ["switch", "---", "faithful", "whiten"]
    written = json.loads((tmp_path / "switches.json").read_text())
    steps = max(1, round(4 / json.loads((tmp_path / "costs.json").read_text())["costs"]["whiten"]))
    assert [(r["name"], r["steps"], r["verdict"]) for r in written["rows"]] == [
        ("faithful", 4, "reference"),
        ("whiten", steps, "dropped"),
    ]
    assert written["rows"][1]["recipe"]["whiten"] is True
    assert f"{written['rows'][0]['val_mse']:.4f}" in table[2]


def test_costs_are_measured_in_turns_and_once(
    tiny_cifar: LoadedClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {"faithful": OFF, "two-d-steps": replace(OFF, d_steps=2)}
    asked: list[tuple[int, range]] = []

    def slower_and_slower(task: BigGANTask, steps: range) -> float:
        asked.append((task.recipe.d_steps, steps))
        return float(len(asked)) * task.recipe.d_steps

    monkeypatch.setattr(switches, "seconds_of", slower_and_slower)
    found = switches.known_costs(rows, tiny_cifar, Engine(), tmp_path)
    assert asked[:3] == [(1, range(4)), (2, range(4)), (1, range(4, 8))]
    ratios = [2 * (turn + 1) / turn for turn in range(3, 3 + 2 * switches.ROUNDS, 2)]
    assert found == {"faithful": 1.0, "two-d-steps": pytest.approx(float(np.median(ratios)))}
    count = len(asked)
    assert switches.known_costs(rows, tiny_cifar, Engine(), tmp_path) == found
    assert len(asked) == count
    switches.known_costs({"faithful": replace(OFF, channels=5)}, tiny_cifar, Engine(), tmp_path)
    assert len(asked) > count


@pytest.mark.usefixtures("quick")
def test_a_misspelt_switch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="whiten"):
        call(tmp_path, "--only", "whitten")
