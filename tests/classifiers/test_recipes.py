"""A recipe is known by its digest, which the weights that ship carry."""

from dataclasses import replace

import pytest

from bench.classifiers.recipes import RECIPES
from bench.weights.files import manifest

SHIPPED = [name for name in RECIPES if name in manifest()]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_weights_that_ship_are_of_todays_recipe(name: str) -> None:
    assert manifest()[name].facts["recipe"]["hash"] == RECIPES[name].digest()


def test_the_default_dataset_is_not_said_and_another_is() -> None:
    here = RECIPES["judge"]
    assert "dataset" not in here.settings()
    assert replace(here, dataset="tiny-imagenet").settings() == here.settings() | {"dataset": "tiny-imagenet"}


def test_what_a_network_has_not_is_not_among_its_settings() -> None:
    assert "auxiliary" not in RECIPES["resnet152"].settings()
    assert RECIPES["inception_v3"].settings()["auxiliary"] == 0.4
