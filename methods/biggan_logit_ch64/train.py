"""Training of the wide generator: the task of ``biggan-logit`` with the recipe ``gpu``.

bench train inverter biggan-logit-ch64 --classifier robust_resnet152 --device cuda --budget 10
"""

from __future__ import annotations

from typing import ClassVar

from bench.classifiers import LoadedClassifier
from bench.training.engine import Engine
from bench.training.pairs import TrainingPairs
from bench.training.trainer import Trainer
from methods.biggan_logit.recipes import RECIPES, BigGANRecipe
from methods.biggan_logit.train import BigGANTask


class Ch64Task(BigGANTask):
    """The training of one wide inverter."""

    method: ClassVar[str] = "biggan-logit-ch64"


class Ch64Trainer(Trainer):
    """The training of ``biggan-logit-ch64``."""

    method = Ch64Task.method
    recipes = {"gpu": RECIPES["gpu"]}  # noqa: RUF012

    def task(
        self, recipe: BigGANRecipe, pairs: TrainingPairs, classifier: LoadedClassifier, engine: Engine
    ) -> Ch64Task:
        """G and D at the size of the pairs' images."""
        return Ch64Task(recipe, pairs, classifier, engine)
