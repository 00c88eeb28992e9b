"""A few real images as a dataset, trainings on few pairs, and whether two states are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import torch

from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.datasets.base import ArrayDataset
from bench.training.engine import Engine
from bench.training.inverters import MANTISSA, InverterTask, train_inverter
from bench.training.journal import describe_run
from bench.training.pairs import TrainingPairs
from bench.training.trainer import InverterRecipe
from bench.weights.files import load_file, rounded

Task = TypeVar("Task", bound=InverterTask)


def small_dataset(count: int) -> ArrayDataset:
    pixels, labels = cifar10.shipped_test()
    ids = [f"small-{k}" for k in range(count)]
    return ArrayDataset("cifar10", ids, labels[:count], cifar10.CLASS_NAMES, pixels[:count])


def make(cls: type[Task], recipe: InverterRecipe, classifier: LoadedClassifier, engine: Engine) -> Task:
    """A task as its trainer makes it."""
    return cls(recipe, TrainingPairs.of(recipe, classifier, engine), classifier, engine)


def begun(folder: Path, method: str, recipe: InverterRecipe) -> None:
    """Make a folder that holds a checkpoint, and what says of which training it is."""
    describe_run(folder, Engine(), recipe.settings(), method=method)
    (folder / "checkpoint.pt").write_bytes(b"")


def assert_same_state(one: Any, other: Any, where: str = "") -> None:
    """Bit for bit, whatever is nested in whatever."""
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same_state(one[key], other[key], f"{where}/{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for k, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_same_state(a, b, f"{where}/{k}")
    else:
        assert one == other, where


def assert_resumes(cls: type[Task], recipe: InverterRecipe, classifier: LoadedClassifier, folder: Path) -> None:
    """A training that a new task goes on with after three steps ends with the weights of one in one go, bit for bit."""
    whole = train_inverter(make(cls, recipe, classifier, Engine()), folder / "whole", resume=False)
    first, second = (make(cls, recipe, classifier, Engine()) for _ in range(2))
    for step in range(3):
        first.step(step)
    torch.save(first.state_dict(), folder / "state")
    second.load_state_dict(torch.load(folder / "state", weights_only=True))
    for step in range(3, recipe.steps):
        second.step(step)
    found = second.averaged().state_dict()
    for name, value in load_file(whole).items():
        assert torch.equal(rounded(found[name], MANTISSA).float(), value), name
