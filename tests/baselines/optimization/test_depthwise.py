"""A depthwise convolution with a stride keeps its outputs, and its gradient is PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from baselines.optimization import depthwise


def outputs_and_gradient(convolve: Callable[..., Tensor], x: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
    x = x.clone().requires_grad_()
    y = convolve(x, *rest)
    slope = torch.linspace(-1, 1, y.numel()).to(y.dtype).view_as(y)
    return y.detach(), torch.autograd.grad(y, x, slope)[0]


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(3, 2, 1), (5, (2, 2), (2, 2)), (3, 2, 0), (4, 3, 1), (2, 2, 0), (3, (2, 1), 1)]
)
@pytest.mark.parametrize("side", [7, 8, 16])
@pytest.mark.parametrize("biased", [True, False])
def test_outputs_and_gradient_are_those_of_pytorch(
    kernel: int, stride: Any, padding: Any, side: int, biased: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depthwise, "SLOW", torch.float64)  # without bfloat16's rounding
    torch.manual_seed(0)
    weight, bias = torch.randn(6, 1, kernel, kernel).double(), torch.randn(6).double() if biased else None
    given = weight, bias, stride, padding, 1, 6
    x = torch.randn(3, 6, side, side + 1, dtype=torch.float64)
    expected, slope = outputs_and_gradient(F.conv2d, x, *given)
    found, gradient = outputs_and_gradient(depthwise.conv2d, x, *given)
    assert torch.equal(found, expected)
    torch.testing.assert_close(gradient, slope, rtol=1e-12, atol=1e-12)
    assert "_StridedDepthwise" in str(depthwise.conv2d(x.requires_grad_(), *given).grad_fn)


def test_in_bfloat16_it_is_as_close_to_float32_as_pytorchs_own() -> None:
    torch.manual_seed(1)
    weight, x = torch.randn(16, 1, 5, 5).bfloat16(), torch.randn(2, 16, 20, 20).bfloat16()
    given = None, 2, 2, 1, 16
    _, exact = outputs_and_gradient(F.conv2d, x.float(), weight.float(), *given)
    _, own = outputs_and_gradient(F.conv2d, x, weight, *given)
    _, ours = outputs_and_gradient(depthwise.conv2d, x, weight, *given)
    assert ours.dtype == torch.bfloat16
    assert (ours.float() - exact).norm() <= 1.05 * (own.float() - exact).norm()


def test_under_autocast_the_gradient_has_the_type_of_the_input() -> None:
    weight = torch.randn(4, 1, 3, 3).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found, gradient = outputs_and_gradient(depthwise.conv2d, torch.randn(1, 4, 8, 8), weight, None, 2, 1, 1, 4)
    assert found.dtype == torch.bfloat16
    assert gradient.dtype == torch.float32


@pytest.mark.parametrize(
    ("shape", "rest"),
    [
        ((4, 1, 3, 3), (1, 1, 1, 4)), ((8, 1, 3, 3), (2, 1, 1, 4)), ((4, 2, 3, 3), (2, 1, 1, 2)),
        ((4, 1, 3, 3), (2, 2, 2, 4)), ((4, 1, 1, 1), (2, 1, 1, 4)), ((4, 1, 3, 3), (1, "same", 1, 4)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_others_go_to_pytorch(
    shape: tuple[int, ...], rest: tuple[Any, ...], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depthwise, "_StridedDepthwise", None)
    x, weight = torch.randn(2, 4, 9, 9).to(dtype), torch.randn(shape).to(dtype)
    assert torch.equal(depthwise.conv2d(x, weight, None, *rest), F.conv2d(x, weight, None, *rest))


def test_float32_and_trainable_weights_go_to_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depthwise, "_StridedDepthwise", None)
    x, weight = torch.randn(2, 4, 9, 9), torch.randn(4, 1, 3, 3)
    assert depthwise.conv2d(x, weight, None, 2, 1, 1, 4).shape == (2, 4, 5, 5)
    trained = weight.bfloat16().requires_grad_()
    assert depthwise.conv2d(x.bfloat16(), trained, None, 2, 1, 1, 4).requires_grad
