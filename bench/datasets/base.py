"""Images, ids and labels: station 1 of the line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.cards import DatasetCard
from bench.datasets.labels import logits_of_labels
from bench.datasets.names import Names
from bench.errors import UsageError
from bench.seeding import seed_of
from bench.store.neutral import dataset_name

if TYPE_CHECKING:
    import torch

Pixels = NDArray[np.uint8]
EVERYWHERE = {"efficientnet_lite0": "zoo:efficientnet_lite0"}  # aliases that mean the same on every dataset


@dataclass(frozen=True)
class State:
    """What of a dataset is on this machine, for ``bench doctor``.

    Attributes:
        ok: True; False where what is here cannot be used; None where something optional is missing.
        detail: what was found.
        hint: what to type next, empty where there is nothing to do.
    """

    ok: bool | None
    detail: str
    hint: str = ""


class Dataset:
    """Labelled images in a fixed, published order.

    A plugin is a subclass under ``[project.entry-points."bench.datasets"]``; the entry's name is what ``--dataset``
    takes. It writes ``open``, ``side`` and ``pixels``, and, where it is fetched or prepared, ``fetch`` or ``prepare``,
    and ``verify``.

    Attributes:
        name: as given on the command line, for instance ``cifar10``.
        ids: one unique name an image.
        labels: (N,) int64, the true class of each image.
        class_names: the classes' names, indexed by label.
        fingerprint: over ids, labels and order; part of every key and of the protocol's fingerprint.
        takes: what follows the entry's name, ``:PATH`` for instance, in brackets where it may be left away.
        summary, licence, citation, class_ids, judge, gallery, default_num_images, splits: see ``DatasetCard``.
        aliases: full ids of classifiers by short name, beside those that mean the same everywhere.
        fixed: whether the name alone says which images these are; the folder of other runs has the fingerprint, too.
        more: what to type for more images than are here.
        incomplete: whether ``fetch`` or ``prepare`` takes ``partial``.
        sizes: for which ``prepare`` makes it from a copy of the user's; empty where it needs no preparation.
    """

    takes: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    licence: ClassVar[str] = ""
    citation: ClassVar[tuple[str, ...]] = ()
    judge: ClassVar[str | None] = None
    gallery: ClassVar[int] = 2_500
    default_num_images: ClassVar[int] = 2_500
    aliases: ClassVar[Mapping[str, str]] = {}
    incomplete: ClassVar[bool] = False
    sizes: ClassVar[tuple[int, ...]] = ()
    class_names: tuple[str, ...] = ()
    class_ids: tuple[str, ...] = ()
    splits: Mapping[str, int] = {}
    fixed: bool = False
    more: str = ""

    def __init__(
        self,
        name: str,
        ids: Sequence[str],
        labels: NDArray[Any],
        class_names: Sequence[str],
        fingerprint: str | None = None,
    ) -> None:
        self.name = name
        self.ids: tuple[str, ...] | Names = tuple(ids)
        self.labels = np.asarray(labels, dtype=np.int64)
        self.class_names = tuple(class_names)
        self.fingerprint = fingerprint or f"{seed_of(*self.ids, *self.labels.tolist()):016x}"

    @classmethod
    def open(cls, name: str, split: str, image_size: int) -> Dataset:
        """One part of the dataset.

        Args:
            name: as typed, with whatever follows the entry's own name.
            split: ``test`` (what is evaluated), ``train`` or ``val``.
            image_size: what ``side`` says, or where that is None what is asked for.

        Raises:
            UsageError: there is no such part.
            DataError: the images are not here; says what to type.
        """
        raise NotImplementedError

    @classmethod
    def side(cls, name: str) -> int | None:
        """Height and width of the images, without opening any; None where ``name`` leaves them open."""
        raise NotImplementedError

    @classmethod
    def training(cls, name: str, image_size: int | None) -> tuple[Dataset, Dataset]:
        """What something is trained on, and what is held out of it."""
        side = cls.side(name) or image_size
        if side is None:
            raise UsageError(f"{name} does not say at which size its images are wanted. Give it a size.")
        return cls.open(name, "train", side), cls.open(name, "val", side)

    @classmethod
    def short_names(cls) -> dict[str, str]:
        """Full ids of classifiers by short name, with those that mean the same on every dataset."""
        return dict(cls.aliases) | EVERYWHERE

    @classmethod
    def here(cls) -> dict[str, int]:
        """How many images of each split are on this machine, as far as that can be said beforehand."""
        return {}

    @classmethod
    def state(cls) -> State | None:
        """For ``bench doctor``; None where there is nothing to say."""
        return None

    @classmethod
    def fetch(cls, source: Path | None, force: bool, partial: bool = False) -> None:
        """Bring the images here, from ``source`` where the user has a copy, and check them.

        Args:
            source: the user's own copy, or None for a download.
            force: although they are here.
            partial: take a copy that is not whole, under an identity of its own.

        Raises:
            DataError: no source could be reached, or what came is not the dataset.
        """
        raise UsageError(f"{cls.__name__} is not fetched: there is nothing to bring here.")

    @classmethod
    def prepare(cls, source: Path, size: int, force: bool, partial: bool = False) -> None:
        """Bring the images of the user's own copy to one size, once, and go on where an earlier call was killed.

        Args:
            source: the copy.
            size: one of ``sizes``.
            force: although that was done.
            partial: take a copy that is not whole, under an identity of its own.

        Raises:
            DataError: what is there is not the dataset.
            StorageError: the disk is full.
        """
        raise NotImplementedError

    @classmethod
    def verify(cls) -> list[tuple[str, str]]:
        """What of it should be here, each part with ``right``, ``wrong`` or ``missing``."""
        raise UsageError(f"{cls.__name__} is not fetched: there is nothing to compare it with.")

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def image_size(self) -> int:
        """Height and width of the images."""
        return int(self.pixels(slice(0, 1)).shape[1])

    @property
    def kind(self) -> str:
        """What fingerprints of scores call it."""
        return self.name

    @classmethod
    def known(cls, name: str, identity: str, image_size: int) -> DatasetCard:
        """Its card, as far as that can be told without opening it."""
        return DatasetCard(
            name=dataset_name(name),
            identity=identity,
            image_size=image_size,
            class_names=cls.class_names,
            class_ids=cls.class_ids,
            splits=dict(cls.splits),
            judge=cls.judge,
            gallery=cls.gallery,
            default_num_images=cls.default_num_images,
            aliases=cls.short_names(),
            names_classes=cls.fixed,
            summary=cls.summary,
            licence=cls.licence,
            citation=cls.citation,
        )

    @property
    def card(self) -> DatasetCard:
        """All that tables and definitions need to know."""
        known = self.known(self.name, self.fingerprint, self.image_size)
        return replace(known, class_names=self.class_names, class_ids=self.class_ids, splits=dict(self.splits))

    @property
    def labelled(self) -> DatasetCard:
        """Its card under the name of its kind, by which classifiers know the classes."""
        return replace(self.card, name=self.kind)

    def logits_of_labels(self, classes: str) -> NDArray[np.int64] | None:
        """For each label the logit that names it; None where these logits do not name the labels.

        Args:
            classes: whose classes the logits name, as a classifier's card has it: a dataset's name, or ``imagenet``.
        """
        return logits_of_labels(self.labelled, classes)

    def pixels(self, rows: Sequence[int] | slice) -> Pixels:
        """The images of these rows as stored: (n, H, W, 3) uint8."""
        raise NotImplementedError

    def images(self, ids: Sequence[str]) -> torch.Tensor:
        """The images of these ids: (n, 3, H, W) float32 in [0, 1]."""
        return to_images(self.pixels([self._row[image_id] for image_id in ids]))

    @cached_property
    def _row(self) -> dict[str, int]:
        return {image_id: row for row, image_id in enumerate(self.ids)}


class ArrayDataset(Dataset):
    """A dataset whose pixels are one array in memory or memory-mapped.

    ``order`` names its rows in published order; None takes them as they stand.
    """

    def __init__(
        self,
        name: str,
        ids: Sequence[str],
        labels: NDArray[Any],
        class_names: Sequence[str],
        pixels: Pixels,
        fingerprint: str | None = None,
        order: NDArray[np.integer] | None = None,
    ) -> None:
        super().__init__(name, ids, labels, class_names, fingerprint)
        self._pixels, self._order = pixels, order

    def pixels(self, rows: Sequence[int] | slice) -> Pixels:
        """The images of these rows as stored: (n, H, W, 3) uint8."""
        picks = rows if self._order is None else self._order[rows]
        return np.asarray(self._pixels[picks])


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
