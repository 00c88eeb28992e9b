"""A recipe is known by its digest, which the weights that ship carry."""

import pytest

from bench.classifiers.recipes import RECIPES
from bench.weights.files import manifest

SHIPPED = [name for name in RECIPES if name in manifest()]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_weights_that_ship_are_of_todays_recipe(name: str) -> None:
    assert manifest()[name].facts["recipe"]["hash"] == RECIPES[name].digest()


def test_what_a_network_has_not_is_not_among_its_settings() -> None:
    assert "auxiliary" not in RECIPES["resnet152"].settings()
    assert RECIPES["inception_v3"].settings()["auxiliary"] == 0.4
