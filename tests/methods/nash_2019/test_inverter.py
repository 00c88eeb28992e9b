"""The inverter: draws that belong to the sample, likelihoods of one network, weights by other seeds."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import bench
from bench import check
from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.datasets.base import to_images
from bench.registry import INVERTERS, load
from bench.store.files import write_atomically
from bench.training.engine import Engine
from bench.training.inverters import train_inverter
from bench.weights.files import metadata, save_weights
from bench.weights.lookup import own_inverter_weights
from methods.nash_2019.inverter import Nash2019
from methods.nash_2019.likelihood import log_probability, to_values
from methods.nash_2019.network import network_of
from methods.nash_2019.train import NashTask
from tests.methods.biggan_logit.small import TARGET
from tests.methods.nash_2019.small import TINY
from tests.training.small import make

pytestmark = pytest.mark.networks
SMALL = replace(TARGET, image_size=(8, 8))


@pytest.fixture
def inverter(tmp_path: Path) -> Nash2019:
    """Untrained, for images of 8 px."""
    torch.manual_seed(0)
    facts = {"classifier": "linear", "classifier_sha256": TARGET.classifier_sha256, "image_size": "8"}
    facts["recipe"] = json.dumps(TINY.settings() | {"hash": TINY.digest()})
    save_weights(network_of(5, TINY.settings()).state_dict(), tmp_path / "nash.safetensors", facts)
    return Nash2019(SMALL, tmp_path / "nash.safetensors")


def images(count: int, side: int = 8) -> torch.Tensor:
    return to_images(cifar10.shipped_test()[0][:count, :side, :side])


@pytest.mark.parametrize("rule", check.METHOD_RULES)
def test_keeps_the_rules_of_the_interface(rule: str, inverter: Nash2019) -> None:
    check.METHOD_RULES[rule](inverter, torch.randn(5, 5))


def test_draws_depend_on_the_logits_and_seed_of_their_own_row(inverter: Nash2019) -> None:
    z, seeds = torch.randn(6, 5), list(range(6))
    whole = inverter.invert(z, seeds)
    assert (whole.shape, whole.dtype) == ((6, 3, 8, 8), torch.float32)
    torch.testing.assert_close(whole * 255, (whole * 255).round(), rtol=0, atol=1e-3)  # 256 levels
    assert torch.equal(inverter.invert(z[2:3], seeds[2:3]), whole[2:3])
    assert torch.equal(inverter.invert(z.flip(0), seeds[::-1]), whole.flip(0))
    other = inverter.invert(z[:2], [7, 8])
    assert float((other - whole[:2]).abs().amax((1, 2, 3)).min()) > 0.1


def test_the_likelihood_is_the_networks(inverter: Nash2019) -> None:
    shown, z = images(3), torch.randn(3, 5)
    x = to_values(shown)
    for logits, told in ((z, True), (None, False)):
        parameters = inverter.reconstruct.network(x, z, torch.full((3,), told))
        expected = log_probability(parameters, x).double().sum((1, 2))
        torch.testing.assert_close(inverter.log_likelihood(shown, logits), expected, rtol=1e-5, atol=0)
    assert not torch.equal(inverter.log_likelihood(shown, z), inverter.log_likelihood(shown, None))
    assert isinstance(inverter, bench.Likelihood)


def test_a_likelihood_does_not_depend_on_its_neighbours(inverter: Nash2019) -> None:
    shown, z = images(30), torch.randn(30, 5)
    whole = inverter.log_likelihood(shown, z)
    torch.testing.assert_close(inverter.log_likelihood(shown[20:22], z[20:22]), whole[20:22], rtol=1e-5, atol=0)


def test_weights_by_other_seeds_of_the_same_recipe_are_found(
    tiny_cifar: LoadedClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NashTask, "samples", lambda task: None)
    for seed, steps in ((1, 2), (2, 2), (3, 3)):
        recipe = replace(TINY, seed=seed, steps=steps)
        made = train_inverter(make(NashTask, recipe, tiny_cifar, Engine()), tmp_path / f"{seed}", resume=False)
        settings = json.loads(metadata(made)["recipe"])
        own = own_inverter_weights("nash-2019", tiny_cifar.sha256, "cifar10", 32, settings)
        write_atomically(own, made.read_bytes())
    inverter = Nash2019(TARGET)
    assert inverter.recipe is not None
    assert inverter.recipe["seed"] == 1
    (twin,) = inverter.retrained()  # the third is of another length
    assert twin.recipe is not None
    assert (twin.recipe["seed"], twin.recipe["steps"]) == (2, 2)
    shown = images(2, 32)
    assert not torch.equal(twin.log_likelihood(shown, None), inverter.log_likelihood(shown, None))


def test_it_declares_what_it_is(inverter: Nash2019) -> None:
    assert (inverter.access, inverter.training, inverter.stochastic) == ("logits", "pairs", True)
    assert load(INVERTERS, "method", "nash-2019") is Nash2019
    assert "bench train inverter nash-2019 --classifier" in (Nash2019.skip(TARGET) or "")
    assert "16, 32, 64 px" in (Nash2019.skip(replace(TARGET, image_size=(20, 20))) or "")
