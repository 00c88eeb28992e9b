"""Make the published order of the test split, the train / val cut, and the shipped sheet of 2,500 images, once.

    python -m bench.datasets.make_cifar10_cut

Reads the fetched official arrays and writes ``data/cifar10_cut.npz`` and ``data/cifar10_test2500.webp``.
Run again it writes the same numbers: everything follows from SEED.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.datasets import cifar10

SEED = 20210718
VAL_PER_CLASS = 500


def balanced_order(labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint16]:
    """A permutation whose every prefix of a multiple of 10 holds each class equally often."""
    by_class = np.stack([rng.permutation(np.flatnonzero(labels == k)) for k in range(10)], axis=1)  # (N / 10, 10)
    return rng.permuted(by_class, axis=1).reshape(-1).astype(np.uint16)


def main() -> None:
    """Write both files."""
    from PIL import Image

    rng = np.random.default_rng(SEED)
    train_labels = cifar10.official("train")[1]
    test_images, test_labels = cifar10.official("test")
    order = balanced_order(test_labels, rng)
    val = np.concatenate([rng.permutation(np.flatnonzero(train_labels == k))[:VAL_PER_CLASS] for k in range(10)])
    first = order[: cifar10.SHIPPED_TEST_IMAGES]
    np.savez_compressed(
        cifar10.DATA / "cifar10_cut.npz",
        test_order=order,
        val=np.sort(val).astype(np.uint16),
        test_labels2500=test_labels[first],
    )
    sheet = test_images[first].reshape(50, 50, 32, 32, 3).swapaxes(1, 2).reshape(1600, 1600, 3)
    Image.fromarray(sheet).save(cifar10.DATA / "cifar10_test2500.webp", lossless=True, quality=100, method=6)


if __name__ == "__main__":
    main()
