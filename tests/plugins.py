"""Small inverters that the tests run as local plugins: ``--method tests/plugins.py:Name``."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from bench.inverters.base import Inverter, Target
from bench.seeding import sample_noise


class Grey(Inverter):
    """The same grey image whatever it is given."""

    name = "grey"

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.full((len(logits), 3, *self.target.image_size), 0.5)


class Noisy(Inverter):
    """Brightness from the largest logit, noise from the seed."""

    name = "noisy"
    stochastic = True

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        level = torch.sigmoid(logits.amax(1) / 4)[:, None, None, None]
        return level + 0.1 * sample_noise(seeds, 3, *self.target.image_size)


class Dying(Noisy):
    """Noisy, but the process is killed at the k-th call while ``$DIE_AT`` holds k; the file counts across processes."""

    name = "dying"

    @classmethod
    def shard(cls, target: Target) -> int:
        """So few that three of them take little time."""
        return 20

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        counter = Path(os.environ["DIE_COUNTER"])
        calls = int(counter.read_text()) + 1 if counter.exists() else 1
        counter.write_text(str(calls))
        if str(calls) in os.environ.get("DIE_AT", "").split(","):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().invert(logits, seeds)


class Broken(Inverter):
    """Raises."""

    name = "broken"

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        raise ValueError("no such luck")


class WrongShape(Inverter):
    """Half as large as asked."""

    name = "wrong-shape"

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.zeros(len(logits), 3, 16, 16)


class NotANumber(Inverter):
    """NaN."""

    name = "not-a-number"

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.full((len(logits), 3, 32, 32), torch.nan)


class Senseless(Inverter):
    """Says that it cannot run."""

    name = "senseless"

    @classmethod
    def skip(cls, target: Target) -> str | None:
        return f"{target.classifier} has too few logits."

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        raise AssertionError


class Waiting(Noisy):
    """Noisy, but it waits for a minute, after a sign, while ``$WAIT`` names the file of the sign."""

    name = "waiting"

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        if "WAIT" in os.environ:
            Path(os.environ["WAIT"]).touch()
            time.sleep(60)
        return super().invert(logits, seeds)


class Counted(Noisy):
    """Noisy, by shards of two; each writes a line with its process and its first seed into ``$COUNTED``."""

    name = "counted"

    @classmethod
    def shard(cls, target: Target) -> int:
        return 2

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        if len(seeds) == 2 and "COUNTED" in os.environ:
            with Path(os.environ["COUNTED"]).open("a") as file:
                file.write(f"{os.getpid()} {seeds[0]}\n")
        return super().invert(logits, seeds)


class Descending(Counted):
    """Counted, but it sees the network, and takes half a second a shard."""

    name = "descending"
    access = "white-box"

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        time.sleep(0.5)
        with torch.no_grad():
            images = super().invert(logits, seeds)
            return images * torch.sigmoid(self.target.network(images).amax(1) / 4)[:, None, None, None]  # type: ignore[misc]


class Gated(Noisy):
    """Noisy, but before its second image it leaves a sign, ``$GATE.PID``, and waits until ``$GATE`` is there."""

    name = "gated"

    @classmethod
    def shard(cls, target: Target) -> int:
        return 1

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        self.calls = getattr(self, "calls", 0) + 1
        gate = Path(os.environ.get("GATE", os.devnull))
        if self.calls > 1 and not gate.exists():
            Path(f"{gate}.{os.getpid()}").touch()
            for _ in range(9000):
                if gate.exists():
                    break
                time.sleep(0.1)
        return super().invert(logits, seeds)
