"""The discriminator: the published widths, our strides, dropout from a generator of its own."""

import pytest
import torch
from torch import Tensor, nn

from baselines.dosovitskiy_brox.discriminator import Discriminator, drop


def test_parameters_at_factor_1_are_those_of_the_published_table() -> None:
    with torch.device("meta"):
        d = Discriminator(1)
    convolutions = 49 * 3 * 32 + 25 * 32 * 64 + 9 * (64 * 128 + 128 * 256 + 256 * 256) + 32 + 64 + 128 + 256 + 256
    assert sum(p.numel() for p in d.parameters()) == convolutions + (256 * 256 + 256) + (256 * 2 + 2)


def test_maps_are_of_32_32_16_16_and_8_pixels() -> None:
    d, sizes = Discriminator(1 / 2), []
    for layer in d.convolutions:
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda _, __, out: sizes.append((out.shape[1], out.shape[2])))
    assert d(torch.rand(2, 3, 32, 32), d.masks(2, torch.Generator())).shape == (2, 2)
    assert sizes == [(16, 32), (32, 32), (64, 16), (128, 16), (128, 8)]


def test_dropout_keeps_half_of_the_units_and_the_mean() -> None:
    d = Discriminator(1 / 2)
    masks = d.masks(200, torch.Generator().manual_seed(0))
    assert [mask.shape for mask in masks] == [(200, 128), (200, 128)]
    dropped = drop(torch.ones(200, 128), masks[1])
    assert set(dropped.flatten().tolist()) == {0.0, 2.0}
    assert dropped.mean().item() == pytest.approx(1, abs=0.02)


def test_the_units_dropped_follow_from_the_generator_alone() -> None:
    d, images = Discriminator(1 / 8), torch.rand(4, 3, 32, 32)

    def scores(seed: int) -> Tensor:
        torch.rand(1)  # the global stream moves on
        return d(images, d.masks(4, torch.Generator().manual_seed(seed)))  # type: ignore[no-any-return]

    assert torch.equal(scores(1), scores(1))
    assert not torch.equal(scores(1), scores(2))
