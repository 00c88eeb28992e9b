"""The last two checkpoints: damage is noticed, and a whole one is always there."""

from pathlib import Path

import pytest
import torch

from bench.errors import TrainingError
from bench.training import checkpoints
from bench.training.journal import last_checkpoint
from bench.training.loop import Schedule, fit
from tests.training.walk import Walk, empty, flipped


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
