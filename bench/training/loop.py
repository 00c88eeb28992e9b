"""The one training loop, for classifiers and inverters: progress, scalars, checkpoints, resume.

Every random number of a step comes from ``step_generator(seed, step)``, so a resumed training draws the very same
numbers as an undisturbed one, and a checkpoint holds weights and optimiser states only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from bench.errors import TrainingError, UsageError
from bench.progress import progress
from bench.training.checkpoints import CHECKPOINT
from bench.training.engine import Engine
from bench.training.journal import Journal, alone, last_checkpoint


class Trainable(Protocol):
    """What the loop needs from a recipe.

    Attributes:
        engine: where and how it computes.
    """

    engine: Engine

    def step(self, step: int) -> dict[str, Tensor]:
        """One optimisation step; returns detached scalar losses of this process's rows, left on the device."""

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


def fit(
    task: Trainable,
    schedule: Schedule,
    folder: Path,
    *,
    resume: bool,
    title: str,
    describe: Callable[[int], None] | None = None,
) -> float:
    """Train to the end of the schedule and return the seconds that it took, all resumed parts together.

    Writes the last two checkpoints (each whole or not at all), ``log.jsonl`` and TensorBoard scalars and pictures into
    ``folder``. A resumed training goes on from the last checkpoint that is whole, and says which was not.
    ``describe`` is called with the step to go on from, once a checkpoint was found to belong to the task, or with 0.

    Raises:
        TrainingError: a loss is not finite, the recipe's alarm rang, another process of the training is gone,
            another training is at work in the folder, or no checkpoint of it is whole.
        UsageError: the schedule ends before the step to go on from.
    """
    with _together(task.engine, folder), alone(folder, task.engine):
        state = last_checkpoint(folder, task.engine) if resume else None
        if state is not None:
            task.load_state_dict(state["task"])
        start = 0 if state is None else int(state["step"])
        if start > schedule.steps:
            raise UsageError(
                f"{folder} was trained for {start:,} steps, and is to go on to step {schedule.steps:,}. To continue "
                "it, give at least as many with --steps; to start anew, name another folder with --out."
            )
        if describe is not None:
            describe(start)
        with Journal(folder, task.engine, state) as journal, progress(schedule.steps, title, start) as bar:
            run = _Run(task, schedule, journal, state)
            for step in range(start, schedule.steps):
                said = run.after(step + 1, task.step(step))  # frames from here to a loss are counted by a test
                bar.advance(1, said)
        return run.seconds


@contextmanager
def _together(engine: Engine, folder: Path) -> Iterator[None]:
    """Say what it means where a process of several fails, and what to type."""
    try:
        yield
    except RuntimeError as error:
        if engine.processes == 1:
            raise
        said = " ".join(str(error).split())[:300]
        raise TrainingError(
            f"Process {engine.rank} of {engine.processes} could not go on, most likely because another one is gone: "
            f"{said}. The last checkpoint is {folder / CHECKPOINT}: type the same command with --resume."
        ) from error


class _Run:
    """One stretch of a training: what is summed, reported and kept between its steps."""

    def __init__(self, task: Trainable, schedule: Schedule, journal: Journal, state: Mapping[str, Any] | None) -> None:
        stored = state or {}
        self.task, self.schedule, self.journal = task, schedule, journal
        self.began = time.perf_counter() - float(stored.get("seconds", 0.0))
        # since the last report: rows of the log are the same after a resume
        self.sums: dict[str, Tensor] = dict(stored.get("sums", {}))
        self.summed = int(stored.get("summed", 0))

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began

    def after(self, done: int, scalars: Mapping[str, Tensor]) -> str:
        """Take in the scalars of step number ``done``; returns what the progress bar says, where that is new."""
        schedule, last, said = self.schedule, done == self.schedule.steps, ""
        for name, value in scalars.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value
        self.summed += 1
        if done % schedule.report_every == 0 or last:
            said = "  ".join(f"{name} {value:.3g}" for name, value in self.report(done).items())
        if done % schedule.validate_every == 0 or last:
            self.validate(done)
        if done % schedule.checkpoint_every == 0 or last:
            self.refuse_infinite(self.floats(), done)
            self.journal.checkpoint(done, self.seconds, self.task.state_dict(), **self.unreported())
        return said

    def floats(self) -> dict[str, float]:
        """Mean scalars since the last report, over all processes: the only place where the loop waits for a GPU."""
        means = {name: value / self.summed for name, value in self.sums.items()}
        return {name: float(value) for name, value in self.task.engine.mean(means).items()}

    def unreported(self) -> dict[str, Any]:
        """The sums that the next report starts from."""
        return {"sums": self.task.engine.mean(self.sums), "summed": self.summed}

    def report(self, done: int) -> dict[str, float]:
        scalars = self.floats()
        self.sums, self.summed = {}, 0
        self.journal.scalars(done, self.seconds, scalars)
        self.refuse_infinite(scalars, done)
        if message := self.task.alarm(scalars):
            raise TrainingError(f"{message} (around step {done}; log and checkpoint are in {self.journal.folder})")
        return scalars

    def validate(self, done: int) -> None:
        """By the first process alone; the others wait at the next sum over processes."""
        if not self.task.engine.first:
            return
        self.journal.scalars(done, self.seconds, self.task.validate())
        if (picture := self.task.samples()) is not None:
            self.journal.picture(done, picture)

    def refuse_infinite(self, scalars: Mapping[str, float], done: int) -> None:
        for name, value in scalars.items():
            if not math.isfinite(value):
                raise TrainingError(
                    f"The training diverged: {name} is {value} around step {done}. The last checkpoint in "
                    f"{self.journal.folder} is from before. Lower the learning rate in the recipe, delete the folder "
                    "and start anew."
                )


def add(totals: dict[str, Tensor], scalars: dict[str, Tensor], parts: int) -> None:
    """Add one part's scalars to the means over all ``parts`` of a batch."""
    for name, value in scalars.items():
        share = value / parts
        totals[name] = totals[name] + share if name in totals else share


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
