"""One contract for every registered inverter: what it answers, what it depends on, what it leaves alone."""

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

import bench
from baselines.optimization import chunks, engstrom, mahendran_vedaldi
from bench import rules
from bench.classifiers.catalogue import TARGETS
from bench.datasets.base import Pixels
from bench.errors import SkipCellError
from bench.inverter import WITH_NETWORK, Inverter
from bench.registry import INVERTERS, registered

# These descend through the classifier 200 times for an answer: a few steps on one classifier show the same contract,
# and tests/baselines/test_optimization_methods.py has what is particular to others.
DESCENDING = ("mahendran-vedaldi", "engstrom", "engstrom-features")
CASES = [
    (method, classifier)
    for method in registered(INVERTERS)
    for classifier in (TARGETS if method not in DESCENDING else ("robust_resnet152",))
]
SEEDS = [11, 12, 13, 14, 15]


@pytest.fixture(scope="module")
def few_steps() -> Iterator[None]:
    """8 steps, and chunks of 4 and 2: five images take two, one image takes the smaller."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(mahendran_vedaldi.ITERATIONS, "fast", (2, 4, 2))
        patch.setitem(engstrom.STEPS, "fast", 8)
        patch.setitem(chunks.SIZES, "cpu", (4, 2))
        yield


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def case(request: pytest.FixtureRequest, few_steps: None) -> tuple[Inverter, Tensor]:
    method, name = request.param
    classifier = bench.load_classifier(name)
    dataset = bench.load_dataset("cifar10")
    try:
        inverter = bench.load_inverter(method, classifier)
    except SkipCellError as reason:
        pytest.skip(str(reason))
    images = dataset.images(dataset.ids[:5])
    features: Any = classifier.features
    with torch.inference_mode():
        given: Tensor = features(images) if inverter.access == "features" else classifier(images)
    return inverter, given.clone()


def call(inverter: Inverter, logits: Tensor, seeds: list[int]) -> Tensor:
    with torch.set_grad_enabled(inverter.access in WITH_NETWORK):
        return inverter.invert(logits, seeds)


def test_declares_what_it_is(case: tuple[Inverter, Tensor]) -> None:
    inverter, _ = case
    assert inverter.access in ("logits", "features", "white-box")
    assert inverter.training in ("none", "pairs")
    assert (inverter.target.network is not None) == (inverter.access in WITH_NETWORK)
    assert not {"images", "labels", "ids"} & set(inspect.signature(inverter.invert).parameters)


def test_shape_range_and_type(case: tuple[Inverter, Tensor]) -> None:
    inverter, logits = case
    images = call(inverter, logits, SEEDS)
    assert images.shape == (5, 3, *inverter.target.image_size)
    assert images.dtype == torch.float32
    assert torch.isfinite(images).all()
    assert images.min().item() >= 0
    assert images.max().item() <= 1


def test_same_seed_same_result_and_other_seeds_others_if_stochastic(case: tuple[Inverter, Tensor]) -> None:
    inverter, logits = case
    first = call(inverter, logits, SEEDS)
    assert torch.equal(first, call(inverter, logits, SEEDS))
    other = call(inverter, logits, [seed + 100 for seed in SEEDS])
    assert torch.equal(first, other) == (not inverter.stochastic)


def test_keeps_the_rules_that_a_run_checks(case: tuple[Inverter, Tensor]) -> None:
    """Order, company and batch size do not matter, nor, where the method is not stochastic, do other seeds."""
    inverter, logits = case

    def invert(given: Tensor, seeds: Sequence[int]) -> Pixels:
        pixels, outside, _ = rules.checked_images(inverter, call(inverter, given, list(seeds)), len(seeds))
        assert outside == 0
        return pixels

    rules.check_rows(inverter, invert, logits, SEEDS, invert(logits, SEEDS))


def test_no_gradient_leaks_and_the_input_stays(case: tuple[Inverter, Tensor]) -> None:
    inverter, logits = case
    before = logits.clone()
    assert not call(inverter, logits, SEEDS).requires_grad
    rules.check_input(inverter, logits, before)
    if inverter.target.network is not None:
        assert all(p.grad is None for p in inverter.target.network.parameters())
