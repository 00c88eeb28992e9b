"""The velocity network: shapes at each size, what it is told, what it starts from, how much fits into a file."""

import pytest
import torch
import torch.nn.functional as F

from methods.flow_matching.network import FASTEST, SIZES, Attention, Velocity, time_features, velocity_of
from methods.flow_matching.train import FlowTrainer
from tests.methods.flow_matching.small import TINY


def network(size: int = 32, k: int = 5) -> Velocity:
    """With no layer at zero."""
    torch.manual_seed(0)
    made = velocity_of(k, size, TINY.settings())
    for parameter in made.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return made.eval().requires_grad_(False)


def inputs(n: int = 3, size: int = 32, k: int = 5) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(1)
    x, z = torch.randn(n, 3, size, size, generator=generator), torch.randn(n, k, generator=generator)
    return x, torch.rand(n, generator=generator), z, torch.ones(n, dtype=torch.bool)


@pytest.mark.parametrize("size", SIZES)
def test_every_pixel_gets_a_velocity(size: int) -> None:
    x, t, z, given = inputs(size=size)
    v = network(size)(x, t, z, given)
    assert v.shape == x.shape
    assert float(v.std((0, 1)).min()) > 0


def test_it_starts_from_zero() -> None:
    assert not velocity_of(5, 32, TINY.settings())(*inputs()).any()


def test_it_follows_the_time_the_logits_and_every_pixel() -> None:
    made, (x, t, z, given) = network(), inputs()
    v = made(x, t, z, given)
    for other in (made(x, 1 - t, z, given), made(x, t, z + 1, given), made(x.flip(3), t, z, given)):
        assert float((other - v).abs().amax((1, 2, 3)).min()) > 1e-4


def test_logits_that_are_left_out_are_all_alike() -> None:
    made, (x, t, z, given) = network(), inputs()
    free = made(x, t, z, ~given)
    assert torch.equal(free, made(x, t, 5 * z - 1, ~given))
    assert not torch.allclose(free, made(x, t, z, given))
    mixed = made(x, t, z, torch.tensor([True, False, True]))
    torch.testing.assert_close(mixed[1], free[1])
    torch.testing.assert_close(mixed[0], made(x, t, z, given)[0])
    made.embedding.null.add_(1)
    assert not torch.allclose(free, made(x, t, z, ~given))


def test_rows_do_not_see_each_other() -> None:
    made, given = network(), inputs()
    torch.testing.assert_close(made(*given)[1:2], made(*(one[1:2] for one in given)))


@pytest.mark.parametrize("k", [10, 1_000])
def test_logits_enter_with_the_same_weight_however_many_there_are(k: int) -> None:
    torch.manual_seed(0)
    embedding = velocity_of(k, 32, TINY.settings() | {"width": 512}).embedding
    z = 7 + 3 * torch.randn(2_000, k)
    embedding.standardise.fit(z)
    hidden = embedding.logits[0](10**0.5 * embedding.standardise(z))
    assert float(hidden.detach().var()) == pytest.approx(1, rel=0.15)


def test_times_turn_from_once_to_a_thousand_radians() -> None:
    t = torch.tensor([0.0, 0.3, 1.0], dtype=torch.float64)
    found = time_features(t)
    assert found.shape == (3, 64)
    assert found[0].tolist() == [1.0] * 32 + [0.0] * 32
    torch.testing.assert_close(found[:, 0], t.cos())
    torch.testing.assert_close(found[:, 63], (FASTEST * t).sin())


def test_attention_equals_pytorchs_own() -> None:
    torch.manual_seed(0)
    attention, x = Attention(64), torch.randn(2, 64, 4, 4)
    torch.nn.init.normal_(attention.out.weight, std=0.1)
    reference = torch.nn.MultiheadAttention(64, 2, batch_first=True)
    reference.in_proj_weight.data, reference.in_proj_bias.data = attention.qkv.weight.data, attention.qkv.bias.data
    reference.out_proj.weight.data, reference.out_proj.bias.data = attention.out.weight.data, attention.out.bias.data
    tokens = F.group_norm(x, 4).flatten(2).transpose(1, 2)
    expected = x + reference(tokens, tokens, tokens)[0].transpose(1, 2).view_as(x)
    torch.testing.assert_close(attention(x), expected)


@pytest.mark.parametrize(
    ("recipe", "size", "k", "megabytes"), [("cpu", 32, 10, 4), ("cpu", 32, 1_000, 4), ("cpu64", 64, 1_000, 6)]
)
def test_weights_fit_into_their_file(recipe: str, size: int, k: int, megabytes: float) -> None:
    """By 1.34 bytes a parameter: so much took a packed file of trained weights with 7 bits of the mantissa."""
    made = velocity_of(k, size, FlowTrainer().recipe(recipe).settings())
    assert 0.75 * megabytes < 1.34e-6 * sum(p.numel() for p in made.parameters()) < megabytes
