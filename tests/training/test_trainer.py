"""How a method is trained: its recipes by name."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from baselines.dosovitskiy_brox.train_2016b import Trainer2016b
from bench.errors import PluginError, UnknownNameError, UsageError
from bench.registry import TRAINERS
from bench.training.trainer import InverterRecipe, Trainer, open_trainer
from methods.biggan_logit.recipes import RECIPES, BigGANRecipe
from methods.biggan_logit.train import BigGANTrainer
from tests.conftest import AddPlugin


def test_a_recipe_takes_another_number_of_steps_and_an_unknown_one_is_refused() -> None:
    train = BigGANTrainer()
    assert train.recipe(steps=7) == BigGANRecipe(steps=7)
    assert train.recipe("gpu", steps=7, seed=5) == replace(RECIPES["gpu"], steps=7, seed=5)
    assert train.recipe(seed=2).digest() != train.recipe().digest()
    with pytest.raises(UnknownNameError, match=r"no recipe called 'cgpu'\. Did you mean 'gpu'"):
        train.recipe("cgpu")
    with pytest.raises(UnknownNameError, match="Known: cpu"):
        Trainer2016b().recipe("gpu")


@pytest.mark.parametrize(("steps", "decay"), [(10, 0.0), (20, 0.0), (40, 0.5), (10_000, 0.998), (1_000_000, 0.9999)])
def test_the_average_looks_back_over_a_twentieth_of_the_steps_or_ten_thousand(steps: int, decay: float) -> None:
    assert InverterRecipe("x", steps).ema_decay == pytest.approx(decay)


def test_the_default_dataset_is_no_setting_and_another_one_is() -> None:
    """Names and hashes of weights from before there was a choice stay what they were."""
    plain = InverterRecipe("x", 10)
    assert plain.settings() == {"name": "x", "steps": 10, "batch": 64, "seed": 1}
    other = replace(plain, dataset="tiny-imagenet")
    assert other.settings() == plain.settings() | {"dataset": "tiny-imagenet"}
    assert other.digest() != plain.digest()


def test_the_first_recipe_is_taken_unasked_unless_another_is_the_default() -> None:
    class Two(Trainer):
        recipes: ClassVar[Mapping[str, InverterRecipe]] = {"a": InverterRecipe("a", 1), "b": InverterRecipe("b", 2)}

    class Second(Two):
        default = "b"

    assert (Two().recipe().name, Second().recipe().name) == ("a", "b")


def test_what_is_no_trainer_is_named(plugin: AddPlugin) -> None:
    plugin("theirs", TRAINERS, "odd = outsider_trainer:Odd", "class Odd: pass")
    with pytest.raises(PluginError, match=r"odd cannot be trained: it should be a subclass of bench\.Trainer and is"):
        open_trainer("odd")
    with pytest.raises(UnknownNameError, match="no trained method called 'biggan-logits'"):
        open_trainer("biggan-logits")


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_that_no_training_has_is_refused(seed: int) -> None:
    with pytest.raises(UsageError, match=f"whole number from 0 to below 2\\^63, got {seed}"):
        open_trainer("biggan-logit").recipe(seed=seed)
