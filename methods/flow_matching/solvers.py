"""From noise to an image along dx/dt = v(x, t), in few steps of equal length from t = 0 to t = 1."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Field = Callable[[Tensor, float], Tensor]  # v(x, t), (N, ...) like x
Solver = Callable[[Field, Tensor, int], Tensor]


def euler(field: Field, x: Tensor, steps: int) -> Tensor:
    """x(1) from x(0) (N, ...): the error falls with the number of steps; one evaluation a step."""
    for k in range(steps):
        x = x + field(x, k / steps) / steps
    return x


def heun(field: Field, x: Tensor, steps: int) -> Tensor:
    """x(1) from x(0) (N, ...) by Heun's rule: the error falls with the square of the steps; two evaluations a step."""
    for k in range(steps):
        here = field(x, k / steps)
        there = field(x + here / steps, (k + 1) / steps)
        x = x + (here + there) / (2 * steps)
    return x


SOLVERS: dict[str, Solver] = {"euler": euler, "heun": heun}
EVALUATIONS = {"euler": 1, "heun": 2}  # of the field, a step


def guided(given: Tensor, free: Tensor, guidance: float) -> Tensor:
    """v_free + w (v_given - v_free): beyond w = 1, away from what any logits would do (Ho & Salimans 2022, equation 6).

    Their weight is w - 1.
    """
    return free.lerp(given, guidance)
