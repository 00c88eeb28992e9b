"""``train-nearest``: the training image whose logits are nearest. How far does memorising go?"""

from __future__ import annotations

import torch
from torch import Tensor

from bench.classifiers import LoadedClassifier
from bench.control import Control, Shard
from bench.datasets import cifar10
from bench.datasets.base import Dataset, Pixels
from bench.errors import DataError, SkipCellError
from bench.inverter import Target
from bench.training.data import TrainingImages
from bench.training.pairs import split_logits

BLOCK = 5_000


class TrainNearest(Control):
    """The image of the 45,000 whose logits have the smallest Euclidean distance to those of the original.

    No index ships: it would be as large as the images that it points to. The logits of the training split are
    computed once for a classifier's weights and cached.
    """

    name = "train-nearest"
    question = "how far does memorising go?"
    access = "logits"
    training = "pairs"

    def __init__(self, target: Target, dataset: Dataset, classifier: LoadedClassifier) -> None:
        super().__init__(target, dataset, classifier)
        if dataset.name != "cifar10":
            raise SkipCellError(f"{self.name} needs a training split, and {dataset.name} has none.")
        try:
            self.train = cifar10.load("train")
        except DataError as error:
            raise SkipCellError(f"{self.name} looks among all 45,000 training images. {error}") from error
        images = TrainingImages(self.train, target.device, seed=0)
        self.index = split_logits(classifier, images, "cifar10-train", mirrored=False)  # (45,000, K), on the CPU

    def reconstruct(self, shard: Shard) -> Pixels:
        """The nearest training image of each row."""
        return self.train.pixels(nearest(shard.logits.cpu(), self.index).tolist())


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
