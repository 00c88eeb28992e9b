"""(logits, image) pairs of the training split, mirrored ones included, with logits computed once and cached."""

from __future__ import annotations

import sys
import time
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor

from bench.classifiers import LoadedClassifier
from bench.datasets import load_training
from bench.datasets.base import image_hashes
from bench.errors import UsageError
from bench.paths import home
from bench.printing import about
from bench.progress import progress
from bench.sealed import load_array, save_array
from bench.seeding import seed_of
from bench.training.data import TrainingImages
from bench.training.engine import Engine

BLOCK = 500
WORTH_SAYING = 10.0  # seconds


def logits_path(classifier_sha256: str, split: str, *, mirrored: bool = False) -> Path:
    """Where the logits of a whole split are kept."""
    return home() / "logits" / f"{split}-{'mirrored' if mirrored else 'plain'}-{classifier_sha256[:16]}.npy"


def split_logits(classifier: LoadedClassifier, data: TrainingImages, split: str, *, mirrored: bool) -> Tensor:
    """Logits (N, K) of a whole split in float32, from the cache if these very weights were asked before.

    A line on stderr says what is computed, how long it will take and where it is kept, unless it takes seconds.

    Args:
        classifier: the frozen one.
        data: the images.
        split: what the cache knows them by, for instance ``cifar10-train``.
        mirrored: of the images' mirror images.
    """
    path = logits_path(classifier.sha256, split, mirrored=mirrored)
    if (kept := load_array(path)) is not None:
        return torch.from_numpy(kept)
    title = f"logits of {split}, {'mirrored' if mirrored else 'plain'}"
    parts: list[Tensor] = []
    exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)  # the cache serves trainings on any device
    with torch.inference_mode(), exact, progress(len(data), title) as bar:
        for block in data.blocks(BLOCK):
            began = time.perf_counter()
            images = data.batch(block)
            parts.append(classifier.network(images.flip(3) if mirrored else images).float().cpu())
            if len(parts) == 2:  # the first block warms up
                _say(f"{title}, under {classifier.name}", len(data), time.perf_counter() - began, path)
            bar.advance(len(block))
    logits = torch.cat(parts)
    save_array(path, logits.numpy())
    return logits


def _say(title: str, count: int, seconds: float, path: Path) -> None:
    """What is being computed, by the seconds that a block takes, where it is long."""
    rate = BLOCK / seconds
    if count / rate > WORTH_SAYING:
        print(
            f"{title}: {count:,} images at {rate:,.0f} a second, {about(count / rate)}. They are computed once and "
            f"kept in {path}",
            file=sys.stderr,
        )


class TrainingPairs:
    """Training images with the logits that the frozen classifier gives them, as they are and mirrored.

    Attributes:
        data, val: images and labels of the two splits.
        logits: (2, N, K) float32 on the device, of ``data``: plain, mirrored; (1, N, K) without mirrored ones.
        val_logits: (M, K), of ``val``.
        hashes: of the images of a folder, ``data`` and then ``val``; none of ``cifar10``'s.
    """

    def __init__(
        self,
        classifier: LoadedClassifier,
        engine: Engine,
        seed: int,
        dataset: str = "cifar10",
        *,
        mirrored: bool = True,
        at_least: tuple[int, int] = (1, 1),
    ) -> None:
        self.engine = engine
        train, val = load_training(dataset)
        if len(train) < at_least[0] or len(val) < at_least[1]:
            raise UsageError(
                f"{dataset} has {len(train)} images to train on and {len(val)} held out; at least {at_least[0]} and "
                f"{at_least[1]} are needed. A tenth of each class is held out; give more."
            )
        self.data, self.val = (TrainingImages(part, engine.device, seed) for part in (train, val))
        names = [f"{dataset}-{split}" for split in ("train", "val")]
        self.hashes: tuple[str, ...] = ()
        if dataset != "cifar10":  # a folder is known by what its images show
            parts_hashes = [
                image_hashes(data.images.permute(0, 2, 3, 1).cpu().numpy()) for data in (self.data, self.val)
            ]
            names = [f"folder-{seed_of(*hashes):016x}" for hashes in parts_hashes]
            self.hashes = tuple(chain.from_iterable(parts_hashes))
        views = (False, True) if mirrored else (False,)
        with engine.one_after_the_other():
            parts = [split_logits(classifier, self.data, names[0], mirrored=view) for view in views]
            val_logits = split_logits(classifier, self.val, names[1], mirrored=False)
        self.logits, self.val_logits = torch.stack(parts).to(engine.device), val_logits.to(engine.device)

    @property
    def num_logits(self) -> int:
        """K."""
        return int(self.logits.shape[2])

    def batch(self, step: int, size: int, part: int = 0) -> tuple[Tensor, Tensor]:
        """This process's ``part`` of a batch of ``size``.

        Images (n, 3, H, W) in [0, 1] and their logits (n, K), in the engine's type; every image is mirrored with
        probability 1/2.
        """
        engine = self.engine
        rows, mirror = (engine.share(drawn, part) for drawn in self._drawn(step, size))
        images = self.data.batch(rows)
        images = torch.where(mirror[:, None, None, None], images.flip(3), images)
        images = images.to(engine.dtype, memory_format=torch.channels_last)
        return images, self.logits[mirror.long(), rows].to(engine.dtype)

    def whole_logits(self, step: int, size: int) -> Tensor:
        """The logits (size, K) of a whole batch, float32, whatever part of it is this process's."""
        rows, mirror = self._drawn(step, size)
        return self.logits[mirror.long(), rows]

    def _drawn(self, step: int, size: int) -> tuple[Tensor, Tensor]:
        """Which images make a batch, and which of them are mirrored."""
        generator = torch.Generator().manual_seed(seed_of("mirror", self.data.seed, step))
        return self.data.rows(step, size), self.engine.put(torch.rand(size, generator=generator) < 0.5)
