"""Images, ids and labels: station 1 of the line."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bench.seeding import seed_of

if TYPE_CHECKING:
    import torch

Pixels = NDArray[np.uint8]


class Dataset:
    """Labelled images in a fixed, published order.

    Attributes:
        name: as given on the command line, for instance ``cifar10``.
        ids: one unique name an image.
        labels: (N,) int64, the true class of each image.
        class_names: the classes' names, indexed by label.
        fingerprint: over ids, labels and order; part of the protocol's fingerprint.
    """

    def __init__(
        self,
        name: str,
        ids: Sequence[str],
        labels: NDArray[Any],
        class_names: Sequence[str],
        fingerprint: str | None = None,
    ) -> None:
        self.name = name
        self.ids = tuple(ids)
        self.labels = np.asarray(labels, dtype=np.int64)
        self.class_names = tuple(class_names)
        self.fingerprint = fingerprint or f"{seed_of(*self.ids, *self.labels.tolist()):016x}"
        self._row = {image_id: row for row, image_id in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def image_size(self) -> int:
        """Side of the images in pixels."""
        return int(self.pixels(slice(0, 1)).shape[1])

    def pixels(self, rows: Sequence[int] | slice) -> Pixels:
        """The images of these rows as stored: (n, H, W, 3) uint8."""
        raise NotImplementedError

    def images(self, ids: Sequence[str]) -> torch.Tensor:
        """The images of these ids: (n, 3, H, W) float32 in [0, 1]."""
        return to_images(self.pixels([self._row[image_id] for image_id in ids]))


class ArrayDataset(Dataset):
    """A dataset whose pixels are one array in memory or memory-mapped."""

    def __init__(
        self,
        name: str,
        ids: Sequence[str],
        labels: NDArray[Any],
        class_names: Sequence[str],
        pixels: Pixels,
        fingerprint: str | None = None,
    ) -> None:
        super().__init__(name, ids, labels, class_names, fingerprint)
        self._pixels = pixels

    def pixels(self, rows: Sequence[int] | slice) -> Pixels:
        """The images of these rows as stored: (n, H, W, 3) uint8."""
        return np.asarray(self._pixels[rows])


def image_hashes(pixels: Pixels) -> list[str]:
    """A name for each image (N, H, W, 3) uint8 by its content alone: 16 hexadecimal digits of its SHA-256."""
    return [hashlib.sha256(image.tobytes()).hexdigest()[:16] for image in pixels]


def to_images(pixels: Pixels) -> torch.Tensor:
    """(N, H, W, 3) uint8 to (N, 3, H, W) float32 in [0, 1]."""
    import torch

    return torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).contiguous().float().div_(255)


def to_pixels(images: torch.Tensor) -> Pixels:
    """(N, 3, H, W) in [0, 1] to (N, H, W, 3) uint8, rounded to nearest; values outside [0, 1] are clipped."""
    import torch

    rounded = images.detach().float().clamp(0, 1).mul(255).round().to(torch.uint8)
    return rounded.permute(0, 2, 3, 1).contiguous().cpu().numpy()
