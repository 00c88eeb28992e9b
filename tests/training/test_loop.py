"""The training loop: resume, alarms, averages, batches."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from bench.errors import TrainingError, UsageError
from bench.seeding import step_generator
from bench.training.data import TrainingImages, flip_and_shift
from bench.training.engine import Engine
from bench.training.journal import alone, describe_run
from bench.training.loop import Schedule, WeightAverage, fit
from tests.training.small import small_dataset


class Walk:
    """A random walk as a training: its state must follow from the step's own random numbers."""

    def __init__(self, poison: int = -1, flat: bool = False, stop: int = -1) -> None:
        self.x, self.poison, self.flat, self.stop = torch.zeros(3), poison, flat, stop
        self.engine = Engine()

    def step(self, step: int) -> dict[str, Tensor]:
        if step == self.stop:
            raise KeyboardInterrupt
        self.x = self.x + torch.randn(3, generator=step_generator(7, step))
        return {"loss": torch.tensor(float("nan")) if step == self.poison else self.x.square().sum()}

    def alarm(self, scalars: dict[str, float]) -> str | None:
        return "It collapsed." if self.flat else None

    def validate(self) -> dict[str, float]:
        return {"val": float(self.x.sum())}

    def samples(self) -> Tensor | None:
        return torch.rand(3, 8, 8)

    def state_dict(self) -> dict[str, Any]:
        return {"x": self.x}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.x = state["x"]


def test_resumed_training_equals_an_undisturbed_one(tmp_path: Path) -> None:
    whole, first, second = Walk(), Walk(), Walk()
    fit(whole, Schedule(40, 10, 20, 5), tmp_path / "whole", resume=False, title="t")
    fit(first, Schedule(25, 10, 20, 5), tmp_path / "parts", resume=False, title="t")
    fit(second, Schedule(40, 10, 20, 5), tmp_path / "parts", resume=True, title="t")
    assert torch.equal(whole.x, second.x)


def rows(folder: Path) -> list[dict[str, float]]:
    """The log, without its times."""
    lines = (folder / "log.jsonl").read_text().splitlines()
    return [{name: value for name, value in json.loads(line).items() if name != "seconds"} for line in lines]


def test_the_log_is_the_same_where_a_checkpoint_lies_between_two_reports(tmp_path: Path) -> None:
    schedule = Schedule(40, 10, 40, 7)
    fit(Walk(), schedule, tmp_path / "whole", resume=False, title="t")
    killed = Walk(stop=25)
    with pytest.raises(KeyboardInterrupt):
        fit(killed, schedule, tmp_path / "parts", resume=False, title="t")
    fit(Walk(), schedule, tmp_path / "parts", resume=True, title="t")
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")


def test_two_trainings_do_not_share_a_folder(tmp_path: Path) -> None:
    """A launcher that is killed leaves its processes behind, and the next one would write over what they write."""
    with alone(tmp_path, Engine()), pytest.raises(TrainingError, match="Another process is training in"):
        fit(Walk(), Schedule(4), tmp_path, resume=True, title="t")
    fit(Walk(), Schedule(4), tmp_path, resume=True, title="t")


def test_a_run_remembers_its_earlier_starts_and_refuses_other_numbers(tmp_path: Path) -> None:
    def said() -> dict[str, Any]:
        found: dict[str, Any] = json.loads((tmp_path / "run.json").read_text())
        return found

    describe_run(tmp_path, Engine(accumulate=2), {"steps": 9})
    first = said()
    describe_run(tmp_path, Engine(accumulate=2), {"steps": 9}, 5)
    describe_run(tmp_path, Engine(accumulate=2), {"steps": 9}, 7)
    kept = ("start", "processes", "command", "environment")
    assert said()["start"] == 7
    assert [one["start"] for one in said()["earlier"]] == [0, 5]
    assert said()["earlier"][0] == {name: first[name] for name in kept}
    for other, word in ((Engine(), "--accumulate 2"), (Engine(precision="float64", accumulate=2), "--precision bf16")):
        with pytest.raises(UsageError, match=word):
            describe_run(tmp_path, other, {"steps": 9}, 8)
    assert said()["start"] == 7
    describe_run(tmp_path, Engine(), {"steps": 9})  # anew
    assert said()["earlier"] == []


def test_writes_log_scalars_and_pictures(tmp_path: Path) -> None:
    fit(Walk(), Schedule(20, 10, 20, 5), tmp_path, resume=False, title="t")
    assert [row["step"] for row in rows(tmp_path)] == [10, 20, 20]
    assert (tmp_path / "samples-000020.png").exists()
    assert list((tmp_path / "tensorboard").iterdir())


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


def test_every_epoch_sees_every_image_once_and_anew() -> None:
    data = TrainingImages(small_dataset(40), torch.device("cpu"), seed=1)
    epochs = [torch.cat([data.rows(step, 10) for step in range(4 * e, 4 * e + 4)]) for e in range(2)]
    for epoch in epochs:
        assert sorted(epoch.tolist()) == list(range(40))
    assert not torch.equal(*epochs)
    assert torch.equal(data.rows(2, 10), epochs[0][20:30])


def test_flip_and_shift_gives_windows_of_the_padded_image_or_its_mirror() -> None:
    images = torch.rand(16, 3, 8, 8)
    moved = flip_and_shift(images, torch.Generator().manual_seed(0), shift=2)
    padded = torch.nn.functional.pad(images, (2,) * 4, mode="reflect")
    kinds = set()
    for k in range(16):
        windows = {
            (dy, dx, mirror): torch.equal(moved[k], w.flip(2) if mirror else w)
            for dy in range(5)
            for dx in range(5)
            for mirror in (False, True)
            for w in [padded[k, :, dy : dy + 8, dx : dx + 8]]
        }
        assert any(windows.values())
        kinds |= {key[2] for key, hit in windows.items() if hit}
    assert kinds == {False, True}
