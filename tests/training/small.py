"""A few real images as a dataset, and trainings on few pairs."""

from typing import TypeVar

from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.datasets.base import ArrayDataset
from bench.training.engine import Engine
from bench.training.inverters import InverterTask
from bench.training.pairs import TrainingPairs
from bench.training.trainer import InverterRecipe

Task = TypeVar("Task", bound=InverterTask)


def small_dataset(count: int) -> ArrayDataset:
    pixels, labels = cifar10.shipped_test()
    ids = [f"small-{k}" for k in range(count)]
    return ArrayDataset("cifar10", ids, labels[:count], cifar10.CLASS_NAMES, pixels[:count])


def make(cls: type[Task], recipe: InverterRecipe, classifier: LoadedClassifier, engine: Engine) -> Task:
    """A task as its trainer makes it."""
    return cls(recipe, TrainingPairs.of(recipe, classifier, engine), classifier, engine)
