"""The inverter: images from noise that belongs to the sample, guidance as a setting, whose weights it takes."""

from pathlib import Path
from typing import ClassVar

import pytest
import torch

from bench import check
from bench.classifiers import LoadedClassifier
from bench.registry import INVERTERS, load
from bench.seeding import sample_noise
from bench.store.files import write_atomically
from bench.training.engine import Engine
from bench.training.inverters import train_inverter
from bench.weights.lookup import own_inverter_weights
from methods.flow_matching.inverter import FlowMatching
from methods.flow_matching.sampler import Sampler
from methods.flow_matching.train import FlowTask
from tests.methods.biggan_logit.small import TARGET
from tests.methods.flow_matching.small import TINY
from tests.training.small import make

pytestmark = pytest.mark.networks


class Guided(FlowMatching):
    """Another method by the same weights."""

    name = "guided"
    sampler: ClassVar[Sampler] = Sampler(steps=4, solver="euler", guidance=2.0)


@pytest.fixture
def weights(tiny_cifar: LoadedClassifier, tmp_path: Path) -> Path:
    return train_inverter(make(FlowTask, TINY, tiny_cifar, Engine()), tmp_path / "train", resume=False)


@pytest.mark.parametrize("rule", check.METHOD_RULES)
def test_keeps_the_rules_of_the_interface(rule: str, weights: Path) -> None:
    check.METHOD_RULES[rule](FlowMatching(TARGET, weights), torch.randn(5, 5))


def test_draws_depend_on_the_logits_and_seed_of_their_own_row(weights: Path) -> None:
    """Any sharding gives the same pictures."""
    inverter, z, seeds = FlowMatching(TARGET, weights), torch.randn(60, 5), list(range(60))
    whole = inverter.invert(z, seeds)
    assert whole.shape == (60, 3, 32, 32)
    assert whole.dtype == torch.float32
    for cut in (7, 25, 41):
        parts = [inverter.invert(z[a:b], seeds[a:b]) for a, b in ((0, cut), (cut, 60))]
        torch.testing.assert_close(torch.cat(parts), whole, rtol=0, atol=1e-5)
    order = torch.randperm(60, generator=torch.Generator().manual_seed(0))
    mixed = inverter.invert(z[order], [seeds[k] for k in order])
    torch.testing.assert_close(mixed, whole[order], rtol=0, atol=1e-5)
    other = inverter.invert(z, [seed + 1 for seed in seeds])
    assert float((other - whole).abs().amax((1, 2, 3)).min()) > 0.1


def test_guidance_1_follows_the_given_field_and_2_another_one(weights: Path) -> None:
    inverter, z, seeds = FlowMatching(TARGET, weights), torch.randn(3, 5), [1, 2, 3]
    told = torch.ones(3, dtype=torch.bool)
    x = sample_noise(seeds, 3, 32, 32)
    for k in range(12):  # Heun's rule
        here = inverter.reconstruct(x, torch.full((3,), k / 12), z, told)
        there = inverter.reconstruct(x + here / 12, torch.full((3,), (k + 1) / 12), z, told)
        x = x + (here + there) / 24
    torch.testing.assert_close(inverter.invert(z, seeds), ((x + 1) / 2).clamp(0, 1), rtol=0, atol=1e-5)
    guided, plain = Guided(TARGET, weights), Guided(TARGET, weights)
    plain.sampler = Sampler(4, "euler")  # type: ignore[misc]
    assert not torch.equal(guided.invert(z, seeds), plain.invert(z, seeds))


def test_another_setting_is_another_method_by_the_same_weights(tiny_cifar: LoadedClassifier, weights: Path) -> None:
    assert "bench train inverter flow-matching --classifier" in (FlowMatching.skip(TARGET) or "")
    assert FlowMatching.skip(TARGET) == Guided.skip(TARGET)
    settings = TINY.settings() | {"hash": TINY.digest()}
    own = own_inverter_weights("flow-matching", tiny_cifar.sha256, "cifar10", 32, settings)
    write_atomically(own, weights.read_bytes())
    assert FlowMatching.skip(TARGET) is Guided.skip(TARGET) is None
    assert Guided(TARGET).weights == FlowMatching(TARGET).weights


def test_it_declares_what_it_is(weights: Path) -> None:
    inverter = FlowMatching(TARGET, weights)
    assert (inverter.access, inverter.training, inverter.stochastic) == ("logits", "pairs", True)
    assert inverter.sampler == Sampler(steps=12, solver="heun", guidance=1.0)
    assert load(INVERTERS, "method", "flow-matching") is FlowMatching
