"""CIFAR-10 as a dataset plugin: the default."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.classifiers.provider import ALIASES
from bench.datasets import cifar10, fetch_cifar10
from bench.datasets.base import ArrayDataset, Dataset, Pixels, State

SIDE = 32


class Cifar10(Dataset):
    """32x32 colour images of 10 classes (Krizhevsky 2009), as ``bench.datasets.cifar10`` cuts them."""

    summary = "32x32 colour images of 10 classes; 2,500 test images ship with bench"
    licence = "none stated by its authors; for research"
    citation = ("krizhevsky2009learning",)
    judge = "judge"
    aliases = ALIASES
    class_names = cifar10.CLASS_NAMES
    splits = {"test": 10_000, "train": 45_000, "val": 5_000}  # noqa: RUF012
    fixed = True

    def __init__(self, part: ArrayDataset) -> None:
        super().__init__(part.name, part.ids, part.labels, part.class_names, part.fingerprint)
        self._part = part

    @classmethod
    def open(cls, name: str, split: str, image_size: int) -> Cifar10:
        """``test`` (10,000 images, or the 2,500 that ship), ``train`` or ``val``."""
        return cls(cifar10.load(split))

    @classmethod
    def side(cls, name: str) -> int:
        """Always 32."""
        return SIDE

    @classmethod
    def here(cls) -> dict[str, int]:
        """What was fetched, or ships."""
        train = cifar10.fetched()
        test = (cifar10.folder() / "test_images.npy").exists()
        shipped = cifar10.SHIPPED_TEST_IMAGES
        return {"test": cls.splits["test"] if test else shipped} | {k: train * cls.splits[k] for k in ("train", "val")}

    @classmethod
    def state(cls) -> State:
        """Whether the official arrays were fetched, or only the shipped images are here."""
        folder = cifar10.folder()
        if fetch_cifar10.whole(folder):
            return State(True, f"fetched: {folder}")
        if folder.exists():
            return State(False, f"incomplete: {folder}", "bench data fetch cifar10 --force")
        return State(
            None,
            f"the {cifar10.SHIPPED_TEST_IMAGES:,} shipped test images; neither train nor the rest of test",
            "bench data fetch cifar10   (for training, the training controls, or more images)",
        )

    @classmethod
    def fetch(cls, source: Path | None, force: bool, partial: bool = False) -> None:
        """Bring the four official arrays here."""
        fetch_cifar10.fetch(source, force)

    @classmethod
    def verify(cls) -> list[tuple[str, str]]:
        """Each official array and the shipped images."""
        return fetch_cifar10.verify()

    @property
    def more(self) -> str:  # type: ignore[override]
        """What to type where only the shipped images are here."""
        return "" if len(self) == self.splits["test"] else "To have all 10,000, type: bench data fetch cifar10"

    def pixels(self, rows: Sequence[int] | slice) -> Pixels:
        """(n, 32, 32, 3) uint8."""
        return self._part.pixels(rows)
