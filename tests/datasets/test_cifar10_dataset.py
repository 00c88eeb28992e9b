"""CIFAR-10 as a dataset plugin."""

from pathlib import Path

import pytest

from bench.datasets import cifar10, load_dataset
from bench.datasets.base import State
from bench.datasets.cifar10_dataset import Cifar10
from bench.errors import UsageError


def test_cifar10(bench_home: Path) -> None:
    dataset = load_dataset("cifar10")
    assert len(dataset) == 2500
    assert dataset.images(dataset.ids[:3]).shape == (3, 3, 32, 32)
    assert load_dataset("cifar10", image_size=32).ids == dataset.ids


def test_cifar10_has_one_size() -> None:
    with pytest.raises(UsageError, match="cannot be had at 64x64"):
        load_dataset("cifar10", image_size=64)


def test_without_a_fetch_the_shipped_images_are_here_and_more_can_be_had(bench_home: Path) -> None:
    assert Cifar10.here() == {"test": 2_500, "train": 0, "val": 0}
    state = Cifar10.state()
    assert (state.ok, state.hint.startswith("bench data fetch cifar10 ")) == (None, True)
    assert load_dataset("cifar10").more == "To have all 10,000, type: bench data fetch cifar10"


def test_half_a_fetch_is_not_taken_for_a_whole_one(bench_home: Path) -> None:
    cifar10.folder().mkdir(parents=True)
    (cifar10.folder() / "test_images.npy").write_bytes(b"some")
    assert Cifar10.here()["test"] == 10_000
    assert Cifar10.state() == State(False, f"incomplete: {cifar10.folder()}", "bench data fetch cifar10 --force")
