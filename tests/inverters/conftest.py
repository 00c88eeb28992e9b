"""A method that is opened and fills its first shard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.inverters.base import Inverter, Target
from bench.inverters.control import Control
from bench.inverters.opened import OpenMethod
from bench.store.folder import Piece
from tests.inverters.methods import N

Fill = Callable[..., tuple[OpenMethod, Piece]]


@pytest.fixture
def fill(tiny_cifar: LoadedClassifier) -> Fill:
    """Open a method and fill the first shard, of ``size`` images in a cell of ``count``."""
    dataset = cifar10.load("test")
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(N, 5, generator=generator).numpy()
    originals = dataset.pixels(slice(0, N))

    def run(cls: type[Inverter] | type[Control], count: int = N, size: int = N) -> tuple[OpenMethod, Piece]:
        network = tiny_cifar.network if cls.access == "white-box" else None
        target = Target("linear", "ab" * 32, "cifar10", 5, (32, 32), torch.device("cpu"), network=network)
        method = OpenMethod(cls, target, dataset, tiny_cifar, 0)
        method.prepare(count)
        return method, method.reconstruct(range(size), originals[:count], logits[:count])

    return run
