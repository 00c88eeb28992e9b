"""Both solvers against flows in closed form: orders of their errors, moments of a Gaussian."""

import math
from itertools import pairwise

import pytest
import torch

from methods.flow_matching.solvers import EVALUATIONS, SOLVERS, euler, guided, heun
from tests.methods.flow_matching.small import gaussian_field

MEAN = torch.tensor([0.5, -1.0, 0.2], dtype=torch.float64)
ROOT = torch.tensor([[0.6, 0.0, 0.0], [0.3, 0.4, 0.0], [-0.2, 0.1, 0.7]], dtype=torch.float64)


def noise(count: int) -> torch.Tensor:
    return torch.randn(count, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def end_of_exponential(solver: str, steps: int) -> float:
    """dx/dt = (1 + t) x from x(0) = 1: x(1) = exp(3/2)."""
    return float(SOLVERS[solver](lambda x, t: (1 + t) * x, torch.ones(1, dtype=torch.float64), steps))


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("heun", 2)])
def test_the_error_falls_by_the_order_of_the_rule(solver: str, order: int) -> None:
    errors = [abs(end_of_exponential(solver, steps) - math.exp(1.5)) for steps in (64, 128, 256)]
    for coarse, fine in pairwise(errors):
        assert math.log2(coarse / fine) == pytest.approx(order, abs=0.05)


def test_one_step_by_hand() -> None:
    x = torch.tensor([2.0])
    assert euler(lambda x, t: x + t, x, 1).item() == 4.0
    assert heun(lambda x, t: x + t, x, 1).item() == 2 + (2 + 5) / 2


@pytest.mark.parametrize("solver", SOLVERS)
def test_evaluations_are_counted_and_times_stay_within_the_path(solver: str) -> None:
    times: list[float] = []

    def field(x: torch.Tensor, t: float) -> torch.Tensor:
        times.append(t)
        return x

    SOLVERS[solver](field, torch.zeros(1), 5)
    assert len(times) == 5 * EVALUATIONS[solver]
    assert min(times) == 0
    assert max(times) <= 1


@pytest.mark.parametrize(("solver", "steps", "far"), [("euler", 400, 0.02), ("heun", 40, 0.02)])
def test_the_flow_of_a_gaussian_has_its_moments(solver: str, steps: int, far: float) -> None:
    covariance = ROOT @ ROOT.T
    x = noise(20_000)
    x = (x - x.mean(0)) @ torch.linalg.inv(torch.linalg.cholesky(x.T.cov())).T  # exactly mean 0 and covariance I
    made = SOLVERS[solver](gaussian_field(MEAN, covariance), x, steps)
    torch.testing.assert_close(made.mean(0), MEAN, rtol=0, atol=far)
    torch.testing.assert_close(made.T.cov(), covariance, rtol=0, atol=far)


def test_heun_is_nearer_than_euler_at_equal_cost() -> None:
    field, x = gaussian_field(MEAN, ROOT @ ROOT.T), noise(500)
    exact = heun(field, x, 2_000)
    errors = [(made - exact).norm().item() for made in (euler(field, x, 24), heun(field, x, 12))]
    assert errors[1] < errors[0] / 2


def test_guidance_goes_from_the_free_velocity_through_the_given_one() -> None:
    given, free = torch.tensor([1.0, 4.0]), torch.tensor([0.0, 2.0])
    assert guided(given, free, 0.0).tolist() == [0.0, 2.0]
    assert guided(given, free, 1.0).tolist() == [1.0, 4.0]
    assert guided(given, free, 2.5).tolist() == [2.5, 7.0]
