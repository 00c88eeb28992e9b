"""The plan for a whole zoo: what fits into a budget, in which order, and a zoo that is continued where it stopped."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from baselines.dosovitskiy_brox.train_2016b import DosovitskiyBrox2016bRecipe, Task2016b, Trainer2016b
from bench.classifiers import LoadedClassifier
from bench.classifiers.providers.zoo import TARGETS
from bench.errors import UsageError
from bench.training import zoo as training
from bench.training.budget import Speed
from bench.training.engine import Engine
from bench.training.zoo import Cost, Part, _recipe, factor_within, order, train_zoo
from bench.weights import files as weights
from methods.biggan_logit.recipes import RECIPES
from methods.biggan_logit.train import BigGANTrainer
from tests.conftest import AddWeights
from tests.training.small import make

STEADY = Cost(steps=1_000, unit=1, speed=Speed(step=0.1, look=2.0), every=100)
EPOCHS = Cost(steps=20 * 350, unit=350, speed=Speed(step=0.2, look=5.0), every=700)
FIXED = Cost(steps=0, unit=1, speed=Speed(0, 0), every=1, extra=30.0)


def test_a_parts_time_is_its_steps_and_looks() -> None:
    assert STEADY.seconds(1.0) == pytest.approx(1_000 * 0.1 + 11 * 2.0)
    assert FIXED.seconds(7.0) == 30.0


def test_steps_stay_whole_epochs_and_at_least_one() -> None:
    assert EPOCHS.scaled(0.5) == 10 * 350
    assert EPOCHS.scaled(0.49) == 9 * 350
    assert EPOCHS.scaled(0.0) == 350


@pytest.mark.parametrize("seconds", [200.0, 700.0, 5_000.0])
def test_one_factor_fills_the_budget_and_does_not_pass_it(seconds: float) -> None:
    costs = [EPOCHS, STEADY, FIXED]
    factor = factor_within(costs, seconds)
    assert sum(cost.seconds(factor) for cost in costs) <= seconds
    assert sum(cost.seconds(factor * 1.06 + 0.06) for cost in costs) > seconds


def test_a_budget_for_less_than_the_shortest_zoo_says_so() -> None:
    with pytest.raises(UsageError, match="shortest training of the whole zoo takes 2 minutes"):
        factor_within([EPOCHS, STEADY, FIXED], 60.0)


def test_classifiers_come_before_what_hangs_on_them_and_nothing_is_left_out() -> None:
    parts = order()
    first_inverter = next(k for k, (kind, _, _) in enumerate(parts) if kind == "inverter")
    assert all(kind != "classifier" for kind, _, _ in parts[first_inverter:])
    assert {name for kind, _, name in parts if kind == "controls"} == set(TARGETS)
    for method in ("biggan-logit", "dosovitskiy-brox-2016a", "dosovitskiy-brox-2016b"):
        assert {name for _, one, name in parts if one == method} == set(TARGETS)
    assert ("inverter", "onehot-biggan", "robust_resnet152") in parts
    assert "judge" not in {name for kind, _, name in parts if kind == "classifier"}


@pytest.mark.networks
def test_a_zoo_is_trained_entered_and_continued(
    tiny_cifar: LoadedClassifier,
    zoo: AddWeights,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shipped = zoo("linear", b"", sha256=tiny_cifar.sha256).parent
    tiny = DosovitskiyBrox2016bRecipe(steps=2, factor=1 / 16, batch=8)
    part = Part(
        "inverter", "dosovitskiy-brox-2016b-linear", "dosovitskiy-brox-2016b", "linear", tiny.settings(), 2, 60.0
    )
    monkeypatch.setattr(training, "make_plan", lambda engine, budget: [part])
    monkeypatch.setattr(training, "open_classifier", lambda name, device: tiny_cifar)
    train_zoo(Engine(), tmp_path / "zoo-run", 1.0, resume=False, dry_run=True)
    assert not (tmp_path / "zoo-run").exists()
    assert "to do" in capsys.readouterr().out

    train_zoo(Engine(), tmp_path / "zoo-run", 1.0, resume=False, dry_run=False)
    made = json.loads((tmp_path / "zoo-run" / "weights" / "manifest.json").read_text())[part.name]
    assert made["recipe"]["steps"] == 2
    assert made["classifier_sha256"] == tiny_cifar.sha256
    assert part.name not in json.loads((shipped / "manifest.json").read_text())
    assert set(weights.load_shipped(part.name)) == set(
        make(Task2016b, tiny, tiny_cifar, Engine()).averaged().state_dict()
    )

    with pytest.raises(UsageError, match="add --resume"):
        train_zoo(Engine(), tmp_path / "zoo-run", 1.0, resume=False, dry_run=False)
    before = (tmp_path / "zoo-run" / part.name / "checkpoint.pt").stat().st_mtime_ns
    capsys.readouterr()
    train_zoo(Engine(), tmp_path / "zoo-run", None, resume=True, dry_run=False)
    assert "done" in capsys.readouterr().out
    assert (tmp_path / "zoo-run" / part.name / "checkpoint.pt").stat().st_mtime_ns == before


def test_settings_of_the_plan_survive_its_file(tmp_path: Path) -> None:
    recipe = DosovitskiyBrox2016bRecipe(steps=7)
    part = Part("inverter", "a", "dosovitskiy-brox-2016b", "b", recipe.settings(), 7, 1.0)
    again = Part(**json.loads(json.dumps(vars(part))))
    assert again == part
    assert replace(DosovitskiyBrox2016bRecipe(), **again.settings) == recipe


def test_the_zoo_takes_the_gpus_recipe_on_a_gpu_where_there_is_one() -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert _recipe(BigGANTrainer(), gpu) == RECIPES["gpu"]
    assert _recipe(BigGANTrainer(), cpu) == RECIPES["cpu"]
    assert _recipe(Trainer2016b(), gpu) == Trainer2016b().recipe()
