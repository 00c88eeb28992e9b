"""The network of LPIPS: all of its weights ship, and opening it draws nothing."""

from pathlib import Path

import pytest
import torch

from bench.metrics.extractors.lpips_alex import LpipsAlex, load_lpips
from bench.weights.files import entry, load_shipped

pytestmark = pytest.mark.networks


def test_random_state_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    net = load_lpips()
    assert torch.equal(before, torch.random.get_rng_state())
    assert not net.training
    assert not any(p.requires_grad for p in net.parameters())


def test_its_convolutions_are_those_that_ship_and_its_linear_layers_the_packages() -> None:
    import lpips

    state, shipped = load_lpips().state_dict(), load_shipped("lpips_alex")
    assert {name for name in state if name.startswith("net.")} == set(shipped)
    assert all(torch.equal(state[name], value) for name, value in shipped.items())
    linear = torch.load(Path(lpips.__file__).parent / "weights/v0.1/alex.pth", "cpu", weights_only=True)
    assert linear
    assert all(torch.equal(state[name], value) for name, value in linear.items())


def test_it_compares_pairs_and_gives_no_features() -> None:
    one = LpipsAlex()
    assert (one.sha256(), one.dimension) == (entry("lpips_alex").sha256, 0)
    a, b = torch.rand(2, 2, 3, 64, 64)
    network = one.network(torch.device("cpu"))
    assert network(a, b, normalize=True).shape == (2, 1, 1, 1)
    assert torch.equal(network(a, a, normalize=True), torch.zeros(2, 1, 1, 1))
