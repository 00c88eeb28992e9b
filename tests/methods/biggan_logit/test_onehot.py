"""``onehot-biggan`` knows the arg-max class and nothing else, in training and afterwards."""

from pathlib import Path

import numpy as np
import pytest
import torch

from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.errors import SkipCellError
from bench.inverters.base import Target
from bench.inverters.control import Shard
from bench.store.files import write_atomically
from bench.training.engine import Engine
from bench.training.inverters import train_inverter
from bench.weights.lookup import own_inverter_weights
from methods.biggan_logit.onehot import OneHotBigGAN, OneHotTask, one_hot
from methods.biggan_logit.train import BigGANRecipe
from tests.training.small import make

TINY = BigGANRecipe(name="tiny", channels=4, hidden=8, steps=2, batch=8)
CPU = torch.device("cpu")


def target(classifier: LoadedClassifier) -> Target:
    return Target(classifier.name, classifier.sha256, "cifar10", 5, (32, 32), CPU)


def test_one_hot_marks_the_largest_logit() -> None:
    z = torch.tensor([[[0.5, -2.0, 0.4]], [[-3.0, -1.0, -2.0]]])
    assert one_hot(z).tolist() == [[[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]]


def test_training_sees_classes_alone(tiny_cifar: LoadedClassifier) -> None:
    task = make(OneHotTask, TINY, tiny_cifar, Engine())
    _, given = task.pairs.batch(0, 8)
    assert given.sum(1).tolist() == [1.0] * 8
    assert set(given.flatten().tolist()) == {0.0, 1.0}
    assert task.validate()["val_mse"] > 0


@pytest.mark.networks
def test_logits_with_the_same_arg_max_give_the_same_image(tiny_cifar: LoadedClassifier, tmp_path: Path) -> None:
    weights = train_inverter(make(OneHotTask, TINY, tiny_cifar, Engine()), tmp_path / "train", resume=False)
    settings = TINY.settings() | {"hash": TINY.digest()}
    own = own_inverter_weights("onehot-biggan", tiny_cifar.sha256, "cifar10", 32, settings)
    write_atomically(own, weights.read_bytes())
    control = OneHotBigGAN(target(tiny_cifar), cifar10.load("test"), tiny_cifar)
    pixels, labels = cifar10.shipped_test()
    logits = torch.tensor([[9.0, 1, 2, 3, 4], [0.2, 0.1, 0.1, 0.0, -7.0], [0.2, 0.3, 0.1, 0.0, -7.0]])
    found = control.reconstruct(Shard(range(3), pixels[:3], labels[:3], logits, [7, 7, 7]))
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[1], found[2])
    assert control.recipe["steps"] == 2


def test_without_weights_it_is_skipped(tiny_cifar: LoadedClassifier) -> None:
    with pytest.raises(SkipCellError, match="bench train inverter onehot-biggan"):
        OneHotBigGAN(target(tiny_cifar), cifar10.load("test"), tiny_cifar)
