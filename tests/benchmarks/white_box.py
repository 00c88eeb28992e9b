"""Rows of the white-box inverters: the images per second of ours against those of the plain loop, at the same loss.

``mahendran-vedaldi`` takes the published schedule on both sides, which ends with its last step. The steps of
``engstrom`` have one length: each side takes as few (in multiples of ``TRIED``) as bring its own mean loss down to
where the plain loop is after all of them. Losses are those of the float32 network, whatever a side computed with.
Copying the network and folding it is set-up, once a run, and not timed; probing the sizes of batches is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from unittest.mock import patch

import torch
from torch import Tensor

from baselines.optimization import engstrom, mahendran_vedaldi
from baselines.optimization.engstrom import Engstrom
from baselines.optimization.mahendran_vedaldi import MahendranVedaldi
from tests.benchmarks import plain_optimization as plain
from tests.benchmarks.measure import Measured, by_turns, own_home, times_faster
from tests.benchmarks.optimization import Problem, mahendran_vedaldi_by_hand

NUM_IMAGES, STEPS, PAIRS = 200, 200, 5
CLASSIFIER = "resnet152"
TRIED = 20  # steps between two numbers of them
SAME = 1.01  # a loss is the same up to this factor
Loss = Callable[[Tensor], Tensor]  # images (N, 3, H, W) to (N,)


def measure(quick: bool) -> Iterator[tuple[str, Measured]]:
    """Both methods on one classifier, by the preset of a CPU."""
    count, steps, pairs = (2, 2 * TRIED, 1) if quick else (NUM_IMAGES, STEPS, PAIRS)
    stages = {"fast": (steps // 4, steps // 2, steps // 4)}
    with own_home(), patch.dict(mahendran_vedaldi.ITERATIONS, stages), patch.dict(engstrom.STEPS, {"fast": steps}):
        problem = Problem(CLASSIFIER, count)
        yield "mahendran-vedaldi", descents_of_mahendran_vedaldi(problem, pairs)
        yield "engstrom", descents_of_engstrom(problem, pairs, steps)


def descents_of_mahendran_vedaldi(problem: Problem, pairs: int) -> Measured:
    """Squared distance with priors, momentum."""
    ours = MahendranVedaldi(problem.target)
    start = ours.start(problem.noise).clamp(0, 1)
    steps = len(ours.plan.rates)

    def loss(x: Tensor) -> Tensor:
        return plain.mahendran_vedaldi_loss(problem.by_hand(x), problem.logits, x, ours.tv, ours.alpha)

    return at_the_same_loss(
        problem, ours, lambda: mahendran_vedaldi_by_hand(problem, ours, start), loss, pairs, (steps, steps)
    )


def descents_of_engstrom(problem: Problem, pairs: int, steps: int) -> Measured:
    """Relative distance, steps of one length."""
    ours = Engstrom(problem.target)
    start, length = ours.start(problem.noise).clamp(0, 1), ours.plan.rates[0]

    def loss(x: Tensor) -> Tensor:
        return plain.engstrom_loss(problem.by_hand(x), problem.logits)

    def by_hand(count: int, x: Tensor = start) -> Tensor:
        return plain.engstrom(problem.by_hand, problem.logits, x, length, count)

    after, x = [], start  # the plain loop has no memory but its images
    for _ in range(0, steps, TRIED):
        x = by_hand(TRIED, x)
        after.append(mean(loss, x))
    theirs = TRIED * (1 + next(k for k, value in enumerate(after) if value <= SAME * after[-1]))
    enough = steps
    for fewer in range(TRIED, steps, TRIED):
        tried = shortened(ours, fewer)
        if mean(loss, tried.invert(problem.logits, problem.seeds)) <= SAME * after[-1]:
            ours, enough = tried, fewer
            break
    return at_the_same_loss(problem, ours, lambda: by_hand(theirs), loss, pairs, (enough, theirs))


def shortened(inverter: Engstrom, steps: int) -> Engstrom:
    """The same with fewer steps, set up already."""
    made = copy.copy(inverter)
    with patch.dict(engstrom.STEPS, {"fast": steps}):
        made.plan = Engstrom(inverter.target).plan
    return made


def at_the_same_loss(
    problem: Problem,
    ours: MahendranVedaldi | Engstrom,
    by_hand: Callable[[], Tensor],
    loss: Loss,
    pairs: int,
    steps: tuple[int, int],
) -> Measured:
    """Both by turns.

    Raises:
        ValueError: ours ends at a higher loss.
    """
    found: dict[str, Tensor] = {}

    def run_ours() -> None:
        ours._sizes.clear()  # so that probing them counts
        found["ours"] = ours.invert(problem.logits, problem.seeds)

    def run_plain() -> None:
        found["plain"] = by_hand()

    timed = by_turns(run_ours, run_plain, pairs, warm_up=False)
    losses = {side: mean(loss, images) for side, images in found.items()}
    if losses["ours"] > SAME * losses["plain"]:
        raise ValueError(f"The losses differ: ours {losses['ours']:.5g}, plain {losses['plain']:.5g}.")
    speed = len(problem.logits) / min(mine for mine, _ in timed)
    facts = {"loss": losses["ours"], "plain_loss": losses["plain"], "steps": steps[0], "plain_steps": steps[1]}
    return times_faster(timed, images_a_second=speed, **facts)


@torch.no_grad()
def mean(loss: Loss, images: Tensor) -> float:
    """Over the images."""
    return float(loss(images).mean())
