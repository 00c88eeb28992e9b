"""``bench train``: what is refused before any work, what goes on, and what a folder may be overwritten by."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from baselines.dosovitskiy_brox.train_2016b import DosovitskiyBrox2016bRecipe, Task2016b
from bench.classifiers import open_classifier
from bench.errors import TrainingError, UsageError
from bench.training import budget, commands, inverters
from bench.training.budget import ENDS, RESERVE, Speed
from bench.training.commands import Run, train_inverter
from bench.training.engine import Engine
from bench.training.journal import describe_run, described_recipe, last_checkpoint
from bench.training.pairs import TrainingPairs
from bench.weights.files import save_weights
from methods.biggan_logit.recipes import BigGANRecipe
from methods.biggan_logit.train import BigGANTrainer
from tests.training.own_images import METHOD, folder
from tests.training.small import make


def test_what_cannot_be_meant_is_said_before_any_training(tmp_path: Path, classifier: str) -> None:
    few, enough = folder(tmp_path / "few", range(100)), folder(tmp_path / "enough", range(200))
    out = tmp_path / "train"
    with pytest.raises(UsageError, match="90 images to train on and 10 held out"):
        train_inverter(METHOD, classifier, few, None, 1, Run("cpu", out=out))
    with pytest.raises(UsageError, match="18 images to train on and 0 held out"):
        train_inverter(METHOD, classifier, folder(tmp_path / "none", range(18)), None, 1, Run("cpu", out=out))
    with pytest.raises(UsageError, match="lacks what follows its name"):
        train_inverter(METHOD, classifier, "folder:", None, 1, Run("cpu", out=out))
    with pytest.raises(UsageError, match=r"images of 48 px, and .* makes images of 8, 16, 32, 64, 128 px"):
        train_inverter(METHOD, classifier, f"{enough}@48", None, 1, Run("cpu", out=out))
    with pytest.raises(UsageError, match="expects a folder"):
        train_inverter(METHOD, classifier, f"folder:{tmp_path / 'nowhere'}", None, 1, Run("cpu", out=out))
    assert not out.exists()


@pytest.mark.networks
def test_a_training_is_not_continued_on_other_images(tmp_path: Path, classifier: str) -> None:
    first, second = folder(tmp_path / "a", range(200)), folder(tmp_path / "b", range(200, 400))
    train_inverter(METHOD, classifier, first, None, 1, Run("cpu", out=tmp_path / "train"))
    go_on = Run("cpu", resume=True, out=tmp_path / "train")
    for other in (second, "cifar10"):
        with pytest.raises(UsageError, match="is a training on folder:"):
            train_inverter(METHOD, classifier, other, None, None, go_on)
    (tmp_path / "a" / "left" / "0100.png").unlink()
    with pytest.raises(TrainingError, match="other images"):
        train_inverter(METHOD, classifier, first, None, None, go_on)


@pytest.mark.networks
def test_a_refused_resume_leaves_what_the_training_says_of_itself(tmp_path: Path, classifier: str) -> None:
    """Otherwise the next resume would take the refused recipe from there, and be refused for ever."""
    name, out = folder(tmp_path / "a", range(200)), tmp_path / "train"
    train_inverter(METHOD, classifier, name, None, 2, Run("cpu", out=out))
    said = (out / "run.json").read_text()
    with pytest.raises(TrainingError, match="another method or recipe"):
        train_inverter(METHOD, classifier, name, None, 1, Run("cpu", resume=True, out=out))
    assert (out / "run.json").read_text() == said
    train_inverter(METHOD, classifier, name, None, None, Run("cpu", resume=True, out=out))


@pytest.mark.networks
def test_a_finished_training_goes_on_for_more_steps_as_if_it_had_been_meant_to(tmp_path: Path, classifier: str) -> None:
    name = folder(tmp_path / "a", range(200))
    for out, lengths in ((tmp_path / "parts", (2, 4)), (tmp_path / "whole", (4,))):
        for steps in lengths:
            train_inverter(METHOD, classifier, name, None, steps, Run("cpu", resume=True, out=out))
    parts, whole = (last_checkpoint(tmp_path / out) for out in ("parts", "whole"))
    assert parts is not None
    assert whole is not None
    assert parts["step"] == whole["step"] == 4
    assert parts["task"]["recipe"] == whole["task"]["recipe"]
    for name, network in whole["task"]["networks"].items():
        for key, value in network.items():
            assert torch.equal(parts["task"]["networks"][name][key], value), key
    assert json.loads((tmp_path / "parts" / "run.json").read_text())["recipe"]["steps"] == 4


@pytest.mark.networks
def test_a_training_within_a_budget_goes_on_for_more_steps(tmp_path: Path, classifier: str) -> None:
    """A budget names its recipe, and --steps goes on with that one."""
    name, out = folder(tmp_path / "a", range(200)), tmp_path / "train"
    named = DosovitskiyBrox2016bRecipe("cpu-1min", steps=2, dataset=name)
    target = open_classifier(classifier)
    inverters.train_inverter(make(Task2016b, named, target, Engine()), out, resume=False)
    train_inverter(METHOD, classifier, name, None, 3, Run("cpu", resume=True, out=out))
    said = json.loads((out / "run.json").read_text())
    assert (said["recipe"]["name"], said["recipe"]["steps"]) == ("cpu-1min", 3)
    assert (said["start"], [one["start"] for one in said["earlier"]]) == (2, [0])


def test_a_training_on_cifar10_is_not_continued_on_a_folder(tmp_path: Path, classifier: str) -> None:
    """And what it says about itself is left alone."""
    out = tmp_path / "train"
    out.mkdir()
    (out / "checkpoint.pt").write_bytes(b"")
    said = json.dumps({"recipe": DosovitskiyBrox2016bRecipe(steps=5).settings()})
    (out / "run.json").write_text(said)
    name = folder(tmp_path / "a", range(200))
    with pytest.raises(UsageError, match="is a training on cifar10"):
        train_inverter(METHOD, classifier, name, None, None, Run("cpu", resume=True, out=out))
    assert (out / "run.json").read_text() == said


def test_a_recipe_that_is_asked_for_is_not_replaced_by_the_stored_one(tmp_path: Path, classifier: str) -> None:
    out = tmp_path / "train"
    out.mkdir()
    (out / "checkpoint.pt").write_bytes(b"")
    (out / "run.json").write_text(json.dumps({"recipe": BigGANRecipe(steps=5).settings()}))
    with pytest.raises(UsageError, match=r"another recipe than gpu: batch, channels differ"):
        train_inverter("biggan-logit", classifier, "cifar10", "gpu", None, Run("cpu", resume=True, out=out))


@pytest.mark.networks
def test_logits_that_are_computed_once_are_paid_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """100 seconds for the logits of all images, 2 for each task: 104 of 600 are spent."""
    now, trained = 0.0, list[int]()

    def pairs(*_: Any) -> SimpleNamespace:
        nonlocal now
        now += 100
        return SimpleNamespace(image_size=32)

    def task(_: BigGANTrainer, recipe: BigGANRecipe, *__: Any) -> BigGANRecipe:
        nonlocal now
        now += 2
        return recipe

    def train(recipe: BigGANRecipe, folder: Path, *, resume: bool, default: bool) -> Path:
        trained.append(recipe.steps)
        return save_weights({}, folder / "weights", {"default": str(default).lower()})

    monkeypatch.setattr(TrainingPairs, "of", pairs)
    monkeypatch.setattr(BigGANTrainer, "task", task)
    monkeypatch.setattr(commands, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(budget, "measure", lambda _: Speed(step=1.0, look=0.0))
    monkeypatch.setattr(inverters, "train_inverter", train)
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    commands.train_inverter("biggan-logit", "judge", "cifar10", None, None, Run("cpu", budget=10.0, out=tmp_path))
    assert trained == [int((600 - 100 - 2 - 2) * (1 - RESERVE) - ENDS)]


def test_a_resumed_training_goes_on_with_the_recipe_that_it_was_started_with(tmp_path: Path) -> None:
    fitted = BigGANRecipe("cpu-2min", steps=123)
    describe_run(tmp_path, Engine(), fitted.settings(), method="biggan-logit")
    assert described_recipe(tmp_path) == fitted.settings()
    resumed = Run(resume=True, budget=5.0)
    assert resumed.resumed(BigGANRecipe(), tmp_path) is None  # nothing to go on with
    (tmp_path / "checkpoint.pt").write_bytes(b"")
    assert resumed.resumed(BigGANRecipe(), tmp_path) == fitted
    assert Run().resumed(BigGANRecipe(), tmp_path) is None


def test_a_checkpoint_is_not_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"")
    with pytest.raises(UsageError, match="add --resume"):
        Run(out=tmp_path).folder("x")
    assert Run(out=tmp_path, resume=True).folder("x") == tmp_path
