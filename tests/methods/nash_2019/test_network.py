"""The network: no place sees itself or what comes after it, every block is told, logits left out are all alike."""

import pytest
import torch

from methods.nash_2019.likelihood import log_probability
from methods.nash_2019.network import Causal, Gated, network_of
from methods.nash_2019.train import NashTrainer
from tests.methods.nash_2019.small import TINY, inputs, network

PLACES = [(0, 0), (0, 5), (5, 7), (8, 0), (4, 4), (9, 15), (15, 15)]


@pytest.mark.parametrize("place", PLACES)
def test_a_pixel_sees_what_is_before_it_and_nothing_else(place: tuple[int, int]) -> None:
    made, (x, z, given) = network(), inputs(1)
    x.requires_grad_()
    made(x, z, given)[:, :, place[0], place[1]].sum().backward()
    assert x.grad is not None
    seen = (x.grad.abs().sum((0, 1)) > 0).flatten()  # by pixel, in reading order
    now = place[0] * 16 + place[1]
    assert not seen[now:].any()
    assert bool(seen[max(0, now - 1) : now].all())
    assert float(seen[:now].float().mean()) > 0.9 or now == 0  # far columns at either end may be out of reach


def test_no_colour_is_told_by_one_after_it() -> None:
    """log q of red depends on no green: its distribution is the same whatever the others are."""
    made, (x, z, given) = network(), inputs(1)
    parameters = made(x, z, given)
    changed = x.clone()
    changed[:, 1:, 8, 8] = -changed[:, 1:, 8, 8]
    after = made(changed, z, given)
    torch.testing.assert_close(after[:, :, 8, 8], parameters[:, :, 8, 8])  # of the pixel itself
    assert not torch.allclose(after[:, :, 8, 9], parameters[:, :, 8, 9])
    nats = [log_probability(parameters, one)[0, 8, 8] for one in (x, changed)]
    assert nats[0] != nats[1]


def test_logits_that_are_left_out_are_all_alike() -> None:
    made, (x, z, given) = network(), inputs()
    told, free = made(x, z, given), made(x, z, ~given)
    assert torch.equal(free, made(x, 5 * z - 1, ~given))
    assert float((told - free).abs().amax((1, 2, 3)).min()) > 1e-3
    mixed = made(x, z, torch.tensor([True, False, True]))
    torch.testing.assert_close(mixed[1], free[1])
    torch.testing.assert_close(mixed[0], told[0])


def test_every_block_of_both_streams_is_told_the_logits() -> None:
    made, (x, z, given) = network(), inputs(1)
    blocks = [block for block in made.modules() if isinstance(block, Gated)]
    assert len(blocks) == 2 * (3 * TINY.blocks + 2 * (TINY.blocks + 1) + TINY.blocks)
    whole = made(x, z, given)
    for block in blocks:
        before = block.told.weight.clone()
        block.told.weight.zero_()
        assert not torch.allclose(made(x, z, given), whole)
        block.told.weight.copy_(before)


def test_rows_do_not_see_each_other() -> None:
    made, given = network(), inputs()
    torch.testing.assert_close(made(*given)[1:2], made(*(one[1:2] for one in given)))


def test_a_convolution_is_normalised_by_its_weights() -> None:
    layer = Causal(4, 6, (2, 3)).double()
    x = torch.randn(1, 4, 8, 8, dtype=torch.float64)
    before = layer(x)
    with torch.no_grad():
        layer.conv.parametrizations.weight.original1.mul_(7)
    torch.testing.assert_close(layer(x), before)


def test_a_frozen_network_gives_the_same() -> None:
    torch.manual_seed(0)
    made, (x, z, given) = network_of(5, TINY.settings()).double(), inputs()
    before = made(x, z, given)
    made.freeze()
    torch.testing.assert_close(made(x, z, given), before)
    assert not any("parametrizations" in name for name in made.state_dict())


@pytest.mark.parametrize("k", [10, 1_000])
def test_weights_fit_into_their_file(k: int) -> None:
    """By 1.34 bytes a parameter, as packed files of trained weights take."""
    made = network_of(k, NashTrainer().recipe().settings())
    assert 3 < 1.34e-6 * sum(p.numel() for p in made.parameters()) < 5
