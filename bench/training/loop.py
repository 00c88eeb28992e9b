"""The one training loop, for classifiers and inverters: progress, scalars, checkpoints, resume.

Every random number of a step comes from ``step_generator(seed, step)``, so a resumed training draws the very same
numbers as an undisturbed one, and a checkpoint holds weights and optimiser states only.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from bench.errors import TrainingError
from bench.progress import progress


class Trainable(Protocol):
    """What the loop needs from a recipe."""

    def step(self, step: int) -> dict[str, Tensor]:
        """One optimisation step; returns detached scalar losses, left on the device."""

    def alarm(self, scalars: dict[str, float]) -> str | None:
        """A clear word when the mean scalars since the last report show divergence or collapse."""

    def validate(self) -> dict[str, float]:
        """Scores on held-out data (never ``test``)."""

    def samples(self) -> Tensor | None:
        """A picture grid (3, H, W) in [0, 1] to look at, or None."""

    def state_dict(self) -> dict[str, Any]:
        """Everything but the step that the next step depends on."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of ``state_dict``."""


@dataclass(frozen=True)
class Schedule:
    """How long to train and how often to look."""

    steps: int
    report_every: int = 50
    validate_every: int = 1_000
    checkpoint_every: int = 250


def fit(task: Trainable, schedule: Schedule, folder: Path, *, resume: bool, title: str) -> float:
    """Train to the end of the schedule and return the seconds that it took, all resumed parts together.

    Writes ``checkpoint.pt`` (atomically), ``log.jsonl`` and TensorBoard scalars and pictures into ``folder``.

    Raises:
        TrainingError: a loss is not finite, or the recipe's alarm rang.
    """
    from tensorboardX import SummaryWriter

    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    start, seconds = _resume(task, checkpoint) if resume else (0, 0.0)
    began = time.perf_counter() - seconds
    sums: dict[str, Tensor] = {}
    summed = 0
    with progress(schedule.steps, title, start) as bar, SummaryWriter(str(folder / "tensorboard")) as writer:
        for step in range(start, schedule.steps):
            for name, value in task.step(step).items():
                sums[name] = sums[name] + value if name in sums else value
            done, summed = step + 1, summed + 1
            if done % schedule.report_every == 0 or done == schedule.steps:
                scalars = {name: float(value) / summed for name, value in sums.items()}
                sums, summed = {}, 0
                _report(task, folder, writer, done, time.perf_counter() - began, scalars)
                bar.advance(0, "  ".join(f"{name} {value:.3g}" for name, value in scalars.items()))
            if done % schedule.validate_every == 0 or done == schedule.steps:
                _write(folder, writer, done, time.perf_counter() - began, task.validate())
                if (picture := task.samples()) is not None:
                    writer.add_image("samples", picture.numpy(), done)
                    _save_picture(picture, folder / f"samples-{done:06d}.png")
            if done % schedule.checkpoint_every == 0 or done == schedule.steps:
                _refuse_infinite({name: float(value) for name, value in sums.items()}, folder, done)
                _checkpoint(task, checkpoint, done, time.perf_counter() - began)
            bar.advance()
    return time.perf_counter() - began


def _report(task: Trainable, folder: Path, writer: Any, step: int, seconds: float, scalars: dict[str, float]) -> None:
    _write(folder, writer, step, seconds, scalars)
    _refuse_infinite(scalars, folder, step)
    if message := task.alarm(scalars):
        raise TrainingError(f"{message} (around step {step}; log and checkpoint are in {folder})")


def _refuse_infinite(scalars: Mapping[str, float], folder: Path, step: int) -> None:
    for name, value in scalars.items():
        if not math.isfinite(value):
            raise TrainingError(
                f"The training diverged: {name} is {value} around step {step}. The last checkpoint in {folder} is "
                "from before. Lower the learning rate in the recipe, delete the folder and start anew."
            )


def _write(folder: Path, writer: Any, step: int, seconds: float, scalars: dict[str, float]) -> None:
    for name, value in scalars.items():
        writer.add_scalar(name, value, step)
    with (folder / "log.jsonl").open("a") as log:
        row = {"step": step, "seconds": round(seconds, 1)} | {k: float(f"{v:.6g}") for k, v in scalars.items()}
        log.write(json.dumps(row) + "\n")


def _checkpoint(task: Trainable, path: Path, step: int, seconds: float) -> None:
    scratch = path.with_suffix(".tmp")
    torch.save({"step": step, "seconds": seconds, "task": task.state_dict()}, scratch)
    os.replace(scratch, path)


def _resume(task: Trainable, path: Path) -> tuple[int, float]:
    if not path.exists():
        return 0, 0.0
    state = torch.load(path, map_location="cpu", weights_only=True)
    task.load_state_dict(state["task"])
    return int(state["step"]), float(state["seconds"])


def _save_picture(picture: Tensor, path: Path) -> None:
    from torchvision.utils import save_image

    save_image(picture, path)


class WeightAverage:
    """Exponential moving average of a state (parameters and buffers), with a warm-up of the decay.

    The decay at step t is min(``decay``, (1 + t) / (10 + t)): early averages forget their start quickly.
    """

    def __init__(self, state: Mapping[str, Tensor], decay: float) -> None:
        self.decay = decay
        self.average = {name: value.detach().clone() for name, value in state.items()}

    def load(self, average: Mapping[str, Tensor]) -> None:
        """Continue from a stored average, on the device where this one lies."""
        for name, value in self.average.items():
            value.copy_(average[name])

    @torch.no_grad()
    def update(self, state: Mapping[str, Tensor], step: int) -> None:
        """Move the average towards the state; integer buffers are copied."""
        weight = 1 - min(self.decay, (1 + step) / (10 + step))
        floats = [name for name, value in self.average.items() if value.is_floating_point()]
        torch._foreach_lerp_([self.average[n] for n in floats], [state[n] for n in floats], weight)
        for name, value in self.average.items():
            if not value.is_floating_point():
                value.copy_(state[name])
