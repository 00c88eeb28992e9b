"""Training images, drawn and augmented from the step's own random stream."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from bench.datasets.base import Dataset, Pixels
from bench.progress import progress
from bench.seeding import seed_of

BLOCK = 500  # images that are read at once
HELD = 1 << 30  # bytes that a training keeps in a CPU's memory; what is larger is read from its memory map
SHARE = 4  # of a GPU's memory one part in so many


def put(drawn: Tensor, device: torch.device) -> Tensor:
    """Numbers drawn on the CPU, on the device; the CPU does not wait for a GPU."""
    if device.type == "cuda":
        return drawn.pin_memory().to(device, non_blocking=True)
    return drawn.to(device)


def fits(size: int, device: torch.device) -> bool:
    """Whether so many bytes are kept on a device beside a training, and not read a batch at a time."""
    if device.type == "cuda":
        return size <= torch.cuda.get_device_properties(device).total_memory // SHARE
    return size <= HELD


class TrainingImages:
    """A dataset's images by row, with epoch-wise shuffling that follows from the seed alone.

    They are kept as uint8 on the device where they fit, and otherwise read from the dataset a batch at a time: batches
    are the same.

    Attributes:
        image_size: side of the images in pixels.
        held: all images (N, 3, H, W) uint8 on the device, channels last in memory; None where they are read.
        place: where rows and labels are: with the images, or on the CPU.
        labels: (N,) int64.
    """

    def __init__(self, dataset: Dataset, device: torch.device, seed: int) -> None:
        self.dataset, self.device, self.seed = dataset, device, seed
        self.image_size = dataset.image_size
        self.held: Tensor | None = None
        if fits(3 * self.image_size**2 * len(dataset), device):
            pixels = torch.from_numpy(_read(dataset))
            self.held = pixels.permute(0, 3, 1, 2).to(device)  # a channels-last view
        self.place = torch.device("cpu") if self.held is None else device
        self.labels = torch.from_numpy(dataset.labels).to(self.place)
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, step: int, batch: int) -> Tensor:
        """The rows of a step's batch: shuffled anew every epoch, the incomplete last batch dropped."""
        per_epoch = len(self) // batch
        epoch, position = divmod(step, per_epoch)
        if epoch != self._epoch:
            generator = torch.Generator().manual_seed(seed_of("epoch", self.seed, epoch))
            self._order = put(torch.randperm(len(self), generator=generator), self.place)
            self._epoch = epoch
        return self._order[position * batch : (position + 1) * batch]

    def blocks(self, size: int) -> tuple[Tensor, ...]:
        """All rows in order, ``size`` at a time."""
        return torch.split(torch.arange(len(self), device=self.place), size)

    def batch(self, rows: Tensor) -> Tensor:
        """These rows' images as (n, 3, H, W) float32 in [0, 1], channels last."""
        if self.held is not None:
            picked = self.held[rows]
        else:
            picked = put(torch.from_numpy(self.dataset.pixels(rows.tolist())), self.device).permute(0, 3, 1, 2)
        return picked.float().div_(255).contiguous(memory_format=torch.channels_last)


def _read(dataset: Dataset) -> Pixels:
    """All images, (N, H, W, 3)."""
    parts = []
    with progress(len(dataset), f"images of {dataset.name}") as bar:
        for start in range(0, len(dataset), BLOCK):
            parts.append(dataset.pixels(slice(start, start + BLOCK)))
            bar.advance(len(parts[-1]))
    return np.concatenate(parts)


def flip_and_shift(images: Tensor, generator: torch.Generator, shift: int) -> Tensor:
    """Each image mirrored with probability 1/2 and moved by up to ``shift`` pixels, edges mirrored.

    (N, 3, H, W) to the same; one gather for the whole batch.
    """
    n, _, height, width = images.shape
    device = images.device
    padded = F.pad(images, (shift,) * 4, mode="reflect").permute(0, 2, 3, 1)  # (N, H + 2s, W + 2s, 3)
    moves = put(torch.randint(0, 2 * shift + 1, (2, n, 1), generator=generator), device)
    mirror = put(torch.rand(n, 1, generator=generator), device) < 0.5
    columns = torch.arange(width, device=device).expand(n, width)
    columns = torch.where(mirror, width - 1 - columns, columns) + moves[1]  # (N, W)
    rows = torch.arange(height, device=device) + moves[0]  # (N, H)
    picked = padded[torch.arange(n, device=device)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return picked.permute(0, 3, 1, 2)
