"""The training loop: resume, alarms, averages, batches."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from bench.errors import TrainingError, UsageError
from bench.seeding import step_generator
from bench.training import checkpoints
from bench.training.data import TrainingImages, flip_and_shift
from bench.training.engine import Engine
from bench.training.journal import alone, describe_run, described_recipe, last_checkpoint
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


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def half_a_line(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def zeros(path: Path) -> None:
    """What a lost power supply leaves: the right length, and zeros at the end."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        ("checkpoint.pt", empty, "checkpoint.pt is damaged (it is empty): going on from step 14"),
        ("checkpoint.pt", cut, "checkpoint.pt is damaged (it is cut short or overwritten): going on from step 14"),
        ("checkpoint.pt", zeros, "checkpoint.pt is damaged (it is cut short or overwritten): going on from step 14"),
        ("checkpoint.pt", flipped, "checkpoint.pt is damaged (its SHA-256 is not the one that it was written with)"),
        ("checkpoint.pt", Path.unlink, ""),
        ("log.jsonl", half_a_line, "log.jsonl is damaged: it is written again from the checkpoint"),
        ("log.jsonl", zeros, "log.jsonl is damaged: it is written again from the checkpoint"),
        ("log.jsonl", empty, "log.jsonl is empty or missing: it is written again from the checkpoint"),
        ("log.jsonl", Path.unlink, "log.jsonl is empty or missing: it is written again from the checkpoint"),
        ("run.json", zeros, "run.json is damaged: it is taken from the checkpoint"),
        ("run.json", Path.unlink, "run.json is missing: it is taken from the checkpoint"),
    ],
)
def test_damage_is_said_and_the_training_ends_as_an_undisturbed_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, damage: Callable[[Path], None], said: str
) -> None:
    schedule = Schedule(40, 3, 40, 7)
    whole, again = Walk(), Walk()

    def run(walk: Walk, folder: str, resume: bool) -> None:
        described = partial(describe_run, tmp_path / folder, walk.engine, {"name": "walk"})
        fit(walk, schedule, tmp_path / folder, resume=resume, title="t", describe=described)

    run(whole, "whole", resume=False)
    with pytest.raises(KeyboardInterrupt):
        run(Walk(stop=25), "parts", resume=False)
    damage(tmp_path / "parts" / name)
    capsys.readouterr()
    assert described_recipe(tmp_path / "parts") == {"name": "walk"}
    run(again, "parts", resume=True)
    text = capsys.readouterr().err
    assert said in text
    assert len(text.splitlines()) <= 1 + (name == "run.json")
    assert torch.equal(whole.x, again.x)
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    files = {path.name for path in (tmp_path / "parts").iterdir()}
    assert {"checkpoint.pt", "checkpoint-previous.pt"} <= files
    assert not [name for name in files if "tmp" in name]
    describe_run(tmp_path / "parts", Engine(), {"name": "walk"}, 40)
    starts = [one["start"] for one in json.loads((tmp_path / "parts" / "run.json").read_text())["earlier"]]
    assert starts[0] == 0


def test_after_the_second_damage_the_older_checkpoint_is_not_pushed_out_by_a_damaged_one(tmp_path: Path) -> None:
    schedule = Schedule(40, 10, 40, 7)
    for stop in (25, 23, 24):  # each time the last checkpoint is damaged, and the next one is not reached
        with pytest.raises(KeyboardInterrupt):
            fit(Walk(stop=stop), schedule, tmp_path, resume=True, title="t")
        empty(tmp_path / "checkpoint.pt")
    whole, again = Walk(), Walk()
    fit(whole, schedule, tmp_path / "whole", resume=False, title="t")
    fit(again, schedule, tmp_path, resume=True, title="t")
    assert torch.equal(whole.x, again.x)


def test_without_a_whole_checkpoint_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fit(Walk(stop=25), Schedule(40, 10, 40, 7), tmp_path, resume=False, title="t")
    empty(tmp_path / "checkpoint.pt")
    flipped(tmp_path / "checkpoint-previous.pt")
    with pytest.raises(TrainingError, match=r"checkpoint\.pt is damaged .*-previous\.pt is damaged .*anew, delete"):
        fit(Walk(), Schedule(40, 10, 40, 7), tmp_path, resume=True, title="t")


def test_checkpoints_of_earlier_versions_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They have neither a digest nor the log; a damaged row of the log is left out."""
    schedule = Schedule(40, 10, 40, 7)
    whole, again = Walk(), Walk()
    fit(whole, schedule, tmp_path / "whole", resume=False, title="t")
    with pytest.raises(KeyboardInterrupt):
        fit(Walk(stop=25), schedule, tmp_path, resume=False, title="t")
    state = last_checkpoint(tmp_path) or {}
    torch.save({name: value for name, value in state.items() if name not in ("log", "run")}, tmp_path / "checkpoint.pt")
    (tmp_path / "checkpoint-previous.pt").unlink()
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"step": 2')
    fit(again, schedule, tmp_path, resume=True, title="t")
    assert "log.jsonl is damaged: it is left without what could not be read" in capsys.readouterr().err
    assert torch.equal(whole.x, again.x)
    assert rows(tmp_path) == rows(tmp_path / "whole")


def test_a_checkpoint_that_cannot_be_written_leaves_the_last_one_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints.write(tmp_path, {"step": 1})

    def full(document: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space"):
        checkpoints.write(tmp_path, {"step": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]
    assert (last_checkpoint(tmp_path) or {})["step"] == 1


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
