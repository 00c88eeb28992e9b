"""What a training leaves in its folder: the run's description, scalars, pictures, checkpoints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch import Tensor

from bench.environment import describe
from bench.errors import TrainingError, UsageError
from bench.record import write_atomically
from bench.training.engine import Engine

LOG, DESCRIPTION, CHECKPOINT, LOCK = "log.jsonl", "run.json", "checkpoint.pt", ".lock"


class Journal:
    """The files of one training; of several processes only the first writes.

    ``run.json`` (everything that is needed to start the same training again), ``log.jsonl`` (a row a report),
    ``tensorboard/``, ``samples-STEP.png`` and ``checkpoint.pt``.
    """

    def __init__(self, folder: Path, engine: Engine, resumed_at: int) -> None:
        self.folder, self.writes = folder, engine.first
        self._board: Any = None
        if self.writes:
            folder.mkdir(parents=True, exist_ok=True)
            _cut(folder / LOG, resumed_at)

    def __enter__(self) -> Journal:
        if self.writes:
            from tensorboardX import SummaryWriter

            self._board = SummaryWriter(str(self.folder / "tensorboard"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._board is not None:
            self._board.close()

    def scalars(self, step: int, seconds: float, scalars: dict[str, float]) -> None:
        """A row of the log."""
        if not self.writes:
            return
        for name, value in scalars.items():
            self._board.add_scalar(name, value, step)
        row = {"step": step, "seconds": round(seconds, 1)} | {k: float(f"{v:.9g}") for k, v in scalars.items()}
        with (self.folder / LOG).open("a") as log:
            log.write(json.dumps(row) + "\n")

    def picture(self, step: int, picture: Tensor) -> None:
        """A grid (3, H, W) in [0, 1]."""
        if not self.writes:
            return
        from torchvision.utils import save_image

        self._board.add_image("samples", picture.numpy(), step)
        save_image(picture, self.folder / f"samples-{step:06d}.png")

    def checkpoint(self, step: int, seconds: float, state: dict[str, Any], **loop: object) -> None:
        """Replace the last checkpoint, whole or not at all: the task's state and the loop's own."""
        if not self.writes:
            return
        scratch = self.folder / "checkpoint.tmp"
        torch.save({"step": step, "seconds": seconds, "task": state} | loop, scratch)
        os.replace(scratch, self.folder / CHECKPOINT)


@contextmanager
def alone(folder: Path, engine: Engine) -> Iterator[None]:
    """Keep any other training out of a folder, where the system has advisory locks (not on Windows).

    Raises:
        TrainingError: one is at work there.
    """
    if not engine.first or sys.platform == "win32":
        yield
        return
    import fcntl

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TrainingError(
                f"Another process is training in {folder}: perhaps one whose launcher was killed. End it and type the "
                "same command with --resume, or name another folder with --out."
            ) from error
        yield


def last_checkpoint(folder: Path) -> dict[str, Any] | None:
    """``step``, ``seconds``, the ``task``'s state and what the loop had summed, or None where there is none."""
    path = folder / CHECKPOINT
    return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None


def describe_run(folder: Path, engine: Engine, recipe: dict[str, Any], start: int = 0, /, **facts: object) -> None:
    """Write ``run.json``: recipe, code, machine and command; those of earlier starts stay, under ``earlier``.

    Args:
        folder: of the training.
        engine: how it computes.
        recipe: its settings.
        start: the step from which it goes on, or 0.
        facts: more to say.

    Raises:
        UsageError: it is to go on with another precision, or in another number of parts.
    """
    numbers = {"precision": engine.precision, "accumulate": engine.accumulate}
    here = {
        "start": start,
        "processes": engine.processes,
        "command": ["python", *sys.orig_argv[1:]],
        "environment": describe(engine.device),
    }
    earlier = []
    if start and (folder / DESCRIPTION).exists():
        before = json.loads((folder / DESCRIPTION).read_text())
        for name, value in numbers.items():
            if before.get(name, value) != value:
                raise UsageError(
                    f"{folder} was trained with --{name} {before[name]} up to step {start}, and is to go on with "
                    f"{value}. Give the same again, or name another folder with --out."
                )
        earlier = [*before.get("earlier", []), {name: before[name] for name in here if name in before}]
    if not engine.first:
        return
    document = {"recipe": recipe, **facts, **numbers, **here, "earlier": earlier}
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / DESCRIPTION, (json.dumps(document, indent=2) + "\n").encode())


def described_recipe(folder: Path) -> dict[str, Any] | None:
    """The recipe in a folder's ``run.json``, or None."""
    path = folder / DESCRIPTION
    return dict(json.loads(path.read_text())["recipe"]) if path.exists() else None


def _cut(log: Path, step: int) -> None:
    """Drop the rows after the step at which the training goes on: they will be written again."""
    if log.exists():
        rows = log.read_text().splitlines(keepends=True)
        write_atomically(log, "".join(row for row in rows if json.loads(row)["step"] <= step).encode())
