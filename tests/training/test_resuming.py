"""``--resume``: what is gone on with, and what is another training than was asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from baselines.dosovitskiy_brox.train_2016a import Trainer2016a
from bench.errors import UsageError
from bench.registry import TRAINERS, registered
from bench.training.commands import Run, train_inverter
from bench.training.engine import Engine
from bench.training.journal import describe_run, described_recipe
from bench.training.resuming import continued, is_default, refuse_another, within, without_budget
from bench.training.trainer import open_trainer
from methods.biggan_logit.recipes import BigGANRecipe
from methods.biggan_logit.train import BigGANTrainer
from tests.training.small import begun

WHAT = "the inverter biggan-logit"
EVERY = [(method, name) for method in registered(TRAINERS) for name in open_trainer(method).recipes]


@pytest.mark.parametrize(("method", "name"), EVERY)
def test_every_training_goes_on_under_its_recipes_own_name(method: str, name: str, tmp_path: Path) -> None:
    trainer = open_trainer(method)
    recipe = trainer.recipe(name)
    for stored in (recipe, replace(recipe, name=within(recipe.name, 5.0), steps=7)):
        begun(tmp_path, method, stored)
        found = continued(recipe, tmp_path, f"the inverter {method}")
        assert found is not None
        assert found.digest() == stored.digest()
        refuse_another(tmp_path, trainer, recipe, named=True, seed=None, budget=None)


def test_a_recipe_that_is_asked_for_is_not_replaced_by_the_stored_one(tmp_path: Path, classifier: str) -> None:
    out = tmp_path / "train"
    begun(out, "biggan-logit", BigGANRecipe(steps=5))
    with pytest.raises(UsageError, match=r"another recipe than gpu: batch, channels, name differ"):
        train_inverter("biggan-logit", classifier, "cifar10", "gpu", None, Run("cpu", resume=True, out=out))
    # two recipes that differ in their steps alone
    trainer = Trainer2016a()
    begun(out, trainer.method, trainer.recipe("cpu"))
    with pytest.raises(UsageError, match="another recipe than cpu64: name differ"):
        refuse_another(out, trainer, trainer.recipe("cpu64"), named=True, seed=None, budget=None)


def test_a_resumed_training_goes_on_with_the_recipe_that_it_was_started_with(tmp_path: Path) -> None:
    fitted = BigGANRecipe("cpu-2min", steps=123)
    describe_run(tmp_path, Engine(), fitted.settings(), method="biggan-logit")
    assert described_recipe(tmp_path) == fitted.settings()
    resumed = Run(resume=True)
    assert resumed.resumed(BigGANRecipe(), tmp_path, WHAT) is None  # nothing to go on with
    (tmp_path / "checkpoint.pt").write_bytes(b"")
    assert resumed.resumed(BigGANRecipe(), tmp_path, WHAT) == fitted
    assert Run().resumed(BigGANRecipe(), tmp_path, WHAT) is None


@pytest.mark.parametrize(("budget", "refused"), [(None, False), (2.0, False), (5.0, True), (12.0, True)])
def test_a_training_within_a_budget_goes_on_within_that_one_alone(
    budget: float | None, refused: bool, tmp_path: Path
) -> None:
    begun(tmp_path, "biggan-logit", BigGANRecipe("cpu-2min", steps=123))
    asked = BigGANTrainer(), BigGANRecipe()
    if refused:
        with pytest.raises(UsageError, match=f"with --budget 2. To continue it, leave --budget {budget:g} away"):
            refuse_another(tmp_path, *asked, named=True, seed=None, budget=budget)
    else:
        refuse_another(tmp_path, *asked, named=True, seed=None, budget=budget)


def test_another_seed_is_another_training(tmp_path: Path) -> None:
    begun(tmp_path, "biggan-logit", BigGANRecipe(seed=2))
    refuse_another(tmp_path, BigGANTrainer(), BigGANRecipe(), named=True, seed=None, budget=None)
    with pytest.raises(UsageError, match="is a training with --seed 2"):
        refuse_another(tmp_path, BigGANTrainer(), BigGANRecipe(), named=True, seed=3, budget=None)


def test_a_recipe_with_other_settings_is_said(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"")
    (tmp_path / "run.json").write_text(json.dumps({"recipe": {"name": "cpu", "colour": "red"}}))
    with pytest.raises(UsageError, match=rf"{tmp_path} has other settings than those of {WHAT} .*colour.* --out"):
        continued(BigGANRecipe(), tmp_path, WHAT)


def test_a_budget_is_no_part_of_a_recipes_own_name() -> None:
    trainer = BigGANTrainer()
    for name, minutes, default in (
        ("cpu", None, True), ("cpu-2min", "2", True), ("cpu-0.5min", "0.5", True), ("cpu-1e+06min", "1e+06", True),
        ("gpu-2min", "2", False), ("cpu-batch2", None, False), ("zoo-30min", "30", False),
    ):  # fmt: skip
        assert without_budget(name, trainer)[1] == minutes
        assert is_default(name, trainer) is default
        if minutes is not None:
            own, told = without_budget(within(name, 9.5), trainer)
            assert (own, told) == (name, "9.5")
    trainer.recipes = {"a": BigGANRecipe("long-5min")}  # type: ignore[misc]
    assert without_budget("long-5min", trainer) == ("long-5min", None)
