"""The descent loop: known solutions, who leaves when, and independence of the company."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from baselines.optimization import optimizer
from baselines.optimization.objectives import distance, squared_distance
from baselines.optimization.optimizer import Objective, Plan, momentum, normalised, shifted, shifts


class Linear:
    """Images (n, 3, 4, 4) to A x with orthonormal rows of A: the nearest solution is the start projected."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(3)
        self.rows = torch.linalg.qr(torch.randn(48, 6, generator=generator)).Q.T  # (6, 48)
        self.sizes: list[int] = []

    def __call__(self, images: Tensor) -> Tensor:
        self.sizes.append(len(images))
        outputs: Tensor = images.flatten(1) @ self.rows.T
        return outputs

    def squared(self, images: Tensor, targets: Tensor, shift: Tensor | None) -> Tensor:
        return squared_distance(self(shifted(images, shift)), targets)

    def relative(self, images: Tensor, targets: Tensor, shift: Tensor | None) -> Tensor:
        return distance(self(images), targets)

    def nearest(self, start: Tensor, targets: Tensor) -> Tensor:
        """x_0 + A^T (z - A x_0)."""
        missing = targets - start.flatten(1) @ self.rows.T
        solution: Tensor = start + (missing @ self.rows).view_as(start)
        return solution


def descend(
    objective: Objective,
    targets: Tensor,
    start: Tensor,
    seeds: Sequence[int],
    plan: Plan,
    sizes: tuple[int, ...] = (4,),
) -> Tensor:
    return optimizer.descend(objective, targets, start, seeds, plan, sizes=sizes, title="t")


def problem(n: int = 7) -> tuple[Linear, Tensor, Tensor]:
    """A linear network, targets that images within [0, 1] reach, and starts."""
    torch.manual_seed(1)
    linear = Linear()
    start = 0.5 + 0.05 * torch.randn(n, 3, 4, 4)
    targets = (start + 0.05 * torch.randn_like(start)).flatten(1) @ linear.rows.T
    return linear, targets, start


def test_momentum_reaches_the_projection_of_the_start_to_within_rounding() -> None:
    linear, targets, start = problem()
    rate = 0.1 * float(targets.square().sum(1).min())
    found = descend(linear.squared, targets, start, range(7), Plan(momentum(0.9), (rate,) * 300))
    assert torch.allclose(found, linear.nearest(start, targets), rtol=0, atol=2 * optimizer.HALF_LEVEL)


def test_normalised_steps_reach_the_projection_to_within_a_step() -> None:
    linear, targets, start = problem()
    found = descend(linear.relative, targets, start, range(7), Plan(normalised, (0.01,) * 100))
    assert (found - linear.nearest(start, targets)).flatten(1).norm(dim=1).max().item() <= 0.01 + 1e-4


def test_normalised_moves_have_the_stated_length() -> None:
    torch.manual_seed(0)
    gradient = torch.randn(5, 3, 4, 4) * torch.logspace(-4, 4, 5)[:, None, None, None]
    move, _ = normalised(gradient, torch.zeros_like(gradient), 0.25)
    assert move.flatten(1).norm(dim=1).tolist() == pytest.approx([0.25] * 5, rel=1e-4)
    assert nn.functional.cosine_similarity(move.flatten(1), -gradient.flatten(1)).min().item() > 1 - 1e-6


def test_momentum_by_hand_and_reset_where_the_rate_changes() -> None:
    """The gradient is 1 everywhere: moves of 0.01, then 0.01 (1 + 0.5), then 0.001 from rest."""
    start, targets = torch.full((1, 3, 2, 2), 0.5), torch.zeros(1, 1)
    plan = Plan(momentum(0.5), (0.01, 0.01, 0.001), tolerance=-1)
    found = descend(lambda x, z, s: x.sum((1, 2, 3)), targets, start, [0], plan)
    assert found.flatten().tolist() == pytest.approx([0.5 - 0.01 - 0.015 - 0.001] * 12)


def test_images_stay_in_the_unit_range() -> None:
    start, targets = torch.full((2, 3, 2, 2), 0.5), torch.tensor([[1.0], [-1.0]])
    plan = Plan(momentum(0.9), (0.3,) * 5, tolerance=-100)
    found = descend(lambda x, z, s: z[:, 0] * x.sum((1, 2, 3)), targets, start, [0, 1], plan)
    assert torch.equal(found, torch.stack([torch.zeros(3, 2, 2), torch.ones(3, 2, 2)]))


