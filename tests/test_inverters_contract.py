"""One contract for every registered inverter: what it answers, what it depends on, what it leaves alone."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import bench
from baselines.optimization import chunks, engstrom, mahendran_vedaldi
from bench import check
from bench.classifiers.providers.zoo import TARGETS
from bench.errors import SkipCellError
from bench.inverters.base import Inverter
from bench.registry import INVERTERS, registered

pytestmark = pytest.mark.networks

# These descend through the classifier 200 times for an answer: a few steps on one classifier show the same contract,
# and tests/baselines/optimization/test_inverter.py has what is particular to others.
DESCENDING = ("mahendran-vedaldi", "engstrom", "engstrom-features")
FIRST = ("robust_resnet152", "efficientnet_lite0")  # ten logits and a thousand; the others' weights differ, no more
CASES = [
    pytest.param((method, one), id=f"{method}-{one}", marks=() if one in FIRST else pytest.mark.slow)
    for method in registered(INVERTERS)
    for one in (TARGETS if method not in DESCENDING else FIRST[:1])
]


@pytest.fixture(scope="module")
def few_steps() -> Iterator[None]:
    """8 steps, and chunks of 4 and 2: five images take two, one image takes the smaller."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(mahendran_vedaldi.ITERATIONS, "fast", (2, 4, 2))
        patch.setitem(engstrom.STEPS, "fast", 8)
        patch.setitem(chunks.SIZES, "cpu", (4, 2))
        yield


@pytest.fixture(scope="module", params=CASES)
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


@pytest.mark.parametrize("rule", check.METHOD_RULES.values(), ids=check.METHOD_RULES)
def test_keeps_the_rule(case: tuple[Inverter, Tensor], rule: check.MethodRule) -> None:
    """The rules that ``bench check`` tries."""
    inverter, given = case
    rule(inverter, given.clone())


def test_declares_what_it_is(case: tuple[Inverter, Tensor]) -> None:
    inverter, given = case
    assert inverter.access in ("logits", "features", "white-box")
    assert inverter.training in ("none", "pairs")
    images = check.invert(inverter, given)
    assert images.shape == (5, 3, *inverter.target.image_size)
    assert images.dtype == torch.float32
