"""The training loop: resume, alarms, averages."""

from pathlib import Path

import pytest
import torch

from bench.errors import TrainingError
from bench.training.loop import Schedule, WeightAverage, fit
from tests.training.walk import Walk


def test_resumed_training_equals_an_undisturbed_one(tmp_path: Path) -> None:
    whole, first, second = Walk(), Walk(), Walk()
    fit(whole, Schedule(40, 10, 20, 5), tmp_path / "whole", resume=False, title="t")
    fit(first, Schedule(25, 10, 20, 5), tmp_path / "parts", resume=False, title="t")
    fit(second, Schedule(40, 10, 20, 5), tmp_path / "parts", resume=True, title="t")
    assert torch.equal(whole.x, second.x)


def test_a_loss_that_is_not_finite_stops_with_a_clear_word(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="loss is nan around step 15"):
        fit(Walk(poison=13), Schedule(40, 10, 40, 5), tmp_path, resume=False, title="t")


def test_the_recipes_alarm_stops(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="It collapsed"):
        fit(Walk(flat=True), Schedule(40, 10, 40, 5), tmp_path, resume=False, title="t")


def test_weight_average_follows_its_formula() -> None:
    average = WeightAverage({"w": torch.zeros(1), "n": torch.tensor(0)}, decay=0.5)
    average.update({"w": torch.ones(1), "n": torch.tensor(4)}, step=0)  # decay 1/10
    assert average.average["w"].item() == pytest.approx(0.9)
    assert average.average["n"].item() == 4
    average.update({"w": torch.zeros(1), "n": torch.tensor(5)}, step=1_000)  # decay 0.5
    assert average.average["w"].item() == pytest.approx(0.45)
