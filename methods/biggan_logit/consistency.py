"""Consistency regularisation: D should say the same of an image and of its mirrored and shifted self."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.training.data import flip_and_shift

SHIFT = 4  # pixels


def draw_moves(images: int, size: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """T for that many images of ``size`` pixels: for each pixel of the moved image where it comes from, (N, H W).

    Mirrored with probability 1/2 and shifted by up to 4 pixels: what is augmented so is the image of pixel numbers.
    """
    numbers = torch.arange(size * size, dtype=torch.float32, device=device)  # whole up to 2^24
    return flip_and_shift(numbers.view(1, 1, size, size).expand(images, -1, -1, -1), generator, SHIFT).long().flatten(1)


def moved(images: Tensor, moves: Tensor) -> Tensor:
    """T(x): (N, 3, H, W) to the same."""
    picked = images.flatten(2).gather(2, moves[:, None].expand(-1, images.shape[1], -1))
    return picked.view(images.shape).contiguous(memory_format=torch.channels_last)


def inconsistency(scores: Tensor, moved_scores: Tensor) -> Tensor:
    """E[(D(x, z) - D(T(x), z))^2] over real plus over fake images, from scores (2N,) of real then fake.

    Zhang et al. 2020 regularise on real images, Zhao et al. 2021 on both with equal weights ("balanced").
    """
    real, fake = (scores - moved_scores).square().chunk(2)
    return real.mean() + fake.mean()
