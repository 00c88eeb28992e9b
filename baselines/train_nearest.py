"""``train-nearest``: the training image whose logits are nearest. How far does memorising go?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from baselines.training_statistics import training_split, unpacked
from bench.classifiers import LoadedClassifier
from bench.config import DEFAULT_DATASET
from bench.datasets import cifar10
from bench.datasets.base import Dataset, Pixels
from bench.errors import SkipCellError
from bench.inverters.base import Target
from bench.inverters.control import Control, Shard
from bench.metrics.base import MIN_SET_IMAGES
from bench.training.data import TrainingImages
from bench.training.pairs import logits_path, split_logits, split_name
from bench.weights.files import load_checked, metadata
from bench.weights.lookup import fitted

NAME = "train-nearest"
BLOCK = 5_000
TRAIN_IMAGES = 45_000  # of cifar10


@dataclass(frozen=True)
class Index:
    """Training images to choose from.

    Attributes:
        logits: (M, K) float32, what the classifier gives them.
        read: their pixels (n, H, W, 3) uint8, by rows of these.
        reach: for the first so many images of the published order it holds whatever all training images would give.
        sha256: of the shipped file; None for all of them.
    """

    logits: Tensor
    read: Callable[[list[int]], Pixels]
    reach: int
    sha256: str | None = None


class TrainNearest(Control):
    """The training image whose logits have the smallest Euclidean distance to those of the original.

    For some classifiers those images ship that the first 2,500 originals choose: a smaller index that holds each
    nearest one has the same nearest ones. Otherwise the logits of the training split are computed once for a
    classifier's weights and kept.
    """

    name = NAME
    question = "The training image whose logits are nearest: how far does memorising go?"
    role = "memory"
    access = "logits"
    training = "pairs"

    def __init__(self, target: Target, dataset: Dataset, classifier: LoadedClassifier) -> None:
        super().__init__(target, dataset, classifier)
        self.shipped = shipped_index(classifier.sha256, dataset)
        if self.shipped is None:
            self.prepare(len(dataset))  # what is missing is said now
        else:
            self.weights = {NAME: str(self.shipped.sha256)}

    @classmethod
    def too_dear(cls, dataset: Dataset, classifier_sha256: str, num_images: int) -> str | None:
        """Below 2,048 images the logits of all training images are computed for those alone who ask for them."""
        if num_images >= MIN_SET_IMAGES or num_images <= _reach(classifier_sha256, dataset):
            return None
        found = _split(dataset)
        if found is None or logits_path(classifier_sha256, found[0]).exists():
            return None  # without the training images the constructor says what to fetch
        return (
            f"{NAME} needs the logits of all {found[1]:,} training images, minutes of work that is done once for a "
            f"classifier and does not pay for {num_images:,} images (it is done from {MIN_SET_IMAGES:,} on). To have "
            f"it all the same, name it. Type: bench run --method {NAME} with the other options as they are"
        )

    def prepare(self, num_images: int) -> None:
        """Index all training images where what ships does not reach far enough."""
        if self.shipped is None or num_images > self.shipped.reach:
            _ = self.whole

    @cached_property
    def whole(self) -> Index:
        """All of them."""
        train = training_split(self.dataset, self.name)
        data = TrainingImages(train, self.target.device, seed=0)
        logits = split_logits(self.classifier, data, split_name(train, "train"), mirrored=False)  # (M, K), on the CPU
        return Index(logits, train.pixels, len(self.dataset))

    def reconstruct(self, shard: Shard) -> Pixels:
        """The nearest training image of each row."""
        shipped = self.shipped
        index = shipped if shipped is not None and shard.rows.stop <= shipped.reach else self.whole
        return np.asarray(index.read(nearest(shard.logits.cpu(), index.logits).tolist()))


def shipped_index(classifier_sha256: str, dataset: Dataset) -> Index | None:
    """The images that ship for these very weights and this very order, if any do.

    They were chosen by logits that one processor computed. Another's differ in the last digits, by less than a
    hundredth of the smallest lead that any of the 2,500 nearest images has.
    """
    reach = _reach(classifier_sha256, dataset)
    if not reach:
        return None
    (found,) = fitted(NAME, classifier_sha256)
    state = load_checked(found.path, found.sha256)
    return Index(state["logits"], unpacked(state["images"], len(state["rows"])).__getitem__, reach, found.sha256)


def _reach(classifier_sha256: str, dataset: Dataset) -> int:
    """For how many images of the published order an index ships; 0 where none does, or one of another order."""
    found = fitted(NAME, classifier_sha256)
    facts = metadata(found[0].path) if found else {}
    return int(facts["reach"]) if facts.get("order") == dataset.fingerprint else 0


def _split(dataset: Dataset) -> tuple[str, int] | None:
    """By which name the logits of all training images are kept, and their number; None where they are not here."""
    if dataset.name == DEFAULT_DATASET:
        return (f"{dataset.name}-train", TRAIN_IMAGES) if cifar10.fetched() else None
    try:
        train = training_split(dataset, NAME)
    except SkipCellError:
        return None
    return split_name(train, "train"), len(train)


def nearest(queries: Tensor, index: Tensor) -> Tensor:
    """Rows (N,) of ``index`` (M, K) with the smallest Euclidean distance to each query (N, K); the first of equals."""
    queries = queries.double()
    best = torch.full((len(queries),), torch.inf, dtype=torch.float64)
    rows = torch.zeros(len(queries), dtype=torch.int64)
    for start in range(0, len(index), BLOCK):
        block = index[start : start + BLOCK].double()
        # ||q - i||^2 less ||q||^2, which is the same for every i; in float64, so that near ties stay apart
        distances = block.square().sum(1) - 2 * queries @ block.T  # (N, BLOCK)
        smallest, where = distances.min(1)  # (N,)
        rows = torch.where(smallest < best, where + start, rows)
        best = torch.minimum(best, smallest)
    return rows
