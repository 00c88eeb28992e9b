"""The matching term: by hand, what it takes to vanish, and what a step of G does about it."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from bench.classifiers import LoadedClassifier
from bench.errors import UsageError
from bench.inverters.standardise import Standardise
from bench.training.engine import Engine
from methods.biggan_logit.matching import EVERY, mismatch
from methods.biggan_logit.onehot import OneHotTask
from methods.biggan_logit.train import BigGANTask
from tests.methods.biggan_logit.small import TINY
from tests.training.small import make

ON = replace(TINY, match=1.0)


def means(images: Tensor) -> Tensor:
    """A classifier of three logits: the mean of each colour."""
    return images.mean((2, 3))


def test_by_hand() -> None:
    standardise = Standardise(3)
    standardise.std.copy_(torch.tensor([1.0, 2, 4]))
    images = torch.zeros(8, 3, 2, 2)
    images[4, 2] = 1.0
    z = torch.zeros(8, 3)
    z[0, 1] = 3.0
    z[1:4] = 100.0  # is not looked at
    squared = [(3 / 2) ** 2 / 3, (1 / 4) ** 2 / 3]
    assert mismatch(means, standardise, images, z).item() == pytest.approx(sum(squared) / 2)


def test_it_vanishes_where_the_logits_come_back_and_is_2_for_unrelated_images() -> None:
    images = torch.rand(4_000 * EVERY, 3, 2, 2, generator=torch.Generator().manual_seed(1))
    z = means(images)
    standardise = Standardise(3)
    standardise.fit(z)
    assert mismatch(means, standardise, images, z).item() == 0
    assert mismatch(means, standardise, images, z.roll(EVERY, 0)).item() == pytest.approx(2, rel=0.05)


@pytest.mark.networks
def test_steps_of_g_against_it_alone_bring_the_logits_back(tiny_cifar: LoadedClassifier) -> None:
    task = make(BigGANTask, replace(ON, match=1e4, lr_g=2e-3), tiny_cifar, Engine(precision="float32"))
    found = [float(task.step(step)["mismatch"]) for step in range(30)]
    assert sum(found[-5:]) < 0.7 * sum(found[:5])


@pytest.mark.networks
def test_the_classifier_stays_what_it_is(tiny_cifar: LoadedClassifier) -> None:
    before = {name: value.clone() for name, value in tiny_cifar.network.state_dict().items()}
    task = make(BigGANTask, ON, tiny_cifar, Engine())
    task.step(0)
    assert all(torch.equal(value, before[name]) for name, value in tiny_cifar.network.state_dict().items())


@pytest.mark.networks
def test_the_hinge_and_the_noise_are_those_of_the_recipe_without_it(tiny_cifar: LoadedClassifier) -> None:
    off, on = (make(BigGANTask, recipe, tiny_cifar, Engine(precision="float64")) for recipe in (TINY, ON))
    first, second = off.step(0), on.step(0)
    torch.testing.assert_close(second["loss_g"], first["loss_g"])
    assert second.keys() - first.keys() == {"mismatch"}
    assert not torch.equal(off.g.linear.weight, on.g.linear.weight)


def test_what_is_given_no_logits_cannot_match_them(tiny_cifar: LoadedClassifier) -> None:
    with pytest.raises(UsageError, match="onehot-biggan is given something else"):
        make(OneHotTask, ON, tiny_cifar, Engine())
