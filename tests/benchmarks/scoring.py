"""Scoring the second method on a dataset against calling torch-fidelity, lpips and scikit-image one after the other.

Ours is ``evaluate`` as ``bench run`` calls it, after another method was scored on the same originals: their features
are in the cache, their logits are stored. The plain way has the logits too, looks at everything else anew, and
computes means without intervals. Both give the same scores; how far they are apart stands in the details.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.cell import networks
from bench.classifiers import open_classifier
from bench.datasets import cifar10
from bench.metrics.distances import KID_SUBSETS, subset
from bench.metrics.evaluate import Evaluation, evaluate
from bench.metrics.networks import Networks
from tests.benchmarks import plain_scoring as plain
from tests.benchmarks.measure import Measured, by_turns, own_home, times_faster
from tests.benchmarks.sides import side

Pixels = NDArray[np.uint8]
NUM_IMAGES, PAIRS = 2_500, 5
LEFT_OUT = ("fid",)  # its weights do not ship
APART = 2e-3  # of a score's size: torch-fidelity keeps float32 where ours has float64


@dataclass(frozen=True)
class Images:
    """Originals, reconstructions and another draw of them, each (N, H, W, 3) uint8, and (N,) labels."""

    originals: Pixels
    reconstructions: Pixels
    second: Pixels
    labels: NDArray[Any]

    @classmethod
    def noisy(cls, originals: Pixels, labels: NDArray[Any]) -> Images:
        """Originals with noise in place of reconstructions: what is in them changes no time."""
        rng = np.random.default_rng(0)
        draws = [np.clip(originals + rng.normal(0, 40, originals.shape), 0, 255).astype(np.uint8) for _ in range(2)]
        return cls(originals, draws[0], draws[1], labels)


class Problem:
    """One set of images and networks, ready to be scored in both ways."""

    def __init__(self, images: Images, nets: Networks, cache: Path) -> None:
        assert nets.target is not None
        self.images, self.nets, self.cache = images, nets, cache
        n = len(images.originals)
        subsets = [(subset(n, "a", k), subset(n, "b", k)) for k in range(KID_SUBSETS)]
        self.given = plain.Given(
            _contiguous(nets.target.network),
            _contiguous(nets.open("judge")), _contiguous(nets.open("efficientnet_lite0")),
            _contiguous(nets.open("lpips_alex")), subsets,
        )  # fmt: skip
        self.logits: NDArray[np.float32] = plain.predict(self.given.target, images.originals)

    def ours(self, reconstructions: Pixels | None = None) -> Evaluation:
        """As a run scores."""
        images = self.images
        return evaluate(
            images.originals,
            images.reconstructions if reconstructions is None else reconstructions,
            labels=images.labels,
            logits=self.logits,
            networks=self.nets,
            second_draw=images.second if reconstructions is None else None,
            stochastic=True,
            cache=self.cache,
        )

    def by_hand(self) -> dict[str, float]:
        """One package after the other."""
        i = self.images
        return plain.score(i.originals, i.reconstructions, i.second, i.labels, self.logits, self.given)

    def scores(self) -> dict[str, float | None]:
        """What ours finds for the scores that the plain way has."""
        return {key: score.value for key, score in self.ours().metrics.items() if key not in LEFT_OUT}


def apart(found: Mapping[str, float | None], expected: Mapping[str, float]) -> dict[str, float]:
    """Every score's difference between both ways, relative to its size (at least 0.01).

    Raises:
        ValueError: one side has a score that the other has not.
    """
    missing = [key for key, value in found.items() if value is None]
    if missing or set(found) != set(expected):
        raise ValueError(f"Not the same scores: null {missing}, only one has {set(found) ^ set(expected)}.")
    return {
        key: abs(value - expected[key]) / max(abs(expected[key]), 0.01)
        for key, value in found.items()
        if value is not None
    }


def _contiguous(network: Any) -> Any:
    return copy.deepcopy(network).to(memory_format=torch.contiguous_format)


def measure(quick: bool) -> Iterator[tuple[str, Measured]]:
    """The one row."""
    count = 60 if quick else NUM_IMAGES
    with side(scoring, True, count) as ours, side(scoring, False, count) as plain:
        timed = by_turns(ours, plain, 1 if quick else PAIRS, warm_up=False)
        details: dict[str, float | str] = {"seconds": min(mine for mine, _ in timed)}
        if not quick:  # set-level scores need more images
            differences = apart(ours.found, plain.found)
            worst = max(differences, key=lambda key: differences[key])
            if differences[worst] > APART:
                raise ValueError(f"Both score differently: {worst} by {differences[worst]:.2g}.")
            details |= {"furthest_score": worst, "relative_difference": differences[worst]}
    yield "scoring", times_faster(timed, **details)


@contextmanager
def scoring(ours: bool, count: int) -> Iterator[Callable[[], object]]:
    """One side; ours has scored another method before."""
    with own_home() as folder:
        pixels, labels = cifar10.shipped_test()
        nets = networks(open_classifier("robust_resnet152"), torch.device("cpu"), judge="judge")
        problem = Problem(Images.noisy(pixels[:count], labels[:count]), nets, folder / "features")
        if ours:
            problem.ours(problem.images.second)
        yield problem.scores if ours else problem.by_hand
