"""Which weights a run takes: of this classifier and size, for this dataset before others, own before shipped ones."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save

from bench.weights.files import entry, save_weights, sha256_of
from bench.weights.lookup import fitted, inverter_weights, own_inverter_weights, retrained, serving
from tests.conftest import AddWeights

SHA = "ab" * 32
METHOD = "some-method"
RECIPE = {"name": "cpu", "hash": "0" * 16, "seed": 1, "steps": 10}


def own(dataset: str = "cifar10", size: int = 32, *, default: bool = True, **settings: Any) -> Path:
    recipe = RECIPE | settings
    path = own_inverter_weights(METHOD, SHA, dataset, size, recipe)
    facts = {"dataset": dataset, "image_size": str(size), "default": str(default).lower(), "recipe": json.dumps(recipe)}
    return save_weights({"w": torch.zeros(1)}, path, facts)


@pytest.fixture
def shipped(zoo: AddWeights, bench_home: Path) -> Path:
    facts = {"classifier_sha256": SHA, "methods": [METHOD], "recipe": RECIPE, "dataset": "cifar10", "image_size": 32}
    return zoo("shipped", save({"w": torch.ones(1)}), **facts)


def taken(dataset: str = "cifar10", size: int = 32) -> Path | None:
    found = inverter_weights(METHOD, SHA, dataset, size)
    return found[0] if found else None


def test_a_users_own_come_before_what_ships(shipped: Path) -> None:
    assert taken() == shipped
    mine = own()
    assert taken() == mine
    assert [one.own for one in serving(METHOD, SHA, "cifar10", 32)] == [True, False]


def test_another_size_never_serves(shipped: Path) -> None:
    assert taken(size=64) is None
    large = own(size=64)
    assert (taken(), taken(size=64)) == (shipped, large)


def test_exactly_this_dataset_comes_before_others_even_of_ones_own(shipped: Path) -> None:
    other = own("flowers")
    assert taken() == shipped
    assert taken("flowers") == other
    assert taken("folder:/a/b@32") == other  # a folder takes one's own before what ships, whatever it was trained on
    elsewhere, here = own("folder:/c@32"), own("folder:/a/b")
    assert taken("folder:/a/b@32") == here
    assert taken("folder:/d@32") in (elsewhere, here)
    assert taken() == shipped  # what was trained on a user's images serves nothing else
    assert taken("flowers") == other


@pytest.mark.parametrize(
    ("settings", "default"),
    [({"name": "gpu", "hash": "1" * 16}, False), ({"seed": 2}, True), ({"steps": 9, "hash": "2" * 16}, True)],
)
def test_the_default_recipe_the_first_seed_and_the_longer_training_come_first(
    shipped: Path, settings: dict[str, Any], default: bool
) -> None:
    first, other = own(), own(default=default, **settings)
    assert first != other
    assert taken() == first
    first.unlink()
    assert taken() == other


def test_a_seed_that_is_asked_for_leaves_no_others(shipped: Path) -> None:
    second = own(seed=2)
    assert [one.seed for one in serving(METHOD, SHA, "cifar10", 32)] == [2, 1]
    assert [one.path for one in serving(METHOD, SHA, "cifar10", 32, 1)] == [shipped]
    assert [one.path for one in retrained(METHOD, SHA, "cifar10", 32)] == [shipped]
    assert retrained(METHOD, SHA, "cifar10", 32, 1) == []
    assert inverter_weights(METHOD, SHA, training_seed=2) == (second, sha256_of(second))
    assert inverter_weights(METHOD, SHA, training_seed=3) is None


def test_a_file_of_an_earlier_version_is_for_what_there_was_then(shipped: Path, bench_home: Path) -> None:
    """It said the folder in its recipe, and nothing of the size."""
    old = bench_home / "inverters" / f"{METHOD}-{SHA[:16]}-folder.safetensors"
    save_weights({"w": torch.zeros(1)}, old, {"recipe": '{"name": "cpu", "dataset": "folder:/a"}'})
    assert taken() == shipped
    assert taken("folder:/a@32") == old
    assert taken("folder:/a@64", 64) is None


def test_a_damaged_file_is_left_out_and_that_is_said(
    shipped: Path, bench_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = own()
    path.write_bytes(b"half")
    assert taken() == shipped
    assert f"{path} is not used" in capsys.readouterr().err


def test_a_name_holds_all_that_the_weights_depend_on(bench_home: Path) -> None:
    def name(**more: Any) -> str:
        given: dict[str, Any] = {"dataset": "cifar10", "image_size": 32, "recipe": RECIPE} | more
        return own_inverter_weights(METHOD, SHA, **given).name

    names = {
        name(),
        name(dataset="tiny-imagenet"),
        name(dataset="folder:/a"),
        name(dataset="folder:/b"),
        name(image_size=64),
        name(recipe=RECIPE | {"name": "gpu"}),
        name(recipe=RECIPE | {"hash": "1" * 16}),
        name(recipe=RECIPE | {"seed": 2}),
    }
    assert len(names) == 8


def test_what_ships_says_what_it_was_trained_on() -> None:
    found = [one for one in fitted("biggan-logit", entry("robust_resnet152").sha256) if not one.own]
    for one, seed in zip(found, (1, 2, 3), strict=True):
        assert (one.dataset, one.image_size, one.recipe["seed"]) == ("cifar10", 32, seed)
        facts = entry(one.path.name.partition(".")[0]).facts
        assert (facts["dataset"], facts["image_size"], facts["seed"]) == ("cifar10", 32, seed)


def test_a_run_takes_the_smallest_seed_that_ships_and_any_that_is_asked_for(bench_home: Path) -> None:
    sha256 = entry("robust_resnet152").sha256
    assert [one.seed for one in serving("biggan-logit", sha256, "cifar10", 32)] == [1, 2, 3]
    assert [one.seed for one in serving("biggan-logit", sha256, "cifar10", 32, 3)] == [3]
    assert [one.seed for one in retrained("biggan-logit", sha256, "cifar10", 32)] == [2, 3]
