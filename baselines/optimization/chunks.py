"""Batch shapes that may stand in for each other.

A large batch is faster per image, a small one wastes less on few images. Which one an image is computed in must not
show in the result, to the bit, because descents amplify rounding. Kernels and their order of summation follow from
shapes alone, so a shape is used only where its rows were found to equal those of the first one on noise.

The sizes are those for images of 32 px. Larger images come in batches of as many pixels, on every machine alike: fifty
images of 224 px at once would take gigabytes, and one of them would pay for fifty.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from bench.seeding import sample_noise, seed_of

SIDE = 32  # pixels a side of the images that these numbers are for
SIZES = {"cpu": (50, 200, 100, 25, 10), "cuda": (250,)}  # by device; the first is always used
OVERHEAD = 18  # what a pass costs beside its images, in images: measured for the thin ResNet-152 on a CPU core


def share(image_size: tuple[int, int]) -> float:
    """Images of 32 px that have as many pixels as one of this (H, W), at least 1."""
    return max(1.0, image_size[0] * image_size[1] / SIDE**2)


def sizes(image_size: tuple[int, int], device: torch.device) -> tuple[int, ...]:
    """``SIZES`` of the device for images of this (H, W): as many pixels a batch, at least one image; the first leads.

    At 224 px on a CPU they are 1, 4 and 2.
    """
    first, *others = (int(size / share(image_size)) for size in SIZES[device.type])
    return tuple(dict.fromkeys((max(1, first), *(size for size in others if size))))


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
    first, *others = sizes(image_size, device)
    others = [size for size in others if size <= max(count, first)]
    if not others:
        return (first,)
    images = 0.5 + 0.25 * sample_noise([seed_of("chunk", k) for k in range(first)], 3, *image_size).to(device)
    expected = function(images)

    def alike(size: int) -> bool:
        rows = (1 + torch.arange(size, device=device)) % first  # each at another place than before
        return torch.equal(function(images[rows]), expected[rows])

    return (first, *(size for size in others if alike(size)))


@cache
def cover(count: int, sizes: tuple[int, ...], overhead: float = OVERHEAD) -> tuple[int, ...]:
    """The sizes that together hold ``count`` images, the last perhaps padded, at the least cost.

    Args:
        count: images to place.
        sizes: to choose from.
        overhead: what a pass costs beside its images, in images.
    """
    if count <= 0:
        return ()
    if count > 2 * max(sizes):
        whole = count // max(sizes) - 1
        return (max(sizes),) * whole + cover(count - whole * max(sizes), sizes, overhead)
    covers = [(size, *cover(count - size, sizes, overhead)) for size in sorted(sizes, reverse=True)]
    return min(covers, key=lambda found: sum(found) + overhead * len(found))
