"""Rows of the white-box inverters: the images per second of ours against those of the plain loop, at the same loss.

``mahendran-vedaldi`` takes the published schedule on both sides, which ends with its last step. The steps of
``engstrom`` have one length: each side takes as few (in multiples of ``TRIED``) as bring its own mean loss down to
where the plain loop is after all of them. Losses are those of the float32 network, whatever a side computed with.
Copying the network and folding it is set-up, once a run, and not timed; probing the sizes of batches is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

import torch
from torch import Tensor

from baselines.optimization import engstrom, mahendran_vedaldi
from baselines.optimization.engstrom import Engstrom
from baselines.optimization.inverter import ImageSpaceInverter
from baselines.optimization.mahendran_vedaldi import MahendranVedaldi
from tests.benchmarks import plain_optimization as plain
from tests.benchmarks.measure import Measured, by_turns, own_home, times_faster
from tests.benchmarks.optimization import Problem, mahendran_vedaldi_by_hand
from tests.benchmarks.sides import Prepare, side

NUM_IMAGES = {"mahendran-vedaldi": 200, "engstrom": 60}
STEPS, PAIRS = 200, 5
CLASSIFIER = "resnet152"
TRIED = 20  # steps between two numbers of them
SAME = 1.01  # a loss is the same up to this factor
Loss = Callable[[Tensor], Tensor]  # images (N, 3, H, W) to (N,)


def measure(quick: bool) -> Iterator[tuple[str, Measured]]:
    """Both methods on one classifier, by the preset of a CPU."""
    steps, pairs = (2 * TRIED, 1) if quick else (STEPS, PAIRS)
    descents = {"mahendran-vedaldi": descents_of_mahendran_vedaldi, "engstrom": descents_of_engstrom}
    with own_home():
        for method, measured in descents.items():
            yield method, measured(Problem(CLASSIFIER, 2 if quick else NUM_IMAGES[method]), pairs, steps)


def descents_of_mahendran_vedaldi(problem: Problem, pairs: int, steps: int) -> Measured:
    """Squared distance with priors, momentum."""
    prior = MahendranVedaldi(problem.target)

    def loss(x: Tensor) -> Tensor:
        return plain.mahendran_vedaldi_loss(problem.by_hand(x), problem.logits, x, prior.tv, prior.alpha)

    return at_the_same_loss(mahendran_vedaldi_side, problem, loss, pairs, (steps, steps))


@contextmanager
def mahendran_vedaldi_side(ours: bool, count: int, steps: int) -> Iterator[Callable[[], Tensor]]:
    """One side's descents, with the published schedule stretched to so many steps."""
    stages = {"fast": (steps // 4, steps // 2, steps // 4)}
    with patch.dict(mahendran_vedaldi.ITERATIONS, stages):
        problem = Problem(CLASSIFIER, count)
        inverter = MahendranVedaldi(problem.target)
        start = inverter.start(problem.noise).clamp(0, 1)
        by_hand = partial(mahendran_vedaldi_by_hand, problem, inverter, start)
        yield partial(inverted, problem, inverter) if ours else by_hand


def inverted(problem: Problem, inverter: ImageSpaceInverter) -> Tensor:
    """What ours finds, the probing of batch sizes included."""
    inverter._sizes.clear()
    return inverter.invert(problem.logits, problem.seeds)


def descents_of_engstrom(problem: Problem, pairs: int, steps: int) -> Measured:
    """Relative distance, steps of one length."""
    ours = engstrom_of(problem, steps)
    start, length = ours.start(problem.noise).clamp(0, 1), ours.plan.rates[0]

    def loss(x: Tensor) -> Tensor:
        return plain.engstrom_loss(problem.by_hand(x), problem.logits)

    after, x = [], start  # the plain loop has no memory but its images
    for _ in range(0, steps, TRIED):
        x = plain.engstrom(problem.by_hand, problem.logits, x, length, TRIED)
        after.append(mean(loss, x))
    looks, reached = next((k, value) for k, value in enumerate(after, 1) if value <= SAME * after[-1])
    enough = steps
    for fewer in range(TRIED, steps, TRIED):
        tried = engstrom_of(problem, fewer)
        if mean(loss, tried.invert(problem.logits, problem.seeds)) <= SAME * reached:
            enough = fewer
            break
    return at_the_same_loss(engstrom_side, problem, loss, pairs, (enough, looks * TRIED))


@contextmanager
def engstrom_side(ours: bool, count: int, steps: int) -> Iterator[Callable[[], Tensor]]:
    """One side's descents."""
    problem = Problem(CLASSIFIER, count)
    inverter = engstrom_of(problem, steps)
    start, length = inverter.start(problem.noise).clamp(0, 1), inverter.plan.rates[0]
    by_hand = partial(plain.engstrom, problem.by_hand, problem.logits, start, length, steps)
    yield partial(inverted, problem, inverter) if ours else by_hand


def engstrom_of(problem: Problem, steps: int) -> Engstrom:
    """Ours with so many steps."""
    with patch.dict(engstrom.STEPS, {"fast": steps}):
        return Engstrom(problem.target)


def at_the_same_loss(prepare: Prepare, problem: Problem, loss: Loss, pairs: int, steps: tuple[int, int]) -> Measured:
    """Both by turns, ours with the first number of steps.

    Raises:
        ValueError: ours ends at a higher loss.
    """
    count = len(problem.logits)
    with side(prepare, True, count, steps[0]) as ours, side(prepare, False, count, steps[1]) as by_hand:
        timed = by_turns(ours, by_hand, pairs, warm_up=False)
    mine, theirs = mean(loss, ours.found), mean(loss, by_hand.found)
    if mine > SAME * theirs:
        raise ValueError(f"The losses differ: ours {mine:.5g}, plain {theirs:.5g}.")
    facts = {"loss": mine, "plain_loss": theirs, "steps": steps[0], "plain_steps": steps[1]}
    return times_faster(timed, images_a_second=count / min(mine for mine, _ in timed), **facts)


@torch.no_grad()
def mean(loss: Loss, images: Tensor) -> float:
    """Over the images."""
    return float(loss(images).mean())
