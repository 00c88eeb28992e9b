"""The published cut of CIFAR-10; what needs the official arrays is skipped where they were not fetched."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from bench.datasets import cifar10
from bench.datasets.fetch_cifar10 import SHIPPED, whole
from bench.errors import DataError, UsageError

fetched = pytest.mark.skipif(not whole(cifar10.folder()), reason="cifar10 is not fetched: bench data fetch cifar10")

# Whoever changes these changes every number ever published with this benchmark.
TEST_ORDER = "892e08763d986e16f999a1bab70ed6b5ea44f9eeb447b0d86d7aa76fa6834e1e"
TRAIN_ORDER = "e2ed3b92a577d2f3c056a07840d9ccd59f24de2668d96f7a6fcb55c7d2f94d0d"
VAL = "09b461106561e8be67a9c751d3b3b970e45830a4b623e43e38a200e44389d381"


def cut(name: str) -> np.ndarray:
    return np.load(cifar10.DATA / "cifar10_cut.npz")[name]  # type: ignore[no-any-return]


@pytest.mark.parametrize(("name", "sha256"), [("test_order", TEST_ORDER), ("train_order", TRAIN_ORDER), ("val", VAL)])
def test_the_cut_is_the_published_one(name: str, sha256: str) -> None:
    assert hashlib.sha256(cut(name).astype("<u2").tobytes()).hexdigest() == sha256


def test_the_parts_are_disjoint_and_whole() -> None:
    assert sorted(cut("test_order")) == list(range(10_000))
    assert len(cut("val")) == 5_000
    assert sorted([*cut("val"), *cut("train_order")]) == list(range(50_000))


def test_shipped_images_hash_to_the_constant() -> None:
    images, labels = cifar10.shipped_test()
    assert images.shape == (2_500, 32, 32, 3)
    assert labels.shape == (2_500,)
    assert hashlib.sha256(images.tobytes()).hexdigest() == SHIPPED["shipped_test"]


def test_shipped_training_images_hash_to_the_constant() -> None:
    images, labels = cifar10.reference_train(2_500)
    assert labels.shape == (2_500,)
    assert hashlib.sha256(images.tobytes()).hexdigest() == SHIPPED["shipped_train"]


def test_every_prefix_of_a_multiple_of_ten_is_balanced(bench_home: Path) -> None:
    for labels in (cifar10.load("test").labels, cifar10.reference_train(2_500)[1]):
        counts = np.eye(10, dtype=int)[labels].cumsum(0)[9::10]
        assert (counts == np.arange(1, 251)[:, None]).all()


def test_test_split_without_a_fetch(bench_home: Path) -> None:
    dataset = cifar10.load("test")
    assert len(dataset) == len(set(dataset.ids)) == 2_500
    assert dataset.ids[0] == f"test-{cut('test_order')[0]:05d}"
    assert dataset.class_names[3] == "cat"
    images = dataset.images(dataset.ids[:2])
    assert float(images.min()) >= 0
    assert float(images.max()) <= 1
    assert np.array_equal(dataset.pixels([1])[0], cifar10.shipped_test()[0][1])


@pytest.mark.parametrize("split", ["train", "val"])
def test_other_splits_say_what_to_fetch(bench_home: Path, split: str) -> None:
    with pytest.raises(DataError, match="Type: bench data fetch cifar10"):
        cifar10.load(split)


def test_unknown_split() -> None:
    with pytest.raises(UsageError, match="'test', 'train' and 'val', not 'dev'"):
        cifar10.load("dev")


def test_check_refuses_a_changed_pixel() -> None:
    with pytest.raises(DataError, match="test_labels is not the official CIFAR-10 array"):
        cifar10.check("test_labels", np.zeros(10_000, dtype=np.uint8))


@fetched
@pytest.mark.parametrize("part", ["test", "train"])
def test_shipped_images_match_the_fetched(part: str) -> None:
    images, labels = cifar10.shipped_test() if part == "test" else cifar10.reference_train(2_500)
    order = cut(f"{part}_order")[:2_500]
    whole_images, whole_labels = cifar10.official(part)
    assert np.array_equal(whole_images[order], images)
    assert np.array_equal(whole_labels[order], labels)


@fetched
def test_fetched_splits_are_balanced_and_disjoint() -> None:
    val, test = cifar10.load("val"), cifar10.load("test")
    assert np.bincount(val.labels).tolist() == [500] * 10
    assert len(test) == 10_000
    labels = cifar10.official("train")[1]
    assert np.bincount(labels[cut("train_order")]).tolist() == [4_500] * 10
    counts = np.eye(10, dtype=int)[test.labels].cumsum(0)[9::10]
    assert (counts == np.arange(1, 1001)[:, None]).all()
