"""``onehot-biggan``: the same inverter, trained and fed with the arg-max class alone. Do the other logits matter?

bench train inverter onehot-biggan --classifier robust_resnet152
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.classifiers import LoadedClassifier
from bench.datasets.base import Dataset, Pixels, to_pixels
from bench.errors import SkipCellError
from bench.inverters.base import Target
from bench.inverters.control import Control, Shard
from bench.inverters.learned import open_trained, unsuited
from bench.seeding import sample_noise
from bench.training.trainer import Trainer
from methods.biggan_logit.generator import NOISE_DIM, Generator, generator_of
from methods.biggan_logit.recipes import RECIPES
from methods.biggan_logit.tables import TABLES
from methods.biggan_logit.train import BigGANTask

NAME = "onehot-biggan"


def one_hot(logits: Tensor) -> Tensor:
    """Logits (..., K) to 1 at their arg-max and 0 elsewhere, in the logits' type."""
    return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)


class OneHotTask(BigGANTask):
    """The comparison recipe on one-hot classes in place of logits."""

    method: ClassVar[str] = NAME

    def given(self, logits: Tensor) -> Tensor:
        """The arg-max class (..., K)."""
        return one_hot(logits)


class OneHotBigGAN(Control):
    """The BigGAN inverter that knows the arg-max class and nothing else."""

    name = NAME
    question = "The BigGAN inverter fed only with the arg-max class: do the other logits matter?"
    role = "class-only"
    citation = ("teterwak2021understanding", "brock2019large")
    access = "logits"
    training = "pairs"
    stochastic = True
    precisions = ("float32", "bf16")

    def __init__(self, target: Target, dataset: Dataset, classifier: LoadedClassifier) -> None:
        super().__init__(target, dataset, classifier)
        if reason := unsuited(NAME, target, tuple(TABLES)):
            raise SkipCellError(reason)
        trained = open_trained(NAME, target, self._build)
        self.trained, self.weights, self.parameters = trained, trained.weights, trained.parameters
        self.trained_on = trained.images
        self.recipe, self.train_seconds = trained.recipe, trained.train_seconds

    def _build(self, settings: dict[str, Any]) -> Generator:
        return generator_of(self.target.num_logits, self.target.image_size[0], settings)

    def reconstruct(self, shard: Shard) -> Pixels:
        """G(class, eps) with eps from the sample's seed."""
        eps = sample_noise(shard.seeds, NOISE_DIM).to(shard.logits.device)
        with torch.inference_mode():
            return to_pixels(self.trained(one_hot(shard.logits), eps))


class OneHotTrainer(Trainer):
    """The training of ``onehot-biggan``, by the recipes of ``biggan-logit``."""

    task = OneHotTask
    recipes = RECIPES
    sizes = tuple(TABLES)
