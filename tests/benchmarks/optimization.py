"""The white-box inverters against the loop that one writes by hand: same problem, same process, by turns.

    python -m tests.benchmarks.optimization --classifier resnet152 --num-images 200

Both get the same logits, starts, shifts and step sizes. Losses are computed afterwards, by the float32 network, for
both alike. Processor time stands beside wall-clock time because it says more on a machine with other work.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

import bench
from baselines.optimization import engstrom, mahendran_vedaldi
from baselines.optimization.engstrom import Engstrom
from baselines.optimization.mahendran_vedaldi import MahendranVedaldi
from baselines.optimization.optimizer import shifts
from bench.cli.printing import print_rows
from bench.datasets import cifar10
from bench.datasets.base import to_images
from bench.inverters.base import Target
from bench.seeding import sample_noise
from tests.benchmarks import plain_optimization as plain


class Problem:
    """Logits of training images (they ship; nothing is chosen here), and a start for each."""

    def __init__(self, classifier: str, count: int) -> None:
        self.network = bench.load_classifier(classifier)
        images = to_images(cifar10.reference_train(count)[0][:count])
        with torch.no_grad():
            self.logits = self.network(images).clone()
        self.by_hand: nn.Module = copy.deepcopy(self.network).to(memory_format=torch.contiguous_format)
        self.seeds = list(range(count))
        size = (images.shape[2], images.shape[3])
        self.noise = sample_noise(self.seeds, 3, *size)
        self.target = Target(
            classifier, "", "cifar10", self.logits.shape[1], size, torch.device("cpu"), "fast", self.network
        )


def mahendran_vedaldi_by_hand(problem: Problem, ours: MahendranVedaldi, start: Tensor) -> Tensor:
    """The plain loop with our numbers."""
    moves = torch.zeros(len(ours.plan.rates), len(start), 2, dtype=torch.int64)
    drawn = shifts(problem.seeds, ours.plan).transpose(0, 1)
    moves[: len(drawn)] = drawn
    return plain.mahendran_vedaldi(
        problem.by_hand, problem.logits, start, ours.plan.rates, ours.tv, ours.alpha, moves if len(drawn) else None
    )


def compare(problem: Problem, ours: Any, by_hand: Callable[[Tensor], Tensor], loss: Any, pairs: int) -> dict[str, Any]:
    """Medians over pairs of runs."""
    start = ours.start(problem.noise).clamp(0, 1)
    wall: list[float] = []
    processor: list[float] = []
    speed: list[float] = []
    for _ in range(pairs):
        theirs, their_wall, their_processor = timed(lambda: by_hand(start))
        found, our_wall, our_processor = timed(lambda: ours.invert(problem.logits, problem.seeds))
        wall.append(their_wall / our_wall)
        processor.append(their_processor / our_processor)
        speed.append(len(start) / our_wall)
    with torch.no_grad():
        losses = [float(loss(problem.by_hand(x), x).mean()) for x in (found, theirs)]
    return {
        "method": ours.name,
        "steps": len(ours.plan.rates),
        "images/s": statistics.median(speed),
        "times plain": statistics.median(wall),
        "in processor time": statistics.median(processor),
        "loss": losses[0],
        "plain loss": losses[1],
    }


def timed(run: Callable[[], Tensor]) -> tuple[Tensor, float, float]:
    """Result, wall-clock seconds, processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    found = run()
    return found, time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    """Compare both methods on one classifier."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classifier", default="resnet152")
    parser.add_argument("--num-images", type=int, default=200)
    parser.add_argument("--steps", type=int, default=200, help="a multiple of 4: 200 as in fast, 400 as published")
    parser.add_argument("--pairs", type=int, default=3)
    given = parser.parse_args()
    quarter = given.steps // 4
    mahendran_vedaldi.ITERATIONS["fast"] = (quarter, 2 * quarter, quarter)
    engstrom.STEPS["fast"] = given.steps
    problem = Problem(given.classifier, given.num_images)
    z, mv, eng = problem.logits, MahendranVedaldi(problem.target), Engstrom(problem.target)
    length = eng.plan.rates[0]
    rows = [
        compare(
            problem, mv, lambda start: mahendran_vedaldi_by_hand(problem, mv, start),
            lambda outputs, x: plain.mahendran_vedaldi_loss(outputs, z, x, mv.tv, mv.alpha), given.pairs,
        ),
        compare(
            problem, eng, lambda start: plain.engstrom(problem.by_hand, z, start, length, given.steps),
            lambda outputs, x: plain.engstrom_loss(outputs, z), given.pairs,
        ),
    ]  # fmt: skip
    print_rows(rows, "")


if __name__ == "__main__":
    main()
