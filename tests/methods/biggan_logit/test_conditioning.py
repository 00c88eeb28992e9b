"""Conditional batch normalisation by hand, and convolutions that are PyTorch's by another way."""

import pytest
import torch
from torch import nn

from methods.biggan_logit.conditioning import (
    ConditionalBatchNorm,
    add_upsampled_,
    narrow_conv,
    taps_of,
    upsample,
    upsample_conv,
    upsampling_kernel,
)


def last_of(mlp: nn.Sequential) -> nn.Linear:
    last = mlp[-1]
    assert isinstance(last, nn.Linear)
    return last


def test_conditional_batch_norm_is_plain_where_the_mlps_vanish_and_affine_where_they_do_not() -> None:
    layer, y, z = ConditionalBatchNorm(4, 3, 8), torch.randn(6, 4, 5, 5), torch.randn(6, 3)
    normal = nn.functional.batch_norm(y, None, None, training=True)
    for mlp in (layer.gamma, layer.beta):
        nn.init.zeros_(last_of(mlp).weight)
        nn.init.zeros_(last_of(mlp).bias)
    torch.testing.assert_close(layer(y, z), normal)
    nn.init.constant_(last_of(layer.gamma).bias, 2.0)
    nn.init.constant_(last_of(layer.beta).bias, -1.0)
    torch.testing.assert_close(layer(y, z), 3 * normal - 1)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (4, 4), (5, 3)])
def test_one_transposed_convolution_is_upsampling_and_convolving(size: tuple[int, int], bias: bool) -> None:
    conv = nn.Conv2d(3, 7, 3, padding=1, bias=bias).double()
    x = torch.randn(2, 3, *size, dtype=torch.float64, requires_grad=True)
    expected, found = conv(upsample(x)), upsample_conv(x, upsampling_kernel(conv.weight), conv.bias)
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)
    slope = torch.randn_like(expected)
    wanted = torch.autograd.grad(expected, (x, conv.weight), slope)
    for a, b in zip(torch.autograd.grad(found, (x, conv.weight), slope), wanted, strict=True):
        torch.testing.assert_close(a, b, atol=1e-12, rtol=0)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (4, 4), (5, 3)])
def test_shifted_sums_of_products_are_a_convolution(size: tuple[int, int], bias: bool) -> None:
    conv = nn.Conv2d(6, 3, 3, padding=1, bias=bias).double().requires_grad_(False)
    x = torch.randn(2, 6, *size, dtype=torch.float64)
    found = narrow_conv(x, taps_of(conv.weight), conv.bias)
    torch.testing.assert_close(found, conv(x), atol=1e-12, rtol=0)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_an_upsampled_image_is_added_alike_with_and_without_gradients(layout: torch.memory_format) -> None:
    large, small = (torch.randn(2, 3, 4 * k, 2 * k).contiguous(memory_format=layout) for k in (2, 1))
    wanted = large + upsample(small)
    room = large.clone()
    with torch.no_grad():
        found = add_upsampled_(room, small)
    assert torch.equal(found, wanted)
    assert found.data_ptr() == room.data_ptr()
    assert torch.equal(add_upsampled_(large.clone(), small), wanted)


def test_stored_statistics_give_the_two_steps_in_one() -> None:
    layer, y, z = ConditionalBatchNorm(4, 3, 8).double(), torch.randn(6, 4, 5, 5).double(), torch.randn(6, 3).double()
    layer.train()(3 * y + 1, z)
    layer.eval()
    gamma, beta = 1 + layer.gamma(z), layer.beta(z)
    expected = gamma[:, :, None, None] * layer.norm(y) + beta[:, :, None, None]
    torch.testing.assert_close(layer(y, z), expected, atol=1e-12, rtol=0)
    assert not torch.allclose(layer.norm.running_mean, torch.zeros(4).double())  # type: ignore[arg-type]
