"""Pixel by pixel gives what the whole pass gives, and draws have the network's own distribution."""

import pytest
import torch

from methods.nash_2019.likelihood import draw, log_probability
from methods.nash_2019.sampler import parameters_by_walk, sample
from tests.methods.nash_2019.small import inputs, network


def uniform(n: int, side: int = 16) -> torch.Tensor:
    return torch.rand(n, 4, side, side, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def test_every_pixel_has_the_parameters_of_the_whole_pass() -> None:
    made, (x, z, _) = network(), inputs()
    given = torch.tensor([True, False, True])
    whole = made(x, z, given)
    for k, (found, place) in enumerate(parameters_by_walk(made, z, given, 16)):
        torch.testing.assert_close(found, whole[:, :, k // 16, k % 16], rtol=0, atol=1e-11)
        place.copy_(x[:, :, k // 16, k % 16])
    assert k == 255


def test_a_sample_is_what_inverting_its_own_distributions_gives() -> None:
    made, (_, z, given), chance = network(), inputs(), uniform(3)
    images = sample(made, z, given, chance)
    assert images.shape == (3, 3, 16, 16)
    assert 0 <= float(images.min()) < 0.1 < 0.9 < float(images.max()) <= 1
    x = 2 * images - 1
    parameters = made(x, z, given)
    for row, column in ((0, 0), (3, 8), (15, 15)):
        expected = draw(parameters[:, :, row, column], chance[:, :, row, column])
        torch.testing.assert_close(x[:, :, row, column], expected)


def test_draws_depend_on_nothing_but_their_own_row() -> None:
    made, (_, z, given), chance = network(), inputs(), uniform(3, 8)
    whole = sample(made, z, given, chance)
    assert torch.equal(sample(made, z[1:2], given[1:2], chance[1:2]), whole[1:2])
    assert not torch.equal(sample(made, z, given, 1 - chance), whole)
    assert not torch.equal(sample(made, -z, given, chance), whole)


def test_the_network_finds_its_own_draws_as_probable_as_it_should() -> None:
    """Mean -log q over draws is the entropy that each pixel's own distribution has, in expectation: both agree."""
    made, n = network(), 40
    _, z, given = inputs(n, side=8)
    images = sample(made, z, given, uniform(n, 8))
    x = 2 * images - 1
    parameters = made(x, z, given)
    cost = -log_probability(parameters, x).sum((1, 2))
    fresh = []
    for k in range(5):  # other draws of each pixel from the same distributions
        chance = torch.rand(n, 4, 8, 8, generator=torch.Generator().manual_seed(10 + k), dtype=torch.float64)
        flat = parameters.permute(0, 2, 3, 1).flatten(0, 2)
        other = draw(flat, chance.permute(0, 2, 3, 1).flatten(0, 2)).view(n, 8, 8, 3).permute(0, 3, 1, 2)
        fresh.append(-log_probability(parameters, other).sum((1, 2)))
    expected = torch.stack(fresh).mean(0)
    gap = cost - expected
    assert float(gap.mean()) == pytest.approx(0, abs=4 * float(gap.std()) / n**0.5)
