"""The nearest training image: by brute force, across block borders, and what is said where nothing was fetched."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from baselines import train_nearest
from baselines.train_nearest import TrainNearest, nearest
from bench.classifiers import LoadedClassifier
from bench.control import Shard
from bench.datasets import cifar10
from bench.datasets.base import ArrayDataset
from bench.errors import SkipCellError
from bench.inverter import Target


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
