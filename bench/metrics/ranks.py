"""Where the true original stands among the originals of a gallery, by cosine, and what a guess would get.

Ranks are taken by cosine in fixed galleries: blocks of the published order, each centred by the mean of its own
originals, so that an image's rank does not depend on how many blocks there are. An original counts as tied where
its similarity equals the true one's to within 1e-12 in float64. Every value is the expectation over all orders of the
ties (McSherry & Najork 2008), so that an inverter which answers every time the same scores chance exactly, not more:

    r_k = clip((k - g) / (t + 1), 0, 1)            g originals strictly more similar, t tied with the true one
    mrr = (H(g + t + 1) - H(g)) / (t + 1)          H(n) = 1 + 1/2 + ... + 1/n
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.metrics.base import GALLERY

Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
TIE = 1e-12
ROWS = 250  # reconstructions compared at a time, so that memory grows with the gallery alone


@dataclass(frozen=True)
class Ranks:
    """Where each true original stands in its gallery.

    Attributes:
        greater: (N,) originals that are strictly more similar to the reconstruction.
        ties: (N,) other originals that are exactly as similar.
        gallery: (N,) number of originals in the gallery, the true one included.
    """

    greater: Ints
    ties: Ints
    gallery: Ints

    def recall(self, k: int) -> Doubles:
        """(N,) probability that the true original is among the first k."""
        share: Doubles = (k - self.greater) / (self.ties + 1)
        return share.clip(0, 1)

    def reciprocal(self) -> Doubles:
        """(N,) expected 1 / rank."""
        harmonic = _harmonic(int(self.gallery.max(initial=0)))
        expected: Doubles = (harmonic[self.greater + self.ties + 1] - harmonic[self.greater]) / (self.ties + 1)
        return expected

    def chance_recall(self, k: int) -> float:
        """Mean of ``recall`` under guessing: min(k / G, 1)."""
        return float(np.minimum(k / self.gallery, 1).mean())

    def chance_reciprocal(self) -> float:
        """Mean of ``reciprocal`` under guessing: H(G) / G."""
        return float((_harmonic(int(self.gallery.max(initial=0)))[self.gallery] / self.gallery).mean())


def instance_ranks(originals: Floats, reconstructions: Floats, gallery: int = GALLERY) -> Ranks:
    """Rank of the true original among all originals of its block.

    Args:
        originals: (N, F) features of the originals in published order.
        reconstructions: (N, F) features of the reconstructions, row i made from original i.
        gallery: rows a block; the last block may be shorter.
    """
    return _ranks(originals, reconstructions, [np.arange(s.start, s.stop) for s in _blocks(len(originals), gallery)])


def within_class_ranks(
    originals: Floats, reconstructions: Floats, labels: NDArray[np.integer], gallery: int = GALLERY
) -> Ranks:
    """The same among the originals of the block that carry the same true label; labels: (N,).

    Features are centred by the mean of that label's originals, for what the class has in common tells nothing here.
    """
    groups = []
    for block in _blocks(len(originals), gallery):
        groups += [block.start + np.flatnonzero(labels[block] == label) for label in np.unique(labels[block])]
    return _ranks(originals, reconstructions, groups)


def _ranks(originals: Floats, reconstructions: Floats, groups: list[Ints]) -> Ranks:
    greater, ties, size = (np.zeros(len(originals), dtype=np.int64) for _ in range(3))
    for rows in groups:
        greater[rows], ties[rows] = _rank_block(originals[rows], reconstructions[rows])
        size[rows] = len(rows)
    return Ranks(greater, ties, size)


def _rank_block(originals: Floats, reconstructions: Floats) -> tuple[Ints, Ints]:
    """Counts of strictly more similar and of tied originals for one gallery of G rows."""
    mean = originals.mean(axis=0, dtype=np.float64)
    a, b = _unit(originals - mean), _unit(reconstructions - mean)
    greater, ties = (np.zeros(len(a), dtype=np.int64) for _ in range(2))
    for start in range(0, len(a), ROWS):
        rows = np.arange(start, min(start + ROWS, len(a)))
        similarity = b[rows] @ a.T  # (rows, G)
        margin = similarity - similarity[rows - start, rows][:, None]
        greater[rows], ties[rows] = (margin > TIE).sum(axis=1), (np.abs(margin) <= TIE).sum(axis=1) - 1
    return greater, ties


def _unit(rows: Doubles) -> Doubles:
    """Rows of length one; a zero row stays zero and is equally far from everything."""
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Doubles = np.divide(rows, norm, out=np.zeros_like(rows), where=norm > 0)
    return unit


def _blocks(n: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def _harmonic(n: int) -> Doubles:
    """(n + 1,) with H(0) = 0, H(1) = 1, H(2) = 1.5, ..."""
    return np.concatenate([[0.0], np.cumsum(1 / np.arange(1, n + 1))])
