"""What the white-box inverters share: presets, precisions, starts, solutions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from baselines.optimization import engstrom, mahendran_vedaldi, optimizer
from baselines.optimization.engstrom import Engstrom, EngstromFeatures
from baselines.optimization.frozen import FrozenNetwork
from baselines.optimization.inverter import ImageSpaceInverter
from baselines.optimization.mahendran_vedaldi import MahendranVedaldi
from bench.seeding import sample_noise
from tests.baselines.optimization.small import Small, target

METHODS = (MahendranVedaldi, Engstrom, EngstromFeatures)


def test_steps_of_the_presets() -> None:
    for cls in METHODS:
        assert len(cls(target("fast")).plan.rates) == 200
    assert len(MahendranVedaldi(target("paper")).plan.rates) == 400
    assert len(Engstrom(target("paper")).plan.rates) == len(EngstromFeatures(target("paper")).plan.rates) == 10_000


def test_the_end_of_mahendran_vedaldi_is_computed_in_float32_and_nothing_else_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[torch.dtype] = []
    ask = FrozenNetwork.__call__

    def asking(self: FrozenNetwork, images: Tensor) -> Tensor:
        seen.append(self.speedup.precision)
        return ask(self, images)

    monkeypatch.setitem(mahendran_vedaldi.ITERATIONS, "fast", (2, mahendran_vedaldi.SETTLING + 3, 4))
    monkeypatch.setattr(optimizer, "HALF_LEVEL", 0.0)
    monkeypatch.setattr(FrozenNetwork, "__call__", asking)
    for cls in METHODS:
        method = cls(target())
        method.sizes(1)
        seen.clear()
        method.invert(torch.ones(1, 16 if cls is EngstromFeatures else 6), [0])
        last = mahendran_vedaldi.SETTLING + 4 if cls is MahendranVedaldi else 0
        assert seen == [torch.bfloat16] * (len(seen) - last) + [torch.float32] * last
        assert len(seen) > last


@pytest.mark.parametrize(
    ("cls", "start"),
    [
        (MahendranVedaldi, lambda noise: 0.5 + 0.2703 * noise),
        (Engstrom, lambda noise: 0.5 + noise / 20),
        (EngstromFeatures, lambda noise: 0.5 + noise / 20),
    ],
)
def test_the_start_is_noise_of_the_seed_and_nothing_else(
    cls: type[ImageSpaceInverter], start: Callable[[Tensor], Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a step the answer is the start, whatever the logits."""
    monkeypatch.setitem(mahendran_vedaldi.ITERATIONS, "fast", (0, 0, 0))
    monkeypatch.setitem(engstrom.STEPS, "fast", 0)
    method, seeds = cls(target()), [3, 4, 5]
    expected = start(sample_noise(seeds, 3, 32, 32)).clamp(0, 1)
    for z in (torch.zeros(3, 6), torch.randn(3, 6)):
        assert torch.allclose(method.invert(z, seeds), expected, atol=1e-4)


@pytest.mark.parametrize("cls", METHODS)
def test_reaches_the_logits_of_an_image(cls: type[ImageSpaceInverter]) -> None:
    network, originals = Small(), torch.rand(5, 3, 32, 32).pow(2)
    wanted = network.features(originals) if cls is EngstromFeatures else network(originals)
    found = cls(target(network=network)).invert(wanted, range(5))
    outputs = network.features(found) if cls is EngstromFeatures else network(found)
    error = (outputs - wanted).norm(dim=1) / wanted.norm(dim=1)
    assert error.max().item() < 0.05
    assert 0 <= found.min().item() <= found.max().item() <= 1
    assert not found.requires_grad


def test_works_where_the_caller_has_switched_gradients_off() -> None:
    method, z = Engstrom(target()), torch.randn(2, 6)
    with torch.no_grad():
        assert torch.equal(method.invert(z, [0, 1]), method.invert(z, [0, 1]))
