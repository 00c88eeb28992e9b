"""A training without networks, its log, and ways to damage its files."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench.seeding import step_generator
from bench.training.engine import Engine


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


def rows(folder: Path) -> list[dict[str, float]]:
    """The log, without its times."""
    lines = (folder / "log.jsonl").read_text().splitlines()
    return [{name: value for name, value in json.loads(line).items() if name != "seconds"} for line in lines]


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
