"""The white-box inverters: constants by the stated arithmetic, presets, starts, solutions, real classifiers."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import bench
from baselines.optimization import chunks, engstrom, mahendran_vedaldi, optimizer
from baselines.optimization.engstrom import Engstrom, EngstromFeatures
from baselines.optimization.frozen import FrozenNetwork
from baselines.optimization.inverter import ImageSpaceInverter
from baselines.optimization.mahendran_vedaldi import MahendranVedaldi, Settings
from baselines.optimization.objectives import alpha_norm, total_variation
from bench.classifiers.providers.zoo import TARGETS
from bench.inverters.base import Target
from bench.seeding import sample_noise

CPU = torch.device("cpu")
METHODS = (MahendranVedaldi, Engstrom, EngstromFeatures)


class Small(nn.Module):
    """A smooth network of 6 logits and 16 features."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.convolution, self.head = nn.Conv2d(3, 16, 5, 2), nn.Linear(16, 6)
        self.eval().requires_grad_(False)

    def features(self, images: Tensor) -> Tensor:
        return torch.tanh(self.convolution(images - 0.5)).mean((2, 3)) * 10

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images))  # type: ignore[no-any-return]


def target(preset: str = "fast", side: int = 32, network: nn.Module | None = None) -> Target:
    return Target("small", "", "cifar10", 6, (side, side), CPU, preset, network or Small())


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(chunks.SIZES, "cpu", (4, 2))


def test_the_published_constants_at_32_pixels() -> None:
    method = MahendranVedaldi(target("paper"), Settings(lambda_tv=100, lambda_alpha=8e-10, eta=0.004))
    assert method.tv == pytest.approx(0.004428, rel=1e-3)
    assert method.alpha == pytest.approx(0.007537, rel=1e-3)
    stages = [(0.8976, 100), (0.08976, 200), (0.008976, 100)]
    assert method.plan.rates == pytest.approx([rate for rate, count in stages for _ in range(count)], rel=1e-3)


def test_the_published_constants_at_their_own_size() -> None:
    """At 227 pixels only the units change: x = 255 y."""
    method = MahendranVedaldi(target(side=227), Settings(lambda_tv=100, lambda_alpha=8e-10, eta=0.004))
    torch.manual_seed(0)
    y = torch.rand(1, 3, 9, 9) - 0.5
    published = 50 * total_variation(255 * y.double()) / 27_098.116**2
    assert (method.tv * total_variation(y)).item() == pytest.approx(published.item(), rel=1e-5)
    published = 4e-10 * alpha_norm(255 * y.double(), 6) / 27_098.116**2
    assert (method.alpha * alpha_norm(y, 6)).item() == pytest.approx(published.item(), rel=1e-4)


def test_priors_of_one_picture_are_the_same_at_any_size() -> None:
    def picture(side: int) -> Tensor:
        t = (torch.arange(side) + 0.5) / side * 2 * math.pi
        waves = [torch.outer(torch.sin(k * t), torch.cos(t)) / 2 for k in (1, 2, 3)]
        return torch.stack(waves)[None]

    small, large = MahendranVedaldi(target(side=32)), MahendranVedaldi(target(side=128))
    ratio = large.tv * total_variation(picture(128)) / (small.tv * total_variation(picture(32)))
    assert ratio.item() == pytest.approx(1, abs=0.08)  # differences across the border are missing
    ratio = large.alpha * alpha_norm(picture(128), 6) / (small.alpha * alpha_norm(picture(32), 6))
    assert ratio.item() == pytest.approx(1, abs=0.01)


def test_engstroms_step_keeps_its_size_a_value() -> None:
    assert Engstrom(target(side=224)).plan.rates[0] == 1
    assert Engstrom(target(side=32)).plan.rates[0] == pytest.approx(1 / 7)


def test_steps_of_the_presets() -> None:
    for cls in METHODS:
        assert len(cls(target("fast")).plan.rates) == 200
    assert len(MahendranVedaldi(target("paper")).plan.rates) == 400
    assert len(Engstrom(target("paper")).plan.rates) == len(EngstromFeatures(target("paper")).plan.rates) == 10_000


def test_jitter_ends_before_the_last_stage() -> None:
    plan = MahendranVedaldi(target("paper"), Settings(jitter=1)).plan
    assert (plan.jitter, plan.jittered) == (1, 300)


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


def test_stronger_priors_give_smoother_images() -> None:
    network = Small()
    z = network(torch.rand(3, 3, 32, 32))
    roughness = [
        total_variation(MahendranVedaldi(target(), Settings(lambda_tv=weight)).invert(z, range(3))).mean().item()
        for weight in (0.0, 10.0, 1000.0)
    ]
    assert roughness[0] > 2 * roughness[1] > 4 * roughness[2]


def test_works_where_the_caller_has_switched_gradients_off() -> None:
    method, z = Engstrom(target()), torch.randn(2, 6)
    with torch.no_grad():
        assert torch.equal(method.invert(z, [0, 1]), method.invert(z, [0, 1]))


def test_features_are_needed_for_engstrom_features() -> None:
    reason = EngstromFeatures.skip(target(network=nn.Sequential(nn.Flatten(), nn.Linear(3072, 6))))
    assert reason is not None
    assert "engstrom" in reason
    assert EngstromFeatures.skip(target()) is None


@pytest.mark.parametrize("name", TARGETS)
def test_real_classifiers_run_fast_and_each_row_keeps_its_bits_in_any_company(name: str) -> None:
    network = bench.load_classifier(name)
    fast = FrozenNetwork(network, (32, 32), CPU)
    assert fast.speedup.precision == torch.bfloat16
    assert not any(isinstance(module, nn.BatchNorm2d) for module in fast.network.modules())
    torch.manual_seed(0)
    images, order = torch.rand(8, 3, 32, 32), torch.randperm(8)
    company = torch.cat([images[:3], torch.rand(5, 3, 32, 32)])

    def gradient(x: Tensor) -> Tensor:
        x = x.clone().requires_grad_()
        return torch.autograd.grad(fast(x).square().sum(), x)[0]

    g = gradient(images)
    assert torch.equal(g[order], gradient(images[order]))
    assert torch.equal(g[:3], gradient(company)[:3])
