"""A published order that goes round the classes, and which images are held out: both from digests of official names.

Nobody chooses anything, and nothing needs to be stored: who has the names has the order. A prefix of it has all classes
alike, as long as none is used up.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from bench.seeding import seed_of


def places(dataset: str, names: Iterable[str]) -> NDArray[np.int64]:
    """What images are ordered by: a number for each name, (N,)."""
    return np.fromiter((seed_of(dataset, name) for name in names), np.int64)


def ranks(labels: NDArray[np.integer], place: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many images of its class come before each, (N,)."""
    order = np.lexsort((place, labels))
    ordered = labels[order]
    found = np.empty(len(order), np.int64)
    found[order] = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return found


def rounds(labels: NDArray[np.integer], place: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows in published order: one image of each class, then another of each, the classes in another order every time.

    Args:
        labels: (N,) class of each image.
        place: (N,) from ``places``.
    """
    return np.lexsort((place, ranks(labels, place)))