@pytest.mark.parametrize("look", [1, 10])
def test_converged_images_stop_and_leave_the_batch(look: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six of seven are at their solution from the beginning: two chunks of four until the next look, then one."""
    monkeypatch.setitem(optimizer.LOOK, "cpu", look)
    linear, targets, start = problem()
    solved = [0, 1, 2, 4, 5, 6]
    targets[solved] = linear(start[solved])
    linear.sizes.clear()
    found = descend(linear.relative, targets, start, range(7), Plan(normalised, (0.02,) * 25, tolerance=1e-6))
    assert linear.sizes == [4] * (2 * look + 25 - look)
    assert torch.equal(found[solved], start[solved])
    assert not torch.equal(found[3], start[3])


def test_nobody_left_ends_the_descent() -> None:
    linear, _, start = problem()
    targets = linear(start)
    linear.sizes.clear()
    found = descend(linear.relative, targets, start, range(7), Plan(normalised, (0.1,) * 50, tolerance=1e-6))
    assert torch.equal(found, start)
    assert linear.sizes == [4, 4]


def test_a_shorter_stay_gives_the_image_of_that_step() -> None:
    """The image that a tolerance lets go is the one whose loss was measured, not one step further."""
    linear, targets, start = problem(1)
    plan = Plan(normalised, (0.01,) * 60, tolerance=0.02)
    found = descend(linear.relative, targets, start, [0], plan)
    assert distance(linear(found), targets).item() <= 0.02


def test_images_that_would_not_move_by_half_a_level_any_more_leave() -> None:
    """Constant gradients of 1e-4 and 1e-3; half a level is 0.00196, which is 19 moves of the one and 1 of the other."""
    sizes: list[int] = []

    def objective(images: Tensor, targets: Tensor, shift: Tensor | None) -> Tensor:
        sizes.append(len(images))
        return targets[:, 0] * images.sum((1, 2, 3))

    slopes, start = torch.tensor([[1e-4], [1e-3]]), torch.full((2, 3, 2, 2), 0.5)
    plan = Plan(momentum(0), (1.0,) * 30, tolerance=-1)
    found = descend(objective, slopes, start, [0, 1], plan, sizes=(1,))
    # the first image stops with 19 of 30 moves left, in its twelfth step; the second with 1 left, in its last
    assert found[0].flatten().tolist() == pytest.approx([0.5 - 11e-4] * 12, abs=1e-6)
    assert found[1].flatten().tolist() == pytest.approx([0.5 - 29e-3] * 12, abs=1e-6)
    assert sizes == [1] * (12 + 30)


def test_nobody_leaves_while_momentum_still_grows() -> None:
    plan = Plan(momentum(0.9), (1e-3,) * optimizer.SETTLED + (1e-5,) * optimizer.SETTLED, tolerance=-1)
    found = descend(lambda x, z, s: x.sum((1, 2, 3)), torch.zeros(1, 1), torch.full((1, 3, 2, 2), 0.5), [0], plan)
    total = sum(rate * (1 - 0.9**k) * 10 for rate in (1e-3, 1e-5) for k in range(1, optimizer.SETTLED + 1))
    assert found.flatten().tolist() == pytest.approx([0.5 - total] * 12, abs=1e-6)


def test_the_exact_objective_takes_over_for_the_last_steps() -> None:
    told: list[str] = []

    def objective(name: str) -> Objective:
        def losses(images: Tensor, targets: Tensor, shift: Tensor | None) -> Tensor:
            told.append(name)
            return images.sum((1, 2, 3))

        return losses

    args = torch.zeros(1, 1), torch.rand(1, 3, 2, 2), [0], Plan(normalised, (0.1,) * 5, exact=2)
    optimizer.descend(objective("fast"), *args, sizes=(1,), title="t", exact=objective("exact"))
    assert told == ["fast"] * 3 + ["exact"] * 2
    told.clear()
    optimizer.descend(objective("fast"), *args, sizes=(1,), title="t")
    assert told == ["fast"] * 5


@pytest.mark.parametrize("jitter", [0, 1])
def test_rows_depend_on_nothing_but_target_and_seed(jitter: int) -> None:
    torch.manual_seed(2)
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(128, 5))
    network.requires_grad_(False)

    def objective(images: Tensor, targets: Tensor, shift: Tensor | None) -> Tensor:
        return squared_distance(network(shifted(images, shift)), targets)

    start, targets, seeds = torch.rand(11, 3, 4, 4), torch.randn(11, 5), list(range(100, 111))
    plan = Plan(momentum(0.9), (0.05,) * 20, tolerance=1e-3, jitter=jitter, jittered=15)
    whole = descend(objective, targets, start, seeds, plan, sizes=(4,))
    order = torch.randperm(11)
    shuffled = descend(objective, targets[order], start[order], [seeds[k] for k in order], plan)
    alone = [descend(objective, targets[k][None], start[k][None], [seeds[k]], plan) for k in range(11)]
    assert torch.equal(whole[order], shuffled)
    assert torch.equal(whole, torch.cat(alone))


def test_shifts_follow_from_each_seed_alone() -> None:
    plan = Plan(normalised, (1.0,) * 60, jitter=2, jittered=50)
    both, one = shifts([5, 6], plan), shifts([6], plan)
    assert both.shape == (2, 50, 2)
    assert torch.equal(both[1], one[0])
    assert not torch.equal(both[0], both[1])
    assert set(both.flatten().tolist()) == {-2, -1, 0, 1, 2}


def test_without_jitter_the_objective_is_told_no_shift() -> None:
    told: list[Tensor | None] = []

    def objective(images: Tensor, targets: Tensor, shift: Tensor | None) -> Tensor:
        told.append(shift)
        return images.sum((1, 2, 3))

    args = (objective, torch.zeros(1, 1), torch.rand(1, 3, 2, 2), [0])
    descend(*args, Plan(normalised, (0.1,) * 3))
    assert told == [None] * 3
    told.clear()
    descend(*args, Plan(normalised, (0.1,) * 3, jitter=1, jittered=2))
    assert [shift is None for shift in told] == [False, False, True]


def test_shifted_is_a_roll_of_each_image() -> None:
    images = torch.rand(3, 3, 5, 6)
    moves = torch.tensor([[1, -2], [0, 0], [-3, 4]])
    rolled = torch.stack([torch.roll(x, tuple(m), (1, 2)) for x, m in zip(images, moves.tolist(), strict=True)])
    assert torch.equal(shifted(images, moves), rolled)


def test_no_images_are_no_trouble() -> None:
    found = descend(Linear().squared, torch.empty(0, 6), torch.empty(0, 3, 4, 4), [], Plan(normalised, (0.1,)))
    assert found.shape == (0, 3, 4, 4)


def test_the_start_is_left_alone() -> None:
    linear, targets, start = problem()
    before = start.clone()
    descend(linear.squared, targets, start, range(7), Plan(momentum(0.9), (0.1,) * 3))
    assert torch.equal(start, before)
