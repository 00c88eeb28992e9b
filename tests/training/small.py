"""A few real images as a dataset."""

from bench.datasets import cifar10
from bench.datasets.base import ArrayDataset


def small_dataset(count: int) -> ArrayDataset:
    pixels, labels = cifar10.shipped_test()
    ids = [f"small-{k}" for k in range(count)]
    return ArrayDataset("cifar10", ids, labels[:count], cifar10.CLASS_NAMES, pixels[:count])
