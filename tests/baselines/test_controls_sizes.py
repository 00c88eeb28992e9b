"""The controls on a dataset of 64 px and 1,000 logits that has a training split, against their definitions."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from baselines import train_nearest, training_statistics
from baselines.controls import ClassMean, RealTrain, Ridge, SameClassRandom
from baselines.train_nearest import TrainNearest
from bench.classifiers import LoadedClassifier
from bench.datasets.base import ArrayDataset
from bench.errors import SkipCellError, UsageError
from bench.inverters.base import Target
from bench.inverters.control import Control, Shard
from bench.training import pairs

CPU = torch.device("cpu")
CLASSES = 20


def part(split: str, each: int) -> ArrayDataset:
    """Images of one colour a class, with noise."""
    random = np.random.default_rng(len(split))
    labels = np.tile(np.arange(CLASSES), each)
    colours = np.random.default_rng(0).integers(40, 216, (CLASSES, 1, 1, 3))
    pixels = colours[labels] + random.integers(-30, 30, (len(labels), 64, 64, 3))
    ids = [f"{split}-{k}" for k in range(len(labels))]
    names = [f"class{k}" for k in range(CLASSES)]
    return ArrayDataset("colours", ids, labels, names, pixels.astype(np.uint8))


PARTS = {"train": part("train", 30), "val": part("val", 3), "test": part("test", 5)}


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch, bench_home: Path) -> None:
    def load(name: str, split: str = "test", image_size: int | None = None) -> ArrayDataset:
        if name != "colours":
            raise UsageError(name)
        return PARTS[split]

    monkeypatch.setattr(training_statistics, "load_dataset", load)
    for module in (training_statistics, pairs):
        monkeypatch.setattr(module, "load_training", lambda name: (PARTS["train"], PARTS["val"]))


@pytest.fixture
def classifier() -> LoadedClassifier:
    torch.manual_seed(0)
    network = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 1000))
    return LoadedClassifier("linear", network.eval().requires_grad_(False), "cd" * 32, 64)


def made(cls: type[Control], classifier: LoadedClassifier) -> tuple[Control, Shard]:
    """The control, and the first 50 images."""
    test = PARTS["test"]
    control = cls(Target("linear", classifier.sha256, "colours", 1000, (64, 64), CPU), test, classifier)
    control.prepare(50)
    logits = classifier.network(test.images(test.ids[:50]))
    return control, Shard(range(50), test.pixels(slice(0, 50)), test.labels[:50], logits, list(range(50)))


def train_logits(classifier: LoadedClassifier) -> torch.Tensor:
    logits: torch.Tensor = classifier.network(PARTS["train"].images(PARTS["train"].ids))
    return logits


def test_real_train_matches_the_class_and_never_repeats(classifier: LoadedClassifier) -> None:
    control, shard = made(RealTrain, classifier)
    rows = {image.tobytes(): row for row, image in enumerate(PARTS["train"].pixels(slice(None)))}
    picked = [rows[image.tobytes()] for image in control.reconstruct(shard)]
    assert len(set(picked)) == 50
    assert (PARTS["train"].labels[picked] == shard.labels).all()


def test_real_train_says_where_there_are_too_few(classifier: LoadedClassifier) -> None:
    control, _ = made(RealTrain, classifier)
    assert isinstance(control, RealTrain)
    control.train = part("few", 2)
    with pytest.raises(SkipCellError, match="of 10 classes there are fewer"):
        control.prepare(50)


def test_same_class_random_draws_from_the_predicted_class(classifier: LoadedClassifier) -> None:
    control, shard = made(SameClassRandom, classifier)
    predicted = train_logits(classifier).argmax(1).numpy()
    pixels = PARTS["train"].pixels(slice(None))
    rows = {image.tobytes(): row for row, image in enumerate(pixels)}
    for image, k in zip(control.reconstruct(shard), shard.logits.argmax(1).tolist(), strict=True):
        assert predicted[rows[image.tobytes()]] == k or (predicted == k).sum() < training_statistics.MIN_CLASS_IMAGES
    assert "600 training images" in (control.note(torch.eye(1000)) or "")


@pytest.mark.networks
def test_class_mean_is_the_mean_of_the_predicted_class(classifier: LoadedClassifier) -> None:
    control, shard = made(ClassMean, classifier)
    predicted = train_logits(classifier).argmax(1).numpy()
    pixels = PARTS["train"].pixels(slice(None)).astype(np.float64)
    for image, k in zip(control.reconstruct(shard), shard.logits.argmax(1).tolist(), strict=True):
        mine = predicted == k
        mean = pixels[mine].mean(0) if mine.sum() >= training_statistics.MIN_CLASS_IMAGES else pixels.mean(0)
        assert np.abs(image - mean).max() <= 0.5 + 1e-6


@pytest.mark.networks
def test_ridge_recovers_colours_that_are_linear_in_the_logits(classifier: LoadedClassifier) -> None:
    control, shard = made(Ridge, classifier)
    found = control.reconstruct(shard).astype(float).mean((1, 2))
    assert np.abs(found - shard.originals.mean((1, 2))).max() < 4
    assert control.weights["training-statistics"]
    path = training_statistics.own_statistics(classifier.sha256, "colours")
    assert path.exists()
    assert path != training_statistics.own_statistics(classifier.sha256, "cifar10")


def test_train_nearest_is_brute_force_over_the_split(
    classifier: LoadedClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_nearest, "BLOCK", 70)
    assert "all 600 training images" in str(TrainNearest.too_dear(PARTS["test"], classifier.sha256, 50))
    control, shard = made(TrainNearest, classifier)
    assert TrainNearest.too_dear(PARTS["test"], classifier.sha256, 50) is None  # they are kept now
    rows = (shard.logits[:, None] - train_logits(classifier)).square().sum(2).argmin(1)
    assert np.array_equal(control.reconstruct(shard), PARTS["train"].pixels(rows.tolist()))


@pytest.mark.parametrize("cls", [RealTrain, SameClassRandom, ClassMean, Ridge, TrainNearest])
def test_without_a_training_split_each_says_so(cls: type[Control], classifier: LoadedClassifier) -> None:
    other = ArrayDataset("other", ["a"], np.zeros(1), ["x"], np.zeros((1, 64, 64, 3), np.uint8))
    target = Target("linear", classifier.sha256, "other", 1000, (64, 64), CPU)
    with pytest.raises(SkipCellError, match=f"{cls.name} needs a training split, and other has none"):
        cls(target, other, classifier)
