"""Training of the wide generator: the task of ``biggan-logit`` with the recipe ``gpu``.

bench train inverter biggan-logit-ch64 --classifier robust_resnet152 --device cuda --budget 10
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from bench.classifiers import LoadedClassifier
from bench.training.engine import Engine
from methods.biggan_logit.recipes import RECIPES as ALL
from methods.biggan_logit.recipes import BigGANRecipe
from methods.biggan_logit.train import BigGANTask

RECIPES = {"gpu": ALL["gpu"]}


class Ch64Task(BigGANTask):
    """The training of one wide inverter."""

    method: ClassVar[str] = "biggan-logit-ch64"


def recipe(steps: int | None = None) -> BigGANRecipe:
    """The recipe that ships, with another number of steps if asked."""
    return RECIPES["gpu"] if steps is None else replace(RECIPES["gpu"], steps=steps)


def task(recipe: BigGANRecipe, classifier: LoadedClassifier, engine: Engine) -> Ch64Task:
    """The training of one inverter."""
    return Ch64Task(recipe, classifier, engine)
