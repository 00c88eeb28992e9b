"""The faithful recipe keeps its hash; switches show in the settings only where they are on."""

from dataclasses import replace
from typing import Any

import pytest

from bench.errors import UsageError
from methods.biggan_logit.onehot import OneHotTrainer
from methods.biggan_logit.recipes import RECIPES, BigGANRecipe, scaled
from methods.biggan_logit.train import BigGANTrainer


def test_the_faithful_recipe_is_what_it_was_before_there_were_switches() -> None:
    first = BigGANRecipe()
    assert first.digest() == "31591c76e560e6d6"
    assert first.settings() == {
        "name": "cpu",
        "steps": 10_000,
        "batch": 64,
        "seed": 1,
        "channels": 24,
        "hidden": 128,
        "lr_g": 2e-4,
        "lr_d": 4e-4,
    }


@pytest.mark.parametrize(
    "switch",
    [{"consistency": 10.0}, {"d_steps": 2}, {"d_channels": 16}, {"whiten": True}, {"ema_start": 5}, {"match": 1.0}],
)
def test_a_switch_that_is_on_is_in_the_settings_and_in_the_hash(switch: dict[str, Any]) -> None:
    recipe = replace(BigGANRecipe(), **switch)
    assert recipe.settings() == BigGANRecipe().settings() | switch
    assert recipe.digest() != BigGANRecipe().digest()
    assert BigGANRecipe(**recipe.settings()) == recipe  # as a resumed training reads it


def test_rates_grow_with_the_square_root_of_the_batch() -> None:
    found = scaled(BigGANRecipe(), 256)
    assert found == BigGANRecipe(name="cpu-batch256", batch=256, lr_g=4e-4, lr_d=8e-4)


def test_recipes_by_name_are_the_same_for_both_inverters() -> None:
    """The comparison with the arg-max alone stands or falls with it."""
    train, onehot = BigGANTrainer(), OneHotTrainer()
    assert RECIPES["cpu"] == BigGANRecipe() == train.recipe() == onehot.recipe()
    for name, expected in RECIPES.items():
        assert expected.name == name
        assert train.recipe(name) == onehot.recipe(name) == expected
    assert RECIPES["gpu"].digest() != RECIPES["cpu"].digest()
    assert (RECIPES["gpu"].channels, RECIPES["gpu"].batch, RECIPES["gpu"].lr_d) == (64, 256, 4e-4)


@pytest.mark.parametrize("wrong", [{"d_steps": 0}, {"consistency": -1.0}, {"ema_start": -1}, {"match": -1.0}])
def test_values_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="at least"):
        replace(BigGANRecipe(), **wrong)
