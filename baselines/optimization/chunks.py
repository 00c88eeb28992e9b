"""Batch shapes that may stand in for each other.

A large batch is faster per image, a small one wastes less on few images. Which one an image is computed in must not
show in the result, to the bit, because descents amplify rounding. Kernels and their order of summation follow from
shapes alone, so a shape is used only where its rows were found to equal those of the first one on noise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from bench.seeding import sample_noise, seed_of

SIZES = {"cpu": (50, 200, 100, 25, 10), "cuda": (250,)}  # by device; the first is always used
PIXELS = 200 * 32 * 32  # a batch's at most, but for the first size
OVERHEAD = 18  # what a pass costs beside its images, in images: measured for the thin ResNet-152 on a CPU core


def interchangeable(
    function: Callable[[Tensor], Tensor], image_size: tuple[int, int], device: torch.device, count: int
) -> tuple[int, ...]:
    """The sizes of this device whose rows have the same bits as in the first one.

    Args:
        function: images (n, 3, H, W) to a tensor of n rows, each of its own image alone.
        image_size: (H, W).
        device: where it computes.
        count: images at hand; larger sizes are of no use.
    """
    first, *others = SIZES[device.type]
    others = [size for size in others if size <= max(count, first) and size * image_size[0] * image_size[1] <= PIXELS]
    if not others:
        return (first,)
    images = 0.5 + 0.25 * sample_noise([seed_of("chunk", k) for k in range(first)], 3, *image_size).to(device)
    expected = function(images)

    def alike(size: int) -> bool:
        rows = (1 + torch.arange(size, device=device)) % first  # each at another place than before
        return torch.equal(function(images[rows]), expected[rows])

    return (first, *(size for size in others if alike(size)))


@cache
def cover(count: int, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes that together hold ``count`` images, the last perhaps padded, at the least cost."""
    if count <= 0:
        return ()
    if count > 2 * max(sizes):
        whole = count // max(sizes) - 1
        return (max(sizes),) * whole + cover(count - whole * max(sizes), sizes)
    covers = [(size, *cover(count - size, sizes)) for size in sorted(sizes, reverse=True)]
    return min(covers, key=lambda found: sum(found) + OVERHEAD * len(found))
