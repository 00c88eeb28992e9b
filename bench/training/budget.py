"""As many steps as fit into a time budget, by the speed that is measured on the spot."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import torch

from bench.errors import UsageError
from bench.progress import progress
from bench.training.loop import Trainable

WARM_UP, TIMED = 5, 20
RESERVE = 0.05  # of the budget, for what a short measurement does not see
ENDS = 15.0  # seconds for what comes before the clock starts and after the last step: imports, statistics, files


@dataclass(frozen=True)
class Speed:
    """What a training costs here.

    Attributes:
        step: seconds a step.
        look: seconds of a look at held-out data, with its samples.
    """

    step: float
    look: float

    def steps_within(self, seconds: float, looks_every: int) -> int:
        """The number of steps that fit, with a look every so many and one at the end.

        Raises:
            UsageError: not one fits.
        """
        steps = math.floor((seconds * (1 - RESERVE) - ENDS - self.look) / (self.step + self.look / looks_every))
        if steps < 1:
            raise UsageError(
                f"{seconds / 60:.1f} minutes are left of the budget, and {ENDS + self.look:.0f} s go to start, end and "
                f"the last look at held-out data, {self.step:.2f} s to each step: not one step fits. Give more with "
                "--budget."
            )
        return steps


def measure(task: Trainable) -> Speed:
    """Time a few steps and one look; the task is of no use afterwards. Equal in all processes of a training."""
    with progress(3, "measuring the speed") as bar:
        seconds_of(task, range(WARM_UP))
        bar.advance()
        step = seconds_of(task, range(WARM_UP, WARM_UP + TIMED)) / TIMED
        bar.advance()
        began = time.perf_counter()
        if task.engine.first:
            task.validate()
            task.samples()
            _wait(task)
    seconds = {"step": step, "look": (time.perf_counter() - began) * task.engine.processes}
    means = task.engine.mean({name: torch.tensor(value, dtype=torch.float64) for name, value in seconds.items()})
    return Speed(float(means["step"]), float(means["look"]))


def seconds_of(task: Trainable, steps: range) -> float:
    """The time that these steps take in this process."""
    began = time.perf_counter()
    for step in steps:
        task.step(step)
    _wait(task)
    return time.perf_counter() - began


def _wait(task: Trainable) -> None:
    if task.engine.device.type == "cuda":
        torch.cuda.synchronize(task.engine.device)
