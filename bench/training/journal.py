"""What a training leaves in its folder: the run's description, scalars, pictures, checkpoints."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch import Tensor

from bench.environment import describe
from bench.record import write_atomically
from bench.training.engine import Engine

LOG, DESCRIPTION, CHECKPOINT = "log.jsonl", "run.json", "checkpoint.pt"


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

    def checkpoint(self, step: int, seconds: float, state: dict[str, Any]) -> None:
        """Replace the last checkpoint, whole or not at all."""
        if not self.writes:
            return
        scratch = self.folder / "checkpoint.tmp"
        torch.save({"step": step, "seconds": seconds, "task": state}, scratch)
        os.replace(scratch, self.folder / CHECKPOINT)


def last_checkpoint(folder: Path) -> dict[str, Any] | None:
    """``step``, ``seconds`` and the task's state, or None where there is none."""
    path = folder / CHECKPOINT
    return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None


def describe_run(folder: Path, engine: Engine, recipe: dict[str, Any], **facts: object) -> None:
    """Write ``run.json``: recipe, code, machine and command."""
    if not engine.first:
        return
    document = {
        "recipe": recipe,
        **facts,
        "precision": engine.precision,
        "processes": engine.processes,
        "accumulate": engine.accumulate,
        "command": ["python", *sys.orig_argv[1:]],
        "environment": describe(engine.device),
    }
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
