"""(logits, image) pairs of the training split, mirrored ones included, with logits computed once and kept."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.classifiers import LoadedClassifier
from bench.cli.printing import about
from bench.config import DEFAULT_DATASET
from bench.datasets import load_training
from bench.datasets.base import Dataset, image_hashes
from bench.errors import UsageError
from bench.paths import home
from bench.progress import progress
from bench.seeding import seed_of
from bench.store.folder import slug
from bench.store.sealed import load_array, save_blocks
from bench.training.data import TrainingImages, fits
from bench.training.engine import Engine
from bench.training.trainer import InverterRecipe
from bench.weights.lookup import of_users_own

BLOCK = 500
WORTH_SAYING = 10.0  # seconds
SAMPLES = 16  # images of val in a sample picture, and at least
REFERENCE = 50_000  # logits of each view whose statistics stand for all where all are not kept on the device


def logits_path(classifier_sha256: str, split: str, *, mirrored: bool = False) -> Path:
    """Where the logits of a whole split are kept."""
    return home() / "logits" / f"{split}-{'mirrored' if mirrored else 'plain'}-{classifier_sha256[:16]}.npy"


def split_name(part: Dataset, split: str) -> str:
    """What a split's logits are kept by: the dataset's name and, but for the default one, the identity of its images.

    A user's own images are known by what they show, whatever their place.
    """
    if part.name == DEFAULT_DATASET:
        return f"{part.name}-{split}"
    return f"{slug(part.name.partition(':')[0])}-{split}-{part.fingerprint}"


def split_logits(classifier: LoadedClassifier, data: TrainingImages, split: str, *, mirrored: bool) -> Tensor:
    """Logits (N, K) of a whole split in float32, mapped if large; computed if these very weights were not asked before.

    A line on stderr says what is computed, how long it will take and where it is kept, unless it takes seconds. Killed,
    it goes on where it was.

    Args:
        classifier: the frozen one.
        data: the images.
        split: what the cache knows them by, for instance ``cifar10-train``; see ``split_name``.
        mirrored: of the images' mirror images.
    """
    path = logits_path(classifier.sha256, split, mirrored=mirrored)
    if (kept := load_array(path)) is None:
        title = f"logits of {split}, {'mirrored' if mirrored else 'plain'}"
        save_blocks(path, len(data), partial(_blocks, classifier, data, title, path, mirrored))
        kept = load_array(path)
        assert kept is not None, path
    return torch.from_numpy(kept)


def _blocks(
    classifier: LoadedClassifier, data: TrainingImages, title: str, path: Path, mirrored: bool, start: int
) -> Iterator[NDArray[Any]]:
    """The logits of a block of images at a time, from a row on where a block begins."""
    with progress(len(data), title, start) as bar:
        for k, block in enumerate(data.blocks(BLOCK)[start // BLOCK :]):
            began = time.perf_counter()
            exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)  # they serve trainings on any device
            with torch.inference_mode(), exact:
                images = data.batch(block)
                logits = classifier.network(images.flip(3) if mirrored else images).float().cpu()
            if k == 1:  # the first block warms up
                _say(f"{title}, under {classifier.name}", len(data) - start, time.perf_counter() - began, path)
            yield logits.numpy()
            bar.advance(len(block))


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

    Images and logits are kept on the device where they fit, and otherwise read from their memory maps: the pairs of a
    step are the same.

    Attributes:
        dataset: its name.
        image_size: side of the images in pixels.
        data, val: images and labels of the two splits.
        views: (N, K) float32 each, of ``data``: plain, then mirrored unless left out.
        val_logits: (M, K), of ``val``.
        hashes: of the images of a user's own dataset, ``data`` and then ``val``; none of one with published splits.
        identity: of the images, empty for the default dataset.
        given: what the inverter is given in place of logits (..., K).
    """

    def __init__(
        self,
        classifier: LoadedClassifier,
        engine: Engine,
        seed: int,
        dataset: str = DEFAULT_DATASET,
        *,
        mirrored: bool = True,
        at_least: tuple[int, int] = (1, 1),
        sizes: tuple[int, ...] = (),
    ) -> None:
        self.engine, self.dataset = engine, dataset
        train, val = load_training(dataset)
        if len(train) < at_least[0] or len(val) < at_least[1]:
            raise UsageError(
                f"{dataset} has {len(train)} images to train on and {len(val)} held out; at least {at_least[0]} and "
                f"{at_least[1]} are needed. A tenth of each class is held out; give more."
            )
        if sizes and train.image_size not in sizes:
            raise UsageError(
                f"{dataset} has images of {train.image_size} px, and what is to be trained makes images of "
                f"{', '.join(map(str, sizes))} px. Give a dataset of such a size, or a folder at one: folder:PATH@SIZE"
            )
        self.data, self.val = (TrainingImages(part, engine.device, seed) for part in (train, val))
        self.image_size = self.data.image_size
        names = [split_name(part, split) for part, split in ((train, "train"), (val, "val"))]
        self.hashes: tuple[str, ...] = ()
        self.identity = "" if dataset == DEFAULT_DATASET else f"{seed_of(train.fingerprint, val.fingerprint):016x}"
        if of_users_own(dataset):  # known by what its images show
            parts_hashes = [_hashes(part) for part in (train, val)]
            names = [f"folder-{seed_of(*hashes):016x}" for hashes in parts_hashes]
            self.hashes = tuple(chain.from_iterable(parts_hashes))
            self.identity = f"{seed_of(*self.hashes):016x}"
        mirrors = (False, True) if mirrored else (False,)
        with engine.one_after_the_other():
            parts = [split_logits(classifier, self.data, names[0], mirrored=mirror) for mirror in mirrors]
            val_logits = split_logits(classifier, self.val, names[1], mirrored=False)
        self.val_logits = val_logits.to(engine.device)
        self._held: Tensor | None = None  # (2, N, K) on the device
        if fits(len(parts) * parts[0].nbytes, engine.device):
            self._held = torch.stack(parts).to(engine.device)
        self.views = tuple(parts if self._held is None else self._held)
        self.given: Callable[[Tensor], Tensor] = lambda logits: logits

    @classmethod
    def of(
        cls, recipe: InverterRecipe, classifier: LoadedClassifier, engine: Engine, sizes: tuple[int, ...] = ()
    ) -> TrainingPairs:
        """What an inverter is trained on by a recipe.

        Raises:
            UsageError: there are too few images, or they are of a size that is not among ``sizes``.
        """
        least = (recipe.batch, SAMPLES)
        return cls(classifier, engine, recipe.seed, recipe.dataset, at_least=least, sizes=sizes)

    @property
    def num_logits(self) -> int:
        """K."""
        return int(self.views[0].shape[1])

    def reference(self) -> Tensor:
        """What is ``given`` (M, K) by whose statistics a network normalises it: all, or of each view evenly many."""
        if self._held is not None:
            return self.given(self._held.flatten(0, 1))
        stride = -(-len(self.data) // REFERENCE)
        return self.given(torch.cat([view[::stride] for view in self.views]).to(self.engine.device))

    def batch(self, step: int, size: int, part: int = 0) -> tuple[Tensor, Tensor]:
        """This process's ``part`` of a batch of ``size``.

        Images (n, 3, H, W) in [0, 1] and what is ``given`` of their logits (n, K), in the engine's type; every image is
        mirrored with probability 1/2.
        """
        engine = self.engine
        rows, mirror = (engine.share(drawn, part) for drawn in self._drawn(step, size))
        images = self.data.batch(rows)
        mirrored = self._on_device(mirror)[:, None, None, None]
        images = torch.where(mirrored, images.flip(3), images).to(engine.dtype, memory_format=torch.channels_last)
        return images, self._given_at(rows, mirror).to(engine.dtype)

    def whole_logits(self, step: int, size: int) -> Tensor:
        """What is ``given`` (size, K) of a whole batch, float32, whatever part of it is this process's."""
        return self._given_at(*self._drawn(step, size))

    def _drawn(self, step: int, size: int) -> tuple[Tensor, Tensor]:
        """Which images make a batch, and which of them are mirrored, where the images are."""
        generator = torch.Generator().manual_seed(seed_of("mirror", self.data.seed, step))
        mirror = torch.rand(size, generator=generator) < 0.5
        return self.data.rows(step, size), mirror if self.data.held is None else self.engine.put(mirror)

    def _given_at(self, rows: Tensor, mirror: Tensor) -> Tensor:
        """(n, K) on the device."""
        if self._held is not None:
            return self.given(self._held[self._on_device(mirror).long(), self._on_device(rows)])
        rows, mirror = rows.cpu(), mirror.cpu()
        plain, *mirrored = (view[rows] for view in self.views)
        picked = torch.where(mirror[:, None], mirrored[0], plain) if mirrored else plain
        return self.given(self.engine.put(picked))

    def _on_device(self, drawn: Tensor) -> Tensor:
        return drawn if drawn.device.type == self.engine.device.type else self.engine.put(drawn)  # cuda is cuda:0


def _hashes(part: Dataset) -> list[str]:
    starts = range(0, len(part), BLOCK)
    return [name for start in starts for name in image_hashes(part.pixels(slice(start, start + BLOCK)))]
