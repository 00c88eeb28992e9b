"""Padding as TensorFlow has it: an odd pixel goes to the right and the bottom."""

import pytest
import torch
import torch.nn.functional as F

from bench.classifiers.same import SameConv, SameMaxPool, same_pad


@pytest.mark.parametrize("kernel", [1, 3, 7])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("side", [7, 8, 15, 32])
def test_a_window_fits_as_often_as_it_strides(side: int, stride: int, kernel: int) -> None:
    padded = same_pad(torch.ones(1, 1, side, side), kernel, stride)
    assert F.max_pool2d(padded, kernel, stride).shape[2:] == (-(-side // stride), -(-side // stride))


def test_the_odd_pixel_goes_to_the_right_and_the_bottom() -> None:
    padded = same_pad(torch.ones(1, 1, 4, 6), 3, 2)
    assert torch.equal(padded, F.pad(torch.ones(1, 1, 4, 6), (0, 1, 0, 1)))
    odd = same_pad(torch.ones(1, 1, 5, 5), 3, 2)
    assert torch.equal(odd, F.pad(torch.ones(1, 1, 5, 5), (1, 1, 1, 1)))


def test_a_strided_convolution_sums_what_its_window_sees() -> None:
    conv = SameConv(1, 1, 3, 2, bias=False)
    torch.nn.init.ones_(conv.weight)
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    # Rows 0 to 2 and columns 0 to 2, then columns 2 and 3, and so on: nothing stands to the left or above.
    assert conv(x)[0, 0].tolist() == [[45, 39], [66, 50]]


def test_at_stride_1_it_is_the_usual_convolution() -> None:
    conv, x = SameConv(2, 3, 3), torch.rand(1, 2, 5, 5)
    torch.testing.assert_close(conv(x), F.conv2d(x, conv.weight, conv.bias, padding=1))


def test_maxima_of_negative_maps_are_not_those_of_the_padding() -> None:
    assert float(SameMaxPool()(torch.full((1, 1, 4, 4), -3.0)).max()) == -3.0
