"""A time budget becomes a number of steps by the speed that is measured here."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from bench.errors import UsageError
from bench.training import budget, commands, inverters
from bench.training.budget import ENDS, RESERVE, Speed, measure
from bench.training.commands import Run
from bench.training.engine import Engine
from bench.training.journal import describe_run, described_recipe
from bench.training.pairs import TrainingPairs
from bench.weights.files import save_weights
from methods.biggan_logit.train import BigGANRecipe, BigGANTrainer


class Slow:
    """Steps of 10 ms, a look of 50 ms."""

    def __init__(self) -> None:
        self.engine = Engine()

    def step(self, step: int) -> dict[str, Tensor]:
        time.sleep(0.01)
        return {"loss": torch.zeros(())}

    def alarm(self, scalars: dict[str, float]) -> str | None:
        return None

    def validate(self) -> dict[str, float]:
        time.sleep(0.05)
        return {}

    def samples(self) -> Tensor | None:
        return None

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        raise NotImplementedError


def test_speed_is_what_steps_and_looks_take() -> None:
    speed = measure(Slow())
    assert 0.01 <= speed.step < 0.05
    assert 0.05 <= speed.look < 0.2


def test_steps_and_their_looks_fill_the_budget_and_do_not_pass_it() -> None:
    speed = Speed(step=0.5, look=10.0)
    steps = speed.steps_within(1_000.0, looks_every=100)

    def needed(count: int) -> float:
        return count * 0.5 + count / 100 * 10.0 + 10.0

    assert needed(steps) <= 1_000 * (1 - RESERVE) - ENDS < needed(steps + 1)


def test_a_budget_without_room_for_a_step_says_so() -> None:
    with pytest.raises(UsageError, match="not one step fits"):
        Speed(step=1.0, look=120.0).steps_within(60.0, looks_every=500)


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
