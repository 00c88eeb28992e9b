"""The private copy agrees with the network, whatever the network is, and leaves it alone."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import bench
from baselines.optimization import frozen
from baselines.optimization.frozen import NONE, SPEEDUPS, FrozenNetwork, Speedup
from bench.classifiers.providers.zoo import TARGETS

CPU = torch.device("cpu")


def settled(network: nn.Module) -> nn.Module:
    """Evaluation mode, with running statistics and scales that matter."""
    torch.manual_seed(5)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -1, 1)  # type: ignore[arg-type]
            nn.init.uniform_(module.running_var, 0.5, 2)  # type: ignore[arg-type]
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, 1)
    return network.eval().requires_grad_(False)


class Plain(nn.Module):
    """Convolution, norm, branch on the input's size, head: folded although it cannot be traced symbolically."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 5)

    def features(self, images: Tensor) -> Tensor:
        if float(images.detach().mean()) > 100:
            return images.mean((2, 3))
        return F.relu(self.norm(self.convolution(images)), inplace=True).mean((2, 3))

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images))  # type: ignore[no-any-return]


class Twice(Plain):
    """The norm's convolution is also used on its own: folding would change the function."""

    def features(self, images: Tensor) -> Tensor:
        h = self.convolution(images)
        return (F.relu(self.norm(h)) + h).mean((2, 3))  # type: ignore[no-any-return]


class Shared(Plain):
    """One norm behind two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.second = nn.Conv2d(8, 8, 3, 1, 1)

    def features(self, images: Tensor) -> Tensor:
        return self.norm(self.second(self.norm(self.convolution(images)))).mean((2, 3))  # type: ignore[no-any-return]


class Strided(Plain):
    """1x1 convolutions that skip pixels: one on its own, one used twice, one whose padding moves what it uses."""

    def __init__(self) -> None:
        super().__init__()
        self.alone = nn.Conv2d(8, 8, 1, (2, 1), groups=2)
        self.shared = nn.Conv2d(8, 8, 1, 2)
        self.again = self.shared
        self.padded = nn.Conv2d(8, 8, 1, 2, 1)

    def features(self, images: Tensor) -> Tensor:
        h = F.relu(self.norm(self.convolution(images)))  # (n, 8, 4, 4)
        maps = self.alone(h), self.shared(h), self.again(h.flip(2)), self.padded(h)
        return sum((m.square().mean((2, 3)) for m in maps), torch.zeros(()))


class Uncopyable(Plain):
    def __deepcopy__(self, memo: Any) -> Any:
        raise RuntimeError("no")


class NeedsFloat32(Plain):
    def features(self, images: Tensor) -> Tensor:
        h = self.convolution(images)
        if h.dtype != torch.float32:
            raise RuntimeError("float32 only")
        return F.relu(self.norm(h)).mean((2, 3))


class Fragile(Plain):
    """Adds and removes a large number: in bfloat16 nothing is left."""

    def features(self, images: Tensor) -> Tensor:
        h = self.norm(self.convolution(images))
        return ((h + 3e4) - 3e4).mean((2, 3))  # type: ignore[no-any-return]


def norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


@pytest.mark.parametrize(
    ("make", "speedup", "norms_left"),
    [
        (Plain, SPEEDUPS[0], 0),
        (Twice, SPEEDUPS[1], 1),
        (Shared, SPEEDUPS[0], 1),
        (NeedsFloat32, SPEEDUPS[2], 0),
        (Fragile, SPEEDUPS[2], 0),
        (Uncopyable, NONE, 1),
    ],
)
@pytest.mark.parametrize("layer", ["logits", "features"])
def test_the_fastest_way_that_agrees(
    make: Callable[[], nn.Module], speedup: Speedup, norms_left: int, layer: frozen.Layer
) -> None:
    network = settled(make())
    fast = FrozenNetwork(network, (8, 8), CPU, layer)
    assert fast.speedup == speedup
    assert norms(fast.network) == norms_left
    images = torch.rand(6, 3, 8, 8)
    exact = network(images) if layer == "logits" else network.features(images)  # type: ignore[operator]
    found = fast(images)
    assert found.dtype == torch.float32
    tolerance = 0.03 if speedup.precision == torch.bfloat16 else 1e-5
    assert ((found - exact).norm() / exact.norm()).item() <= tolerance


def test_strided_pointwise_convolutions_see_what_they_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outputs and gradients are those of the network; what is padded is left alone."""
    monkeypatch.setattr(frozen, "SPEEDUPS", SPEEDUPS[2:])
    network = settled(Strided())
    fast = FrozenNetwork(network, (8, 8), CPU)
    assert fast.speedup == SPEEDUPS[2]
    replaced = [name for name, module in fast.network.named_modules() if isinstance(module, frozen._Subsampled)]
    assert replaced == ["alone", "shared"]
    images = torch.rand(4, 3, 8, 8, requires_grad=True)
    exact, outputs = network(images), fast(images)
    assert torch.allclose(outputs, exact, rtol=1e-5, atol=1e-6)
    expected, found = (torch.autograd.grad(z.square().sum(), images)[0] for z in (exact, outputs))
    assert torch.allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_relus_of_bfloat16_have_the_bits_of_pytorchs(inplace: bool, memory: torch.memory_format) -> None:
    """Zeros of both signs, subnormal and infinite numbers among them."""
    torch.manual_seed(0)
    odd = torch.tensor([0.0, -0.0, 1e-40, -1e-40, math.inf, -math.inf]).bfloat16()
    values = torch.cat([odd, torch.randn(58).bfloat16()]).view(2, 4, 4, 2).contiguous(memory_format=memory)
    slope = torch.randn(2, 4, 4, 2).bfloat16()
    found = []
    for mode in (frozen._Kernels(), nullcontext()):
        start = values.clone().requires_grad_()
        with mode:
            x = start.clone()
            y = F.relu(x, inplace=inplace)
        assert (y is x) == inplace
        assert inplace or torch.equal(x, values)
        (gradient,) = torch.autograd.grad(y, start, slope)
        assert y.stride() == values.stride()
        found.append((y.detach(), gradient))
    (ours, our_gradient), (theirs, their_gradient) = found
    assert torch.equal(ours, theirs)
    assert torch.equal(our_gradient, their_gradient)


