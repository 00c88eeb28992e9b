"""Logits of a whole split: computed once, and never silently where it takes long."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.training import pairs
from bench.training.data import TrainingImages
from bench.training.engine import Engine
from bench.training.pairs import logits_path, split_logits


def counted(classifier: LoadedClassifier) -> list[int]:
    asked: list[int] = []
    classifier.network.register_forward_hook(lambda _, given, __: asked.append(len(given[0])))
    return asked


def test_it_says_what_how_many_how_long_and_where_and_computes_them_once(
    tiny_cifar: LoadedClassifier, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pairs, "BLOCK", 8)
    monkeypatch.setattr(pairs, "WORTH_SAYING", 0)
    data = TrainingImages(cifar10.load("train"), torch.device("cpu"), 0)
    asked = counted(tiny_cifar)
    first = split_logits(tiny_cifar, data, "cifar10-train", mirrored=False)
    path = logits_path(tiny_cifar.sha256, "cifar10-train")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("logits of cifar10-train, plain, under linear: 40 images at ")
    assert " a second, about 10 seconds. " in line
    assert line.endswith(f"kept in {path}")
    assert sum(asked) == 40
    assert torch.equal(split_logits(tiny_cifar, data, "cifar10-train", mirrored=False), first)
    assert sum(asked) == 40
    assert not capsys.readouterr().err


def test_what_takes_seconds_is_not_announced(
    tiny_cifar: LoadedClassifier, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pairs, "BLOCK", 8)
    data = TrainingImages(cifar10.load("train"), torch.device("cpu"), 0)
    split_logits(tiny_cifar, data, "cifar10-train", mirrored=False)
    assert not capsys.readouterr().err


def test_mirrored_logits_are_those_of_the_mirror_images(bench_home: Path) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3072, 4)).eval().requires_grad_(False)
    classifier = LoadedClassifier("linear", network, "12" * 32, 32)
    data = TrainingImages(cifar10.load("test"), torch.device("cpu"), 0)
    assert data.held is not None
    data.labels, data.held = data.labels[:30], data.held[:30]
    found = split_logits(classifier, data, "some", mirrored=True)
    torch.testing.assert_close(found, network(data.batch(torch.arange(30)).flip(3)))
    assert logits_path(classifier.sha256, "some", mirrored=True).exists()
    assert not logits_path(classifier.sha256, "some").exists()


def test_mirrored_images_carry_their_own_logits(tiny_cifar: LoadedClassifier) -> None:
    data = pairs.TrainingPairs(tiny_cifar, Engine(), seed=1)
    for step in range(4):
        images, z = data.batch(step, 8)
        torch.testing.assert_close(tiny_cifar.network(images), z, atol=1e-5, rtol=1e-5)
    assert not np.allclose(*data.views)
