"""Training of the wide generator: the task of ``biggan-logit`` with the recipe ``gpu``.

bench train inverter biggan-logit-ch64 --classifier robust_resnet152 --device cuda --budget 10
"""

from __future__ import annotations

from typing import ClassVar

from bench.training.trainer import Trainer
from methods.biggan_logit.recipes import RECIPES
from methods.biggan_logit.tables import TABLES
from methods.biggan_logit.train import BigGANTask


class Ch64Task(BigGANTask):
    """The training of one wide inverter."""

    method: ClassVar[str] = "biggan-logit-ch64"


class Ch64Trainer(Trainer):
    """The training of ``biggan-logit-ch64``."""

    task = Ch64Task
    recipes = {"gpu": RECIPES["gpu"]}  # noqa: RUF012
    sizes = tuple(TABLES)
