"""A training step of the logit-conditioned BigGAN against the loop that one writes by hand.

Both start from the same weights and see the same images, logits and noise; a step is everything from drawing the
batch to the moved average of the weights. The images are 640 of those that ship: what is in them costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from unittest.mock import patch

import torch

from bench.classifiers import LoadedClassifier, open_classifier
from bench.datasets import cifar10
from bench.datasets.base import ArrayDataset
from bench.seeding import step_generator
from bench.training.engine import Engine, Precision
from methods.biggan_logit.generator import NOISE_DIM
from methods.biggan_logit.train import BigGANRecipe, BigGANTask
from tests.benchmarks.measure import Measured, by_turns, own_home, times_faster
from tests.benchmarks.plain_training_step import PlainTraining
from tests.benchmarks.sides import side
from tests.training.small import make

TRAIN, VAL = slice(0, 640), slice(640, 704)
PAIRS = {"training-step": 15, "training-step-ch64": 5}


class Both:
    """The recipe's own training, and the plain one from the same start."""

    def __init__(self, recipe: BigGANRecipe, classifier: LoadedClassifier, precision: Precision = "bf16") -> None:
        self.recipe = recipe
        self.ours = make(BigGANTask, recipe, classifier, Engine(precision=precision))
        same = make(BigGANTask, recipe, classifier, self.ours.engine)  # its weights start from the recipe's seed too
        for net in (same.g, same.d):
            net.to(memory_format=torch.contiguous_format)
        self.plain = PlainTraining(same.g, same.d, recipe.lr_g, recipe.lr_d, recipe.ema_decay)

    def step(self, step: int) -> tuple[float, float]:
        """The plain step with the batch of the same number; its losses of D and G."""
        images, z = self.ours.pairs.batch(step, self.recipe.batch)
        eps = torch.randn(len(z), NOISE_DIM, generator=step_generator(self.recipe.seed, step)).to(z.dtype)
        loss_d, loss_g = self.plain.step(step, images.contiguous(), z, eps)
        return float(loss_d), float(loss_g)


@contextmanager
def shipped_images() -> Iterator[None]:
    """Some shipped training images in place of the whole split, which need not be fetched for this."""
    pixels, labels = cifar10.reference_train(VAL.stop)

    def load(split: str = "test") -> ArrayDataset:
        rows = TRAIN if split == "train" else VAL
        ids = [f"{split}-{k}" for k in range(rows.stop - rows.start)]
        return ArrayDataset("cifar10", ids, labels[rows], cifar10.CLASS_NAMES, pixels[rows])

    with own_home(), patch.object(cifar10, "load", load):
        yield


def measure(quick: bool) -> Iterator[tuple[str, Measured]]:
    """Both sizes of the networks."""
    for key, channels in (("training-step", 24), ("training-step-ch64", 64)):
        recipe = BigGANRecipe(channels=2 if quick else channels, batch=8 if quick else 64)
        with side(stepping, True, recipe) as ours, side(stepping, False, recipe) as plain:
            timed = by_turns(ours, plain, 1 if quick else PAIRS[key])
        yield key, times_faster(timed, seconds=min(a for a, _ in timed), plain_seconds=min(b for _, b in timed))


@contextmanager
def stepping(ours: bool, recipe: BigGANRecipe) -> Iterator[Callable[[], object]]:
    """One side's training, a step a call."""
    with shipped_images():
        both, steps = Both(recipe, open_classifier("robust_resnet152")), count()
        step = both.ours.step if ours else both.step

        def run() -> None:
            step(next(steps))

        yield run
