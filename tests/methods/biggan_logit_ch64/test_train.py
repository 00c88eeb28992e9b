"""The wide generator is trained by the recipe for GPUs alone, under a name of its own."""

import pytest

from bench.errors import UnknownNameError
from bench.training.trainer import open_trainer
from methods.biggan_logit.recipes import RECIPES


def test_the_gpus_recipe_is_its_only_one() -> None:
    trainer = open_trainer("biggan-logit-ch64")
    assert trainer.method == trainer.task.method == "biggan-logit-ch64"
    assert trainer.recipe() == RECIPES["gpu"]
    assert trainer.recipe(steps=7).settings()["channels"] == 64
    assert trainer.sizes == open_trainer("biggan-logit").sizes
    with pytest.raises(UnknownNameError, match="no recipe called 'cpu'"):
        trainer.recipe("cpu")
