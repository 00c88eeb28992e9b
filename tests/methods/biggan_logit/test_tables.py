"""Sizes above 32 px: parameter counts by hand from the published tables, shapes, attention in its place."""

import pytest
import torch
from torch.nn.utils import parametrize

from bench.errors import UsageError
from methods.biggan_logit.attention import SelfAttention
from methods.biggan_logit.discriminator import Discriminator, trainable_discriminator
from methods.biggan_logit.generator import NOISE_DIM, Generator, effective_state, generator_of, trainable_generator
from tests.methods.biggan_logit.small import count

K, HIDDEN = 1_000, 128


def conv(c_in: int, c_out: int, side: int = 3) -> int:
    return side * side * c_in * c_out + c_out


def block(c_in: int, c_out: int) -> int:
    """Two 3x3 convolutions and a 1x1 shortcut."""
    return conv(c_in, c_out) + conv(c_out, c_out) + conv(c_in, c_out, 1)


def attention(c: int) -> int:
    """Queries and keys c/8 wide, values c/2, the way back, and the gain; no biases."""
    return 2 * c * (c // 8) + 2 * c * (c // 2) + 1


def mlps(c: int) -> int:
    return 2 * (K * HIDDEN + HIDDEN + HIDDEN * c + c)


def test_discriminator_at_128_px_has_the_published_parameters_less_one_bias() -> None:
    """Brock et al. 2019, table 4: ch, 2, 4, 8, 16 ch halving, 16 ch without a shortcut; attention at 64 px."""
    c = 96
    halving = block(3, c) + block(c, 2 * c) + block(2 * c, 4 * c) + block(4 * c, 8 * c) + block(8 * c, 16 * c)
    last = 2 * conv(16 * c, 16 * c)  # as wide as its input, no halving: no shortcut convolution
    embedding_and_linear = K * 16 * c + 16 * c + 1
    published = halving + attention(c) + last + embedding_and_linear
    with torch.device("meta"):
        assert count(Discriminator(K, c, 128)) == published - 1


def test_generator_at_128_px_has_the_published_layers_and_its_conditioning_besides() -> None:
    """Brock et al. 2019, table 4: 16 ch at 4x4, then 16, 8, 4, 2, ch; attention at 64 px."""
    c = 96
    blocks = block(16 * c, 16 * c) + block(16 * c, 8 * c) + block(8 * c, 4 * c) + block(4 * c, 2 * c) + block(2 * c, c)
    linear = NOISE_DIM * 16 * 16 * c + 16 * 16 * c
    conditioning = sum(mlps(n * c) for n in (16, 16, 16, 8, 8, 4, 4, 2, 2, 1, 1))  # two a block, one at the end
    with torch.device("meta"):
        assert count(Generator(K, c, HIDDEN, 128)) == linear + blocks + attention(2 * c) + conv(c, 3) + conditioning


def test_both_at_64_px() -> None:
    """G: 16 ch, then 16, 8, 4, 2 ch; D: ch, 2, 4, 8 ch halving thrice more, 16 ch; attention at 32 px."""
    c = 64
    up = block(16 * c, 16 * c) + block(16 * c, 8 * c) + block(8 * c, 4 * c) + block(4 * c, 2 * c)
    conditioning = sum(mlps(n * c) for n in (16, 16, 16, 8, 8, 4, 4, 2, 2))
    g = NOISE_DIM * 16 * 16 * c + 16 * 16 * c + up + attention(4 * c) + conv(2 * c, 3) + conditioning
    down = block(3, c) + block(c, 2 * c) + block(2 * c, 4 * c) + block(4 * c, 8 * c) + block(8 * c, 16 * c)
    d = down + attention(c) + K * 16 * c + 16 * c
    with torch.device("meta"):
        assert count(Generator(K, c, HIDDEN, 64)) == g
        assert count(Discriminator(K, c, 64)) == d


@pytest.mark.parametrize("size", [64, 128])
def test_images_and_scores_have_their_shapes_and_attention_has_spectral_norm(size: int) -> None:
    torch.manual_seed(0)
    g, d = trainable_generator(5, 8, 4, size), trainable_discriminator(5, 8, size)
    assert [m.gain.item() for m in (*g.modules(), *d.modules()) if isinstance(m, SelfAttention)] == [0, 0]
    for net in (g, d):
        for module in net.modules():
            if isinstance(module, SelfAttention):
                assert all(parametrize.is_parametrized(layer) for layer in module.children())
    z, eps = torch.randn(2, 5), torch.randn(2, NOISE_DIM)
    seen: list[tuple[int, ...]] = []
    g.attention.register_forward_hook(lambda _module, given, _out: seen.append(tuple(given[0].shape[2:])))
    g.eval()
    images = g(z, eps)
    assert images.shape == (2, 3, size, size)
    assert seen == [(size // 2, size // 2)]
    assert d(images, z).shape == (2,)
    plain = generator_of(5, size, {"channels": 8, "hidden": 4})
    plain.load_state_dict(effective_state(g))
    torch.testing.assert_close(plain.eval()(z, eps), images)


def test_other_sizes_are_refused() -> None:
    with pytest.raises(UsageError, match="32, 64, 128 px, not for 48 px"):
        Generator(5, 2, 8, 48)
