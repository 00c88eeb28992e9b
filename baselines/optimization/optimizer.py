"""Gradient descent in image space: the one loop behind every white-box method.

Images are optimised together, and leave as soon as they have converged. They are processed in chunks of a few fixed
sizes that round alike (``chunks.py``), the last one padded, so that every pass gives an image the same bits in any
company: row i depends on target i and seed i alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from baselines.optimization.chunks import OVERHEAD, cover, share
from bench.progress import progress
from bench.seeding import seed_of

Objective = Callable[[Tensor, Tensor, Tensor | None], Tensor]  # images, targets (n, K), shifts (n, 2) to losses (n,)
Rule = Callable[[Tensor, Tensor, float], tuple[Tensor, Tensor]]  # gradient, state, rate to move, state

LOOK = {"cpu": 1, "cuda": 10}  # steps between two looks at who has left: a look waits for the GPU
SETTLED = 10  # steps after which momentum has caught up with a new rate
HALF_LEVEL = 0.5 / 255  # the most that rounding to uint8 changes a value


def momentum(mu: float) -> Rule:
    """v <- mu v - rate g, x <- x + v (Mahendran & Vedaldi 2015)."""

    def rule(gradient: Tensor, state: Tensor, rate: float) -> tuple[Tensor, Tensor]:
        velocity = mu * state - rate * gradient
        return velocity, velocity

    return rule


def normalised(gradient: Tensor, state: Tensor, rate: float) -> tuple[Tensor, Tensor]:
    """x <- x - rate g / norm(g), image by image: every move has the L2 length ``rate`` (Engstrom et al. 2019)."""
    norm = torch.linalg.vector_norm(gradient, dim=(1, 2, 3), keepdim=True)
    return -rate * gradient / (norm + 1e-10), state


@dataclass(frozen=True)
class Plan:
    """How to descend.

    Attributes:
        rule: from gradients to moves; its state starts at 0, and again wherever the rate changes.
        rates: of each step.
        tolerance: an image has converged once its loss is at most this, or once it would move by less than half a grey
            level (root mean square), were all moves left like this one in proportion to their rates.
        jitter: shifts of up to so many pixels, drawn anew in each step, that the objective is told.
        jittered: steps with such shifts; after them it is told none.
        exact: steps at the end for which the exact objective takes over.
    """

    rule: Rule
    rates: tuple[float, ...]
    tolerance: float = 0.0
    jitter: int = 0
    jittered: int = 0
    exact: int = 0


def descend(
    objective: Objective,
    targets: Tensor,
    start: Tensor,
    seeds: Sequence[int],
    plan: Plan,
    *,
    sizes: tuple[int, ...],
    title: str,
    exact: Objective | None = None,
) -> Tensor:
    """Minimise the objective image by image.

    Args:
        objective: the loss of each image, a function of this image, its target and its shift alone.
        targets: (N, K), a row an image.
        start: (N, 3, H, W) in [0, 1].
        seeds: N integers, of the shifts.
        plan: rule, rates, and when an image leaves.
        sizes: of batches, interchangeable for this objective, and for the exact one.
        title: of the progress bar.
        exact: a slower objective for the plan's exact steps; by default the same.

    Returns:
        (N, 3, H, W) in [0, 1].
    """
    objectives = objective, exact or objective
    descent = _Descent(objectives, targets, start, plan, shifts(seeds, plan).to(start.device), sizes)
    repeatable = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
    with torch.enable_grad(), repeatable, progress(len(plan.rates), title) as bar:
        for step in range(len(plan.rates)):
            if step % LOOK[start.device.type] == 0 and not descent.look():
                break
            descent.step(step)
            bar.advance()
    return descent.images


def shifts(seeds: Sequence[int], plan: Plan) -> Tensor:
    """(N, jittered steps, 2) rows and columns to shift by, those of image i from ``seeds[i]`` alone."""
    size = (plan.jittered if plan.jitter else 0, 2)
    if not seeds:
        return torch.empty(0, *size, dtype=torch.int64)
    generators = [torch.Generator().manual_seed(seed_of("jitter", seed)) for seed in seeds]
    return torch.stack([torch.randint(-plan.jitter, plan.jitter + 1, size, generator=g) for g in generators])


class _Descent:
    """All images between two steps."""

    def __init__(
        self,
        objectives: tuple[Objective, Objective],
        targets: Tensor,
        start: Tensor,
        plan: Plan,
        moves: Tensor,
        sizes: tuple[int, ...],
    ) -> None:
        self.objectives, self.targets, self.plan, self.shifts, self.sizes = objectives, targets, plan, moves, sizes
        self.images, self.state = start.detach().clone(), torch.zeros_like(start)
        self.done = torch.zeros(len(start), dtype=torch.bool, device=start.device)
        self.chunks: list[tuple[Tensor, int]] = []
        self.overhead = OVERHEAD / share((start.shape[2], start.shape[3]))
        self.path_left = list(accumulate(reversed(plan.rates)))[::-1]  # of each step: the sum of the rates from it on
        self.same_rate = 0

    def look(self) -> bool:
        """Put the images that have not converged into padded chunks; False if there are none."""
        active = torch.nonzero(~self.done).flatten()
        self.chunks = []
        for size in cover(len(active), self.sizes, self.overhead):
            rows, active = active[:size], active[size:]
            self.chunks.append((torch.cat([rows, rows[:1].expand(size - len(rows))]), len(rows)))
        return bool(self.chunks)

    def step(self, step: int) -> None:
        """Move every image once."""
        rates = self.plan.rates
        self.same_rate += 1
        if rates[step] != rates[max(step - 1, 0)]:
            self.same_rate = 0
            self.state.zero_()
        left = self.path_left[step] / rates[step] if self.same_rate >= SETTLED else torch.inf
        for rows, count in self.chunks:
            self._move(rows, count, step, left)

    def _move(self, rows: Tensor, count: int, step: int, left: float) -> None:
        """One chunk, of which the first ``count`` rows are real; ``left`` counts moves like this one."""
        objective = self.objectives[step >= len(self.plan.rates) - self.plan.exact]
        x = self.images[rows].requires_grad_()  # (chunk, 3, H, W)
        losses = objective(x, self.targets[rows], self.shifts[rows, step] if self._jittered(step) else None)
        (gradient,) = torch.autograd.grad(losses.sum(), x)
        with torch.no_grad():
            move, state = self.plan.rule(gradient, self.state[rows], self.plan.rates[step])
            still = move.square().mean((1, 2, 3)).sqrt() * left <= HALF_LEVEL
            done = self.done[rows] | (losses <= self.plan.tolerance) | still
            x = torch.where(done[:, None, None, None], x, (x + move).clamp(0, 1))
            rows = rows[:count]
            self.images[rows], self.state[rows], self.done[rows] = x[:count], state[:count], done[:count]

    def _jittered(self, step: int) -> bool:
        return step < self.shifts.shape[1]


def shifted(images: Tensor, shift: Tensor | None) -> Tensor:
    """Each image (n, 3, H, W) shifted cyclically by its own (rows, columns) of (n, 2); as it is without a shift."""
    if shift is None:
        return images
    n, _, height, width = images.shape
    i = (torch.arange(height, device=images.device) - shift[:, :1]) % height  # (n, H)
    j = (torch.arange(width, device=images.device) - shift[:, 1:]) % width
    pixels = images.permute(0, 2, 3, 1)[torch.arange(n, device=images.device)[:, None, None], i[:, :, None], j[:, None]]
    return pixels.permute(0, 3, 1, 2)
