"""The images that ship for ``train-nearest`` are those that the whole training split would give."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from baselines.train_nearest import nearest
from baselines.training_statistics import unpacked
from bench.classifiers import LoadedClassifier, open_classifier
from bench.datasets import cifar10
from bench.weights.files import entry, load_shipped, metadata
from studies.zoo.make_nearest import chosen

NAME = "train-nearest-robust_resnet152"


def asked(network: nn.Module, pixels: np.ndarray) -> Tensor:
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        return torch.as_tensor(network(images))


def test_the_nearest_of_all_are_among_the_chosen(tiny_cifar: LoadedClassifier) -> None:
    state, facts = chosen(tiny_cifar, reach=20)
    train, test = cifar10.load("train"), cifar10.load("test")
    everything, queries = (asked(tiny_cifar.network, part.pixels(slice(None))) for part in (train, test))
    rows = nearest(queries, everything)
    assert state["rows"].tolist() == sorted(set(rows.tolist()))
    assert state["rows"][nearest(queries, state["logits"])].tolist() == rows.tolist()
    images = unpacked(state["images"], len(state["rows"]))
    assert np.array_equal(images, train.pixels(state["rows"].tolist()))
    assert facts == {"classifier_sha256": "ab" * 32, "order": test.fingerprint, "reach": 20}


def test_the_shipped_ones_belong_to_the_shipped_classifier_and_the_published_order() -> None:
    item = entry(NAME)
    assert item.facts["classifier_sha256"] == entry("robust_resnet152").sha256
    assert item.facts["order"] == cifar10.load("test").fingerprint
    assert item.facts["reach"] == cifar10.SHIPPED_TEST_IMAGES
    assert {key: str(item.facts[key]) for key in ("classifier_sha256", "order", "reach")} == metadata(item.path)
    assert item.path.stat().st_size < 5_000_000


@pytest.mark.networks
def test_the_shipped_logits_are_what_the_classifier_gives_the_shipped_images() -> None:
    state = load_shipped(NAME)
    images = unpacked(state["images"], len(state["rows"]))
    some = [0, 7, 1000, 2425]
    found = asked(open_classifier("robust_resnet152").network, images[some])
    torch.testing.assert_close(found, state["logits"][some], atol=1e-3, rtol=1e-3)


def test_every_shipped_image_is_its_own_nearest() -> None:
    state = load_shipped(NAME)
    assert torch.equal(nearest(state["logits"], state["logits"]), torch.arange(len(state["rows"])))
    assert bool((state["rows"].diff() > 0).all())


@pytest.mark.slow
@pytest.mark.skipif(not cifar10.fetched(), reason="type: bench data fetch cifar10")
def test_a_fit_on_the_fetched_split_chooses_the_same_images() -> None:
    """Some minutes, unless the logits of the split are kept from before."""
    state, _ = chosen(open_classifier("robust_resnet152"))
    shipped = load_shipped(NAME)
    assert torch.equal(state["rows"], shipped["rows"])
    images = unpacked(shipped["images"], len(shipped["rows"]))
    assert np.array_equal(images, cifar10.load("train").pixels(shipped["rows"].tolist()))