def test_what_is_no_relu_of_bfloat16_is_pytorchs() -> None:
    """Float32, where NaN stays too, a part of another tensor, and an argument by name."""
    x = torch.randn(4, 6)
    part = x.bfloat16()
    with frozen._Kernels():
        assert torch.equal(F.relu(x), x.clamp_min(0))
        assert F.relu(torch.tensor([-math.nan, math.nan])).isnan().all()
        assert torch.equal(nn.ReLU()(x.bfloat16()), x.bfloat16().clamp_min(0))
        assert torch.equal(F.relu(input=x.bfloat16()), x.bfloat16().clamp_min(0))
        F.relu(part[:2], inplace=True)
    assert torch.equal(part, torch.cat([x[:2].clamp_min(0), x[2:]]).bfloat16())


def test_the_way_is_chosen_from_those_that_are_given() -> None:
    network, images = settled(Plain()), torch.rand(6, 3, 8, 8)
    exact = FrozenNetwork(network, (8, 8), CPU, "logits", frozen.EXACT)
    assert exact.speedup == SPEEDUPS[2]
    assert torch.allclose(exact(images), network(images), rtol=1e-5, atol=1e-6)


def test_the_network_itself_stays_as_it_is() -> None:
    network = settled(Plain())
    before = copy.deepcopy(network.state_dict())
    fast = FrozenNetwork(network, (8, 8), CPU)
    assert fast.network is not network
    assert norms(network) == 1
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert not any(module._forward_hooks for module in (*network.modules(), *fast.network.modules()))


def test_gradients_reach_the_images_and_no_weight() -> None:
    network = settled(Plain())
    fast = FrozenNetwork(network, (8, 8), CPU)
    images = torch.rand(4, 3, 8, 8, requires_grad=True)
    fast(images).square().sum().backward()  # type: ignore[no-untyped-call]
    exact = torch.autograd.grad(network(images).square().sum(), images)[0]
    assert images.grad is not None
    assert F.cosine_similarity(images.grad.flatten(1), exact.flatten(1)).min().item() > 0.98
    assert all(p.grad is None for p in fast.network.parameters())


def test_feature_maps_are_flattened() -> None:
    class Maps(Plain):
        def features(self, images: Tensor) -> Tensor:
            return self.convolution(images)  # type: ignore[no-any-return]

    assert FrozenNetwork(settled(Maps()), (8, 8), CPU, "features")(torch.rand(2, 3, 8, 8)).shape == (2, 128)


@pytest.mark.networks
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
