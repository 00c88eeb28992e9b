"""The protocol's controls: ``oracle``, ``real-train``, ``same-class-random``, ``class-mean`` and ``ridge``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.training_statistics import (
    MIN_CLASS_IMAGES,
    TrainingStatistics,
    reference_predictions,
    statistics_of,
    training_split,
)
from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.datasets.base import Dataset, Pixels, to_pixels
from bench.errors import SkipCellError
from bench.inverters.base import Target
from bench.inverters.control import Control, Shard
from bench.training.data import TrainingImages
from bench.training.pairs import split_logits, split_name

CIFAR10 = "cifar10"  # whose training images, a few of them, ship in an order of their own
Read = Callable[[list[int]], Pixels]


class Oracle(Control):
    """The original itself."""

    name = "oracle"
    question = "The original itself: the ceiling of each metric."
    role = "ceiling"

    def reconstruct(self, shard: Shard) -> Pixels:
        """The originals."""
        return shard.originals


class RealTrain(Control):
    """A training image of the same true class in place of each reconstruction, none used twice."""

    name = "real-train"
    question = "Training images, class-matched, in place of the reconstructions: the floor of the set-level scores."
    role = "set-floor"

    def __init__(self, target: Target, dataset: Dataset, classifier: LoadedClassifier) -> None:
        super().__init__(target, dataset, classifier)
        self.occurrence = _occurrence(dataset.labels)
        self.train = None if dataset.name == CIFAR10 else training_split(dataset, self.name)

    def prepare(self, num_images: int) -> None:
        """Count the training images of each class."""
        if self.train is None:
            return
        there = np.bincount(self.train.labels, minlength=len(self.dataset.class_names))
        needed = np.bincount(self.dataset.labels[:num_images], minlength=len(there))
        if (there < needed).any():
            raise SkipCellError(
                f"{self.name} needs as many training images of each class as there are images to reconstruct, and of "
                f"{int((there < needed).sum())} classes there are fewer."
            )

    def reconstruct(self, shard: Shard) -> Pixels:
        """The k-th training image of class y for the k-th test image of class y, in the published orders."""
        if self.train is None:
            pool, labels = cifar10.reference_train(needed=-(-shard.rows.stop // 10) * 10)  # whole, balanced tens
            read: Read = pool.__getitem__
        else:
            read, labels = self.train.pixels, self.train.labels  # type: ignore[assignment]
        by_class = {y: np.flatnonzero(labels == y) for y in np.unique(shard.labels)}
        picks = [int(by_class[y][self.occurrence[row]]) for y, row in zip(shard.labels, shard.rows, strict=True)]
        return np.asarray(read(picks))


class SameClassRandom(Control):
    """A random training image that the classifier puts into the class it predicts for the original."""

    name = "same-class-random"
    question = "A random training image of the predicted class: what is the class alone worth?"
    role = "class-floor"
    access = "logits"
    training = "pairs"
    stochastic = True

    def __init__(self, target: Target, dataset: Dataset, classifier: LoadedClassifier) -> None:
        super().__init__(target, dataset, classifier)
        if dataset.name == CIFAR10:
            pool = cifar10.reference_train(needed=cifar10.SHIPPED_TRAIN_IMAGES)[0][: cifar10.SHIPPED_TRAIN_IMAGES]
            self.read: Read = pool.__getitem__
            predicted = reference_predictions(classifier, pool, target.device)
        else:
            train = training_split(dataset, self.name)
            self.read = train.pixels
            data = TrainingImages(train, target.device, seed=0)
            predicted = split_logits(classifier, data, split_name(train, "train"), mirrored=False).argmax(1).numpy()
        self.pool = np.arange(len(predicted))
        self.by_class = {int(k): np.flatnonzero(predicted == k) for k in np.unique(predicted)}

    def candidates(self, predicted: int) -> NDArray[np.int64]:
        """Rows of the pool to draw from: those of the class, or all where the class has fewer than 10."""
        rows = self.by_class.get(predicted, np.empty(0, np.int64))
        return rows if len(rows) >= MIN_CLASS_IMAGES else self.pool

    def reconstruct(self, shard: Shard) -> Pixels:
        """One draw a sample, by the sample's seed."""
        picks = []
        for predicted, seed in zip(shard.logits.argmax(1).tolist(), shard.seeds, strict=True):
            rows = self.candidates(predicted)
            picks.append(int(rows[np.random.default_rng(seed).integers(len(rows))]))
        return np.asarray(self.read(picks))

    def note(self, logits: Tensor) -> str | None:
        """For how many images the class was too rare."""
        frequent = {k for k, rows in self.by_class.items() if len(rows) >= MIN_CLASS_IMAGES}
        return _fallback_note(logits, frequent, f"of the {len(self.pool):,} training images to draw from")


class ClassMean(Control):
    """The mean of the training images that the classifier puts into the predicted class."""

    name = "class-mean"
    question = "The mean training image of the predicted class."
    role = "class-mean"
    access = "logits"
    training = "pairs"

    def __init__(self, target: Target, dataset: Dataset, classifier: LoadedClassifier) -> None:
        super().__init__(target, dataset, classifier)
        self.statistics = _statistics(self)
        self.row = {int(k): row for row, k in enumerate(self.statistics.classes.tolist())}

    def reconstruct(self, shard: Shard) -> Pixels:
        """The class's mean, or the overall mean (the last row) where the class is too rare."""
        rows = [self.row.get(k, len(self.row)) for k in shard.logits.argmax(1).tolist()]
        return self.statistics.means.numpy()[rows]

    def note(self, logits: Tensor) -> str | None:
        """For how many images the class was too rare."""
        return _fallback_note(logits, set(self.row), "training images")


class Ridge(Control):
    """Linear regression from logits to pixels; the strength of the penalty was chosen on ``val``."""

    name = "ridge"
    question = "Linear regression from logits to pixels: what is linearly there?"
    role = "linear"
    access = "logits"
    training = "pairs"

    def __init__(self, target: Target, dataset: Dataset, classifier: LoadedClassifier) -> None:
        super().__init__(target, dataset, classifier)
        self.statistics = _statistics(self)

    def reconstruct(self, shard: Shard) -> Pixels:
        """The fitted map, clipped to [0, 1]."""
        flat = self.statistics.predict(shard.logits.cpu().float())  # (n, 3 H W)
        return to_pixels(flat.view(-1, 3, *self.target.image_size))


def _statistics(control: Control) -> TrainingStatistics:
    statistics = statistics_of(control.classifier, control.dataset, control.target.device, control.name)
    control.weights = {"training-statistics": statistics.sha256}
    return statistics


def _occurrence(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each row, how many earlier rows have its label."""
    counts = np.zeros(labels.max() + 1, dtype=np.int64)
    out = np.empty(len(labels), dtype=np.int64)
    for row, label in enumerate(labels):
        out[row] = counts[label]
        counts[label] += 1
    return out


def _fallback_note(logits: Tensor, frequent: set[int], images: str) -> str | None:
    rare = int(sum(k not in frequent for k in torch.argmax(logits, 1).tolist()))
    if not rare:
        return None
    return (
        f"{rare} of {len(logits)} images have a predicted class with fewer than {MIN_CLASS_IMAGES} {images}: "
        "no class was used for them."
    )
