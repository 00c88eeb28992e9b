"""``bench train``: what is refused before any work, what goes on, and what a folder may be overwritten by."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from baselines.dosovitskiy_brox.train_2016a import Trainer2016a
from baselines.dosovitskiy_brox.train_2016b import DosovitskiyBrox2016bRecipe, Task2016b
from bench.classifiers import open_classifier
from bench.classifiers import train as classifiers
from bench.classifiers.provider import resolve
from bench.classifiers.recipes import RECIPES, ClassifierRecipe
from bench.errors import TrainingError, UsageError
from bench.training import budget, commands, inverters
from bench.training.budget import ENDS, RESERVE, Speed
from bench.training.commands import Run, train_classifier, train_controls, train_inverter
from bench.training.engine import Engine
from bench.training.journal import describe_run, last_checkpoint
from bench.training.pairs import TrainingPairs
from bench.training.trainer import InverterRecipe
from bench.weights.files import save_weights
from methods.biggan_logit.recipes import BigGANRecipe
from methods.biggan_logit.train import BigGANTrainer
from tests.training.own_images import METHOD, folder
from tests.training.small import begun, make

METHOD_A = "dosovitskiy-brox-2016a"  # has two recipes that differ in their steps alone


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
    with pytest.raises(UsageError, match="was trained for 2 steps, and is to go on to step 1"):
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
    monkeypatch.setattr(BigGANTrainer, "method", "biggan-logit")
    monkeypatch.setattr(commands, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(budget, "measure", lambda _: Speed(step=1.0, look=0.0))
    monkeypatch.setattr(inverters, "train_inverter", train)
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    commands.train_inverter("biggan-logit", "judge", "cifar10", None, None, Run("cpu", budget=10.0, out=tmp_path))
    assert trained == [int((600 - 100 - 2 - 2) * (1 - RESERVE) - ENDS)]


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[InverterRecipe, Path, bool]]:
    """Recipe, folder and whether it is the default one of every training, of which nothing is done."""
    calls = list[tuple[InverterRecipe, Path, bool]]()

    def train(recipe: InverterRecipe, folder: Path, *, resume: bool, default: bool) -> Path:
        calls.append((recipe, folder, default))
        return save_weights({}, folder / "weights", {"default": str(default).lower()})

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(TrainingPairs, "of", lambda *_: SimpleNamespace(image_size=32))
    monkeypatch.setattr(Trainer2016a, "task", staticmethod(lambda recipe, *_: recipe))
    monkeypatch.setattr(Trainer2016a, "method", METHOD_A)
    monkeypatch.setattr(budget, "measure", lambda _: Speed(step=1.0, look=0.0))
    monkeypatch.setattr(inverters, "train_inverter", train)
    return calls


def go(recipe: str | None = None, **options: Any) -> None:
    train_inverter(METHOD_A, "judge", "cifar10", recipe, None, Run("cpu", **options))


def test_what_is_trained_decides_whether_it_is_the_default(trained: Any, tmp_path: Path) -> None:
    """And not what was typed: without --recipe the stored one is gone on with."""
    recipe = Trainer2016a.recipes["cpu64"]
    for k, (name, default) in enumerate([("cpu64", False), ("cpu64-5min", False), ("cpu", True), ("cpu-5min", True)]):
        begun(tmp_path / f"{k}", METHOD_A, replace(recipe, name=name))
        go(resume=True, out=tmp_path / f"{k}")
        assert (trained[-1][0].name, trained[-1][2]) == (name, default)
    for typed, default in (("cpu64", False), ("cpu", True), (None, True)):
        go(typed, budget=60.0, out=tmp_path / "new")
        assert (trained[-1][0].name, trained[-1][2]) == (f"{typed or 'cpu'}-60min", default)


def test_another_recipe_than_the_default_one_has_a_folder_of_its_own(trained: Any, tmp_path: Path) -> None:
    for name in (None, "cpu", "cpu64"):
        go(name)
    short, long = Path("train/dosovitskiy-brox-2016a-judge"), Path("train/dosovitskiy-brox-2016a-judge-cpu64")
    assert [folder for _, folder, _ in trained] == [short, short, long]
    # one of an earlier version is gone on with in its place; a new one, or another recipe's, has the new name
    begun(short, METHOD_A, Trainer2016a.recipes["cpu64"])
    for resume, place in ((True, short), (False, long)):
        go("cpu64", resume=resume)
        assert trained[-1][1] == place
    begun(long, METHOD_A, Trainer2016a.recipes["cpu64"])
    go("cpu64", resume=True)
    assert trained[-1][1] == long
    shutil.rmtree(long)
    begun(short, METHOD_A, Trainer2016a.recipes["cpu"])
    go("cpu64", resume=True)
    assert trained[-1][1] == long


def test_a_budget_is_kept_to_or_refused(trained: Any, tmp_path: Path) -> None:
    out = tmp_path / "train"
    go(budget=60.0, out=out, resume=True)  # there is nothing to go on with yet
    recipe = trained[-1][0]
    begun(out, METHOD_A, recipe)
    go(budget=60.0, out=out, resume=True)
    go(out=out, resume=True)
    assert [one for one, *_ in trained] == [recipe] * 3
    with pytest.raises(UsageError, match=r"is a training with --budget 60\. To continue it, leave --budget 5 away"):
        go(budget=5.0, out=out, resume=True)
    begun(out, METHOD_A, Trainer2016a.recipes["cpu"])
    with pytest.raises(UsageError, match="is a training without --budget"):
        go(budget=5.0, out=out, resume=True)


def test_a_dry_run_tries_no_budget() -> None:
    run = Run("cpu", dry_run=True, budget=5.0)
    with pytest.raises(UsageError, match="--budget is not tried"):
        train_inverter("biggan-logit", "judge", "cifar10", None, None, run)
    with pytest.raises(UsageError, match="--budget is not tried"):
        train_classifier("judge", run)
    with pytest.raises(UsageError, match="--steps and --budget both say how long"):
        train_inverter("biggan-logit", "judge", "cifar10", None, 5, run)


def test_a_classifiers_budget_is_kept_to_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def train(
        recipe: ClassifierRecipe, folder: Path, engine: Engine, *, resume: bool, budget: float | None = None
    ) -> Path:
        epochs.append(recipe.epochs)
        describe_run(folder, engine, recipe.settings(), classifier=recipe.name, budget=budget)
        (folder / "checkpoint.pt").write_bytes(b"")
        return folder

    epochs = list[int]()
    monkeypatch.setattr(classifiers, "train", train)
    monkeypatch.setattr(classifiers, "ClassifierTask", lambda *_: SimpleNamespace(steps=14 * 10))  # ten an epoch
    monkeypatch.setattr(budget, "measure", lambda _: Speed(step=1.0, look=0.0))
    within, out = Run("cpu", budget=1.0, resume=True, out=tmp_path), Run("cpu", resume=True, out=tmp_path)
    for run in (within, within, out, within):
        train_classifier("judge", run)
    assert epochs == [4] * 4
    with pytest.raises(UsageError, match=r"is a training with --budget 1\. To continue it, leave --budget 2 away"):
        train_classifier("judge", replace(within, budget=2.0))


def test_a_training_of_something_else_is_not_continued(trained: Any, tmp_path: Path) -> None:
    begun(tmp_path, "biggan-logit", BigGANRecipe())
    with pytest.raises(UsageError, match=rf"{tmp_path} is a training of the inverter biggan-logit, .* with --out"):
        go(resume=True, out=tmp_path)
    with pytest.raises(UsageError, match="of the inverter biggan-logit, and not of the classifier judge"):
        train_classifier("judge", Run("cpu", resume=True, out=tmp_path))
    describe_run(tmp_path, Engine(), RECIPES["judge"].settings(), classifier="judge")
    with pytest.raises(UsageError, match="of the classifier judge, and not of the classifier resnet152"):
        train_classifier("resnet152", Run("cpu", resume=True, out=tmp_path))


def test_controls_are_fitted_for_the_network_that_the_dataset_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``resnet152`` is the zoo's on cifar10 and torchvision's on tiny-imagenet."""
    fitted = list[tuple[str, str]]()

    def opened(name: str, device: torch.device, *, aliases: Mapping[str, str]) -> SimpleNamespace:
        return SimpleNamespace(name=name, sha256=resolve(name, aliases))

    def fit(target: SimpleNamespace, dataset: str, device: torch.device, path: Path) -> None:
        fitted.append((target.sha256, dataset))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dataset)

    statistics = SimpleNamespace(fit=fit, own_statistics=lambda sha256, dataset: tmp_path / f"own-{dataset}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bench.classifiers.open_classifier", opened)
    monkeypatch.setattr("bench.registry.load", lambda *_: statistics)
    for dataset in ("cifar10", "tiny-imagenet"):
        train_controls("resnet152", dataset, "cpu")
        assert (tmp_path / f"own-{dataset}").read_text() == dataset
    assert fitted == [("zoo:resnet152", "cifar10"), ("torchvision:resnet152@IMAGENET1K_V1", "tiny-imagenet")]


def test_a_checkpoint_is_not_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"")
    with pytest.raises(UsageError, match="add --resume"):
        Run(out=tmp_path).folder("x")
    assert Run(out=tmp_path, resume=True).folder("x") == tmp_path
