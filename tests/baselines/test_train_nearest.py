"""The nearest training image: by brute force, across block borders, and what is said where nothing was fetched."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from baselines import train_nearest
from baselines.train_nearest import TrainNearest, nearest
from bench.classifiers import LoadedClassifier, open_classifier
from bench.datasets import cifar10
from bench.datasets.base import ArrayDataset
from bench.errors import SkipCellError
from bench.inverters.base import Target
from bench.inverters.control import Shard
from bench.store.sealed import save_array
from bench.training.pairs import logits_path
from bench.weights.files import entry


def test_equals_brute_force_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_nearest, "BLOCK", 7)
    torch.manual_seed(0)
    queries, index = torch.randn(9, 4), torch.randn(40, 4) * 3
    expected = (queries[:, None] - index).square().sum(2).argmin(1)
    assert nearest(queries, index).tolist() == expected.tolist()


def test_the_first_among_equals() -> None:
    index = torch.tensor([[5.0, 5.0], [1.0, 0.0], [1.0, 0.0]])
    assert nearest(torch.tensor([[1.0, 0.1]]), index).tolist() == [1]


def _target() -> tuple[Target, LoadedClassifier]:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(3072, 6)).eval().requires_grad_(False)
    classifier = LoadedClassifier("linear", network, "cd" * 32, 32)
    return Target("linear", classifier.sha256, "cifar10", 6, (32, 32), torch.device("cpu")), classifier


def test_a_training_image_finds_itself(bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, labels = cifar10.shipped_test()
    train = ArrayDataset("cifar10", [f"train-{k}" for k in range(50)], labels[:50], cifar10.CLASS_NAMES, pixels[:50])
    monkeypatch.setattr(cifar10, "load", lambda split="test": train)
    target, classifier = _target()
    control = TrainNearest(target, train, classifier)
    rows = [3, 17, 49]
    with torch.inference_mode():
        logits = classifier.network(train.images([train.ids[row] for row in rows]))
    found = control.reconstruct(Shard(range(3), pixels[:3], labels[:3], logits, [0, 0, 0]))
    assert np.array_equal(found, pixels[rows])


def test_without_the_training_images_it_says_what_to_fetch(bench_home: Path) -> None:
    target, classifier = _target()
    with pytest.raises(SkipCellError, match="bench data fetch cifar10"):
        TrainNearest(target, cifar10.load("test"), classifier)


# SHA-256 of the reconstructions of the first 50 test images, as the whole training split gives them.
FIRST_50 = "5d5d6b3004b0c9184c2bd0b8aeebe10fdd5cd1c0a0f60db9afcd90ba76530c75"


def robust() -> tuple[Target, LoadedClassifier]:
    classifier = open_classifier("robust_resnet152")
    return Target(classifier.name, classifier.sha256, "cifar10", 10, (32, 32), torch.device("cpu")), classifier


@pytest.mark.networks
def test_for_the_demo_it_needs_nothing_fetched_and_gives_what_the_whole_split_gives(bench_home: Path) -> None:
    target, classifier = robust()
    dataset = cifar10.load("test")
    control = TrainNearest(target, dataset, classifier)
    control.prepare(2_500)
    pixels = dataset.pixels(slice(0, 50))
    with torch.inference_mode():
        logits = classifier.network(dataset.images(dataset.ids[:50]))
    found = control.reconstruct(Shard(range(50), pixels, dataset.labels[:50], logits, [0] * 50))
    assert hashlib.sha256(found.tobytes()).hexdigest() == FIRST_50
    assert control.weights == {"train-nearest": entry("train-nearest-robust_resnet152").sha256}
    again = control.reconstruct(Shard(range(20, 30), pixels[20:30], dataset.labels[20:30], logits[20:30], [0] * 10))
    assert np.array_equal(again, found[20:30])


@pytest.mark.networks
def test_what_ships_serves_its_own_classifier_order_and_prefix_alone(bench_home: Path) -> None:
    target, classifier = robust()
    dataset = cifar10.load("test")
    other = LoadedClassifier("robust_resnet152", classifier.network, "00" * 32, 32)
    with pytest.raises(SkipCellError, match="training images of cifar10"):
        TrainNearest(target, dataset, other)
    turned = ArrayDataset("cifar10", dataset.ids[::-1], dataset.labels[::-1], dataset.class_names, dataset.pixels([0]))
    with pytest.raises(SkipCellError, match="training images of cifar10"):
        TrainNearest(target, turned, classifier)
    with pytest.raises(SkipCellError, match="training images of cifar10"):
        TrainNearest(target, dataset, classifier).prepare(2_501)


def test_beyond_what_ships_the_whole_split_is_asked(tiny_cifar: LoadedClassifier) -> None:
    dataset = cifar10.load("test")
    target = Target("linear", tiny_cifar.sha256, "cifar10", 5, (32, 32), torch.device("cpu"))
    control = TrainNearest(target, dataset, tiny_cifar)
    black = np.zeros((1, 32, 32, 3), np.uint8)
    control.shipped = train_nearest.Index(torch.zeros(1, 5), black.__getitem__, reach=10)
    with torch.inference_mode():
        logits = tiny_cifar.network(dataset.images(dataset.ids))
    found = {
        stop: control.reconstruct(
            Shard(range(stop - 10, stop), dataset.pixels(slice(stop - 10, stop)), dataset.labels[:10],
                  logits[stop - 10 : stop], [0] * 10)
        )
        for stop in (10, 20)
    }  # fmt: skip
    assert not found[10].any()
    with torch.inference_mode():
        everything = tiny_cifar.network(cifar10.load("train").images(cifar10.load("train").ids))
    rows = nearest(logits[10:20], everything).tolist()
    assert np.array_equal(found[20], cifar10.load("train").pixels(rows))


def test_unasked_it_is_computed_only_where_that_pays(bench_home: Path) -> None:
    dataset = cifar10.load("test")
    stranger, shipped = "cd" * 32, entry("robust_resnet152").sha256
    assert TrainNearest.too_dear(dataset, stranger, 50) is None  # the constructor says what to fetch
    cifar10.folder().mkdir(parents=True)
    (cifar10.folder() / "train_images.npy").touch()
    assert "--method train-nearest" in str(TrainNearest.too_dear(dataset, stranger, 50))
    assert "2,047 images" in str(TrainNearest.too_dear(dataset, stranger, 2_047))
    assert TrainNearest.too_dear(dataset, stranger, 2_048) is None
    assert TrainNearest.too_dear(dataset, shipped, 50) is None

    save_array(logits_path(stranger, "cifar10-train"), np.zeros((2, 3), np.float32))
    assert TrainNearest.too_dear(dataset, stranger, 50) is None
