"""Both inverters: what they declare, whose weights they take, that seeds play no part."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from baselines.dosovitskiy_brox.inverters import DecoderInverter, DosovitskiyBrox2016a, DosovitskiyBrox2016b
from baselines.dosovitskiy_brox.train_2016a import DosovitskiyBrox2016aRecipe, Task2016a
from baselines.dosovitskiy_brox.train_2016b import DosovitskiyBrox2016bRecipe, Task2016b
from bench.classifiers import LoadedClassifier
from bench.errors import WeightsError
from bench.inverters.base import Target
from bench.registry import INVERTERS, load
from bench.training.engine import Engine
from bench.training.inverters import train_inverter
from bench.training.trainer import open_trainer
from tests.training.small import make

CPU = torch.device("cpu")
TARGET = Target("linear", "ab" * 32, "cifar10", 5, (32, 32), CPU)


@pytest.fixture(params=[DosovitskiyBrox2016a, DosovitskiyBrox2016b])
def trained(
    request: pytest.FixtureRequest, tiny_cifar: LoadedClassifier, tiny_comparator: LoadedClassifier, tmp_path: Path
) -> tuple[type[DecoderInverter], Path]:
    """One of the two after a single tiny step."""
    cls: type[DecoderInverter] = request.param
    if cls is DosovitskiyBrox2016a:
        tiny_a = DosovitskiyBrox2016aRecipe(steps=1, factor=1 / 16, factor_d=1 / 8, batch=8)
        return cls, train_inverter(make(Task2016a, tiny_a, tiny_cifar, Engine()), tmp_path, resume=False)
    tiny_b = DosovitskiyBrox2016bRecipe(steps=1, factor=1 / 16, batch=8)
    return cls, train_inverter(make(Task2016b, tiny_b, tiny_cifar, Engine()), tmp_path, resume=False)


@pytest.mark.networks
def test_reconstructions_are_images_whatever_the_seeds(trained: tuple[type[DecoderInverter], Path]) -> None:
    cls, weights = trained
    inverter = cls(TARGET, weights)
    z = 30 * torch.randn(4, 5)
    images = inverter.invert(z, [1, 2, 3, 4])
    assert images.shape == (4, 3, 32, 32)
    assert images.min().item() == 0  # such logits drive the linear output beyond both ends
    assert images.max().item() == 1
    assert torch.equal(images, inverter.invert(z, [5, 6, 7, 8]))
    assert not torch.equal(images[0], images[1])


@pytest.mark.networks
def test_they_declare_what_they_are(trained: tuple[type[DecoderInverter], Path]) -> None:
    cls, weights = trained
    inverter = cls(TARGET, weights)
    assert (inverter.access, inverter.training, inverter.stochastic) == ("logits", "pairs", False)
    assert inverter.parameters == sum(p.numel() for p in inverter.reconstruct.network.parameters()) > 0
    assert inverter.recipe is not None
    assert inverter.recipe["steps"] == 1


@pytest.mark.networks
def test_weights_of_another_classifier_are_refused(trained: tuple[type[DecoderInverter], Path]) -> None:
    cls, weights = trained
    stranger = replace(TARGET, classifier_sha256="00" * 32)
    with pytest.raises(WeightsError, match="was trained for linear"):
        cls(stranger, weights)
    assert f"bench train inverter {cls.name}" in (cls.skip(stranger) or "")


@pytest.mark.parametrize("name", ["dosovitskiy-brox-2016a", "dosovitskiy-brox-2016b"])
def test_both_are_registered_with_their_trainers(name: str) -> None:
    assert load(INVERTERS, "method", name).name == name
    assert open_trainer(name).recipe(steps=3).steps == 3
    assert open_trainer(name).method == name
