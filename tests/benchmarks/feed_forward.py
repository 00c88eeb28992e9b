"""Inversion by the trained BigGAN generator against the same weights in float32 and contiguous memory.

Both turn logits into stored uint8 images: ours as ``bench run`` does, in blocks of 250 with the noise of each sample's
own seed, without writing them; the plain one draws its noise at once and takes the batches that suit it best.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.cell import Cell
from bench.classifiers import open_classifier
from bench.config import RunConfig
from bench.datasets.base import to_images
from bench.seeding import sample_noise, sample_seeds
from bench.store.folder import shards
from bench.weights.files import load_checked, metadata
from bench.weights.lookup import inverter_weights
from methods.biggan_logit.generator import NOISE_DIM
from tests.benchmarks import plain_feed_forward as plain
from tests.benchmarks.measure import Measured, by_turns, own_home, seconds, times_faster
from tests.benchmarks.plain_feed_forward import PlainGenerator
from tests.benchmarks.sides import side

NUM_IMAGES, PAIRS = 1_000, 9
BATCHES = (25, 50, 64, 250)  # of the plain way: the fastest is taken
TRIALS = 3  # of each: the shortest time counts
FURTHEST = 2  # grey levels that float32 may differ by, once rounded


class Problem:
    """Logits of test images, repeated as often as needed, and the generator in both shapes."""

    def __init__(self, count: int, classifier: str = "robust_resnet152", looked_at: int = 250) -> None:
        cell = Cell.open(RunConfig("biggan-logit", classifier, num_images=count, out=Path("never-written")))
        opened = open_classifier(classifier)
        looked_at = min(looked_at, count)
        with torch.inference_mode():
            z = opened.network(to_images(cell.dataset.pixels(slice(0, looked_at))))
        self.logits: Tensor = z.clone().repeat(-(-count // looked_at), 1)[:count]
        self.seeds = sample_seeds(0, cell.dataset.ids[:count])
        self.ours = cell.open_method(opened, z.shape[1], (32, 32), torch.device("cpu"))
        self.plain, self.batch = by_hand(opened.sha256), BATCHES[-1]

    def invert(self) -> NDArray[np.uint8]:
        """As a run does it: (N, 32, 32, 3) uint8."""
        parts = [self.ours.invert(self.logits[r.start : r.stop], self.seeds[r.start : r.stop]) for r in self.blocks]
        return np.concatenate([part.pixels for part in parts])

    @property
    def blocks(self) -> list[range]:
        return shards(len(self.logits))

    def invert_by_hand(self, eps: Tensor | None = None) -> NDArray[np.uint8]:
        """The plain way, with noise of its own where none is given."""
        noise = torch.randn(len(self.logits), NOISE_DIM) if eps is None else eps
        return plain.invert(self.plain, self.logits, noise, self.batch).numpy()

    def suit(self) -> None:
        """Give the plain way the batch that it is fastest with."""
        times = dict.fromkeys(BATCHES, math.inf)
        self.invert_by_hand()
        for self.batch in BATCHES * TRIALS:
            times[self.batch] = min(times[self.batch], seconds(self.invert_by_hand))
        self.batch = min(times, key=lambda batch: times[batch])

    def furthest(self) -> int:
        """The largest difference between both in grey levels, with the same noise."""
        theirs = self.invert_by_hand(sample_noise(self.seeds, NOISE_DIM))
        return int(np.abs(self.invert().astype(int) - theirs).max())


def by_hand(classifier_sha256: str) -> PlainGenerator:
    """The generator that one builds from the weight file: float32, contiguous."""
    found = inverter_weights("biggan-logit", classifier_sha256)
    assert found is not None
    settings = json.loads(metadata(found[0])["recipe"])
    state = load_checked(*found)
    generator = PlainGenerator(len(state["standardise.mean"]), settings["channels"], settings["hidden"])
    generator.load_state_dict(state)
    return generator.eval().requires_grad_(False)


def measure(quick: bool) -> Iterator[tuple[str, Measured]]:
    """The one row."""
    count = 50 if quick else NUM_IMAGES
    with own_home(), side(inverting, True, count) as ours, side(inverting, False, count) as plain:
        timed = by_turns(ours, plain, 1 if quick else PAIRS)
        furthest = Problem(count).furthest()
        if furthest > FURTHEST:
            raise ValueError(f"Both make other images: they are up to {furthest} grey levels apart.")
        facts = {"furthest_grey_levels": furthest, "plain_batch": plain()}
        yield "feed-forward", times_faster(timed, images_a_second=count / min(mine for mine, _ in timed), **facts)


@contextmanager
def inverting(ours: bool, count: int) -> Iterator[Callable[[], object]]:
    """One side; the plain one tells its batch."""
    problem = Problem(count)
    if not ours:
        problem.suit()

    def run() -> int:
        (problem.invert if ours else problem.invert_by_hand)()
        return problem.batch

    yield run
