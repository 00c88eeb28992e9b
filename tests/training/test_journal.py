"""What a training leaves in its folder: log, description and pictures, mended where they were damaged."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.errors import TrainingError, UsageError
from bench.training.engine import Engine
from bench.training.journal import alone, describe_run, described_recipe, last_checkpoint
from bench.training.loop import Schedule, fit
from tests.training.walk import Walk, cut, empty, flipped, half_a_line, rows, zeros


def test_the_log_is_the_same_where_a_checkpoint_lies_between_two_reports(tmp_path: Path) -> None:
    schedule = Schedule(40, 10, 40, 7)
    fit(Walk(), schedule, tmp_path / "whole", resume=False, title="t")
    killed = Walk(stop=25)
    with pytest.raises(KeyboardInterrupt):
        fit(killed, schedule, tmp_path / "parts", resume=False, title="t")
    fit(Walk(), schedule, tmp_path / "parts", resume=True, title="t")
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")


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
