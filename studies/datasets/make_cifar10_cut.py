"""Make the published orders, the train / val cut, and the two shipped sheets of 2,500 images, once.

    python -m studies.datasets.make_cifar10_cut

Reads the fetched official arrays and writes ``cifar10_cut.npz``, ``cifar10_test2500.webp`` and
``cifar10_train2500.webp`` into ``data/``. Run again it writes the same numbers: everything follows from SEED.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.datasets import cifar10
from bench.datasets.base import Pixels

SEED = 20210718
VAL_PER_CLASS = 500


def balanced_order(labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint16]:
    """A permutation whose every prefix of a multiple of 10 holds each class equally often."""
    by_class = np.stack([rng.permutation(np.flatnonzero(labels == k)) for k in range(10)], axis=1)  # (N / 10, 10)
    return rng.permuted(by_class, axis=1).reshape(-1).astype(np.uint16)


def main() -> None:
    """Write both files."""
    rng = np.random.default_rng(SEED)
    train_images, train_labels = cifar10.official("train")
    test_images, test_labels = cifar10.official("test")
    order = balanced_order(test_labels, rng)
    val = np.concatenate([rng.permutation(np.flatnonzero(train_labels == k))[:VAL_PER_CLASS] for k in range(10)])
    train = np.setdiff1d(np.arange(50_000), val)
    train_order = train[balanced_order(train_labels[train], rng)].astype(np.uint16)
    first = order[: cifar10.SHIPPED_TEST_IMAGES]
    reference = train_order[: cifar10.SHIPPED_TRAIN_IMAGES]
    np.savez_compressed(
        cifar10.DATA / "cifar10_cut.npz",
        test_order=order,
        val=np.sort(val).astype(np.uint16),
        test_labels2500=test_labels[first],
        train_order=train_order,
        train_labels2500=train_labels[reference],
    )
    save_sheet(test_images[first], "cifar10_test2500.webp")
    save_sheet(train_images[reference], "cifar10_train2500.webp")


def save_sheet(images: Pixels, name: str) -> None:
    """2,500 images as 50 x 50 lossless tiles."""
    from PIL import Image

    sheet = images.reshape(50, 50, 32, 32, 3).swapaxes(1, 2).reshape(1600, 1600, 3)
    Image.fromarray(sheet).save(cifar10.DATA / name, lossless=True, quality=100, method=6)


if __name__ == "__main__":
    main()
