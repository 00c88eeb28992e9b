"""A time budget becomes a number of steps by the speed that is measured here."""

import time
from typing import Any

import pytest
import torch
from torch import Tensor

from bench.errors import UsageError
from bench.training.budget import ENDS, RESERVE, Speed, measure
from bench.training.engine import Engine


class Slow:
    """Steps of 10 ms, a look of 50 ms."""

    def __init__(self) -> None:
        self.engine = Engine()

    def step(self, step: int) -> dict[str, Tensor]:
        time.sleep(0.01)
        return {"loss": torch.zeros(())}

    def alarm(self, scalars: dict[str, float]) -> str | None:
        return None

    def validate(self) -> dict[str, float]:
        time.sleep(0.05)
        return {}

    def samples(self) -> Tensor | None:
        return None

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        raise NotImplementedError


def test_speed_is_what_steps_and_looks_take() -> None:
    speed = measure(Slow())
    assert 0.01 <= speed.step < 0.05
    assert 0.05 <= speed.look < 0.2


def test_steps_and_their_looks_fill_the_budget_and_do_not_pass_it() -> None:
    speed = Speed(step=0.5, look=10.0)
    steps = speed.steps_within(1_000.0, looks_every=100)

    def needed(count: int) -> float:
        return count * 0.5 + count / 100 * 10.0 + 10.0

    assert needed(steps) <= 1_000 * (1 - RESERVE) - ENDS < needed(steps + 1)


def test_a_budget_without_room_for_a_step_says_so() -> None:
    with pytest.raises(UsageError, match="not one step fits"):
        Speed(step=1.0, look=120.0).steps_within(60.0, looks_every=500)
