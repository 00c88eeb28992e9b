"""Rows of the white-box inverters: ``optimization.py``'s comparison, pair by pair, at the same loss.

Both losses, by the float32 network, stand in the details. ``mahendran-vedaldi`` takes as many steps as the plain loop,
because its schedule ends with the last one. ``engstrom`` has steps of one length, of which images leave when they have
arrived, and it is run for as many as bring its mean loss down to that of the plain loop's last step.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from baselines.optimization import engstrom, mahendran_vedaldi
from baselines.optimization.engstrom import Engstrom
from baselines.optimization.mahendran_vedaldi import MahendranVedaldi
from tests.benchmarks import plain_optimization as plain
from tests.benchmarks.measure import Measured, own_home
from tests.benchmarks.optimization import Problem, compare, mahendran_vedaldi_by_hand

NUM_IMAGES, STEPS, PAIRS = 200, 200, 5
CLASSIFIER = "resnet152"
TRIED = 20  # steps between two numbers of them


def measure(quick: bool) -> Iterator[tuple[str, Measured]]:
    """Both methods on one classifier, by the preset of a CPU."""
    count, steps, pairs = (2, 4, 1) if quick else (NUM_IMAGES, STEPS, PAIRS)
    stages = {"fast": (steps // 4, steps // 2, steps // 4)}
    with own_home(), patch.dict(mahendran_vedaldi.ITERATIONS, stages), patch.dict(engstrom.STEPS, {"fast": steps}):
        problem = Problem(CLASSIFIER, count)
        yield "mahendran-vedaldi", descents_of_mahendran_vedaldi(problem, pairs)
        yield "engstrom", descents_of_engstrom(problem, pairs, steps)


def descents_of_mahendran_vedaldi(problem: Problem, pairs: int) -> Measured:
    """Squared distance with priors, momentum."""
    ours = MahendranVedaldi(problem.target)

    def loss(outputs: Tensor, x: Tensor) -> Tensor:
        return plain.mahendran_vedaldi_loss(outputs, problem.logits, x, ours.tv, ours.alpha)

    return by_pairs(problem, ours, lambda start: mahendran_vedaldi_by_hand(problem, ours, start), loss, pairs)


def descents_of_engstrom(problem: Problem, pairs: int, steps: int) -> Measured:
    """Relative distance, steps of one length."""
    ours = Engstrom(problem.target)
    length, enough = ours.plan.rates[0], steps

    def loss(outputs: Tensor, x: Tensor) -> Tensor:
        return plain.engstrom_loss(outputs, problem.logits)

    def by_hand(start: Tensor) -> Tensor:
        return plain.engstrom(problem.by_hand, problem.logits, start, length, steps)

    bound = loss_by_float32(problem, by_hand(ours.start(problem.noise).clamp(0, 1)), loss)
    for fewer in range(TRIED, steps, TRIED):
        with patch.dict(engstrom.STEPS, {"fast": fewer}):
            tried = Engstrom(problem.target)
        if loss_by_float32(problem, tried.invert(problem.logits, problem.seeds), loss) <= bound:
            ours, enough = tried, fewer
            break
    found = by_pairs(problem, ours, by_hand, loss, pairs)
    return replace(found, details=found.details | {"steps": enough, "plain_steps": steps})


def loss_by_float32(problem: Problem, images: Tensor, loss: Callable[[Tensor, Tensor], Tensor]) -> float:
    """Mean loss of images (N, 3, H, W) as the classifier itself sees them."""
    with torch.no_grad():
        return float(loss(problem.by_hand(images), images).mean())


def by_pairs(
    problem: Problem, ours: Any, by_hand: Callable[[Tensor], Tensor], loss: Callable[[Tensor, Tensor], Tensor],
    pairs: int,
) -> Measured:  # fmt: skip
    """One comparison a pair, so that the spread is known."""
    found = [compare(problem, ours, by_hand, loss, 1) for _ in range(pairs)]
    details: dict[str, float | str] = {
        "images_a_second": statistics.median(one["images/s"] for one in found),
        "in_processor_time": statistics.median(one["in processor time"] for one in found),
        "loss": found[-1]["loss"],
        "plain_loss": found[-1]["plain loss"],
    }
    return Measured(tuple(one["times plain"] for one in found), details)
