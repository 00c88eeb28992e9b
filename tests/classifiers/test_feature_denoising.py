"""Xie et al.'s ResNet-152: its arrays, and what a denoising block computes."""

import pytest
import torch
from torch import nn

from bench.classifiers.feature_denoising import Denoise, array_names, load_arrays, same_resnet

NUMBER = {False: 777, True: 805}  # of arrays that tensorpack's own network has


@pytest.mark.parametrize("denoise", NUMBER)
def test_as_many_arrays_as_tensorpack_has(denoise: bool) -> None:
    with torch.device("meta"):
        names = array_names(same_resnet(denoise))
    assert len(set(names.values())) == len(names) == NUMBER[denoise]


def test_a_denoising_block_adds_a_mean_over_all_places_weighted_by_softmax() -> None:
    """Equation 2 of the paper, written out place by place."""
    torch.manual_seed(0)
    block, x = Denoise(4).eval(), torch.rand(1, 4, 2, 3)
    with torch.no_grad():
        theta, phi = (conv(x).flatten(2)[0] for conv in (block.theta, block.phi))  # (C / 2, HW)
        mean = torch.empty(4, 6)
        for i in range(6):
            weights = torch.softmax(torch.stack([theta[:, i] @ phi[:, j] for j in range(6)]) / 2**0.5, dim=0)
            mean[:, i] = sum(weights[j] * x.flatten(2)[0, :, j] for j in range(6))
        expected = x + block.bn(block.conv(mean.view(1, 4, 2, 3)))
        torch.testing.assert_close(block(x), expected)


def test_kernels_are_turned_and_a_wrong_shape_is_named() -> None:
    body = same_resnet(False, (1, 1, 1, 1))
    state, names = body.state_dict(), array_names(body)
    turned = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}
    arrays = {
        names[key]: torch.rand_like(value).permute(turned[value.ndim]) for key, value in state.items() if key in names
    }
    load_arrays(body, {f"{name}:0": array for name, array in arrays.items()})
    assert torch.equal(body.conv1.weight[5, 2], arrays["conv0/W"][:, :, 2, 5])
    assert torch.equal(nn.functional.linear(torch.eye(2048), body.fc.weight), arrays["linear/W"])
    with pytest.raises(ValueError, match=r"holds conv0/W for \(64, 3, 7, 6\) in place of \(64, 3, 7, 7\)"):
        load_arrays(body, arrays | {"conv0/W": torch.rand(7, 6, 3, 64)})
    with pytest.raises(ValueError, match="lacks linear/b"):
        load_arrays(body, {name: array for name, array in arrays.items() if name != "linear/b"})
