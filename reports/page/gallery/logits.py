"""The logits of chosen images and of their reconstructions, as the large view of the gallery prints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.store.reader import logits_of
from reports.analysis.groups import Entry, Group
from reports.analysis.images import facts
from reports.words import text
from reports.words.gallery_names import target_class

DIGITS = 3
MOST_CLASSES = 5  # of a softmax
MOST = 10  # logits an image; of more, the ten largest of the original

Floats = NDArray[np.floating[Any]]
Top = tuple[tuple[tuple[int, str], ...], ...]  # an image, a class: its number and its share
NOT_STORED = "The logits of these reconstructions were not stored. Run the cell again to have them: bench run --force"


@dataclass(frozen=True)
class Logits:
    """Which logits are shown for each of the chosen images, and the original's values.

    Attributes:
        columns: (n, k) the places of the shown logits.
        names: of the shown logits, k for each image.
        values: of the original, printed.
        words: what they are of all logits, to stand behind their heading.
        num_logits: K of the classifier; 0 where nothing is stored.
        missing: why there is nothing to show, or empty.
        top: of each image the classes of the largest softmax and their per cent, printed.
    """

    columns: NDArray[np.int64]
    names: tuple[tuple[str, ...], ...]
    values: tuple[tuple[str, ...], ...]
    words: str
    num_logits: int
    missing: str
    top: Top = ()


def original_logits(group: Group, rows: Sequence[int]) -> Logits:
    """The originals' logits from ``runs/<dataset>/<classifier>/logits.npz``."""
    z = _stored(group, rows)
    if isinstance(z, str):
        return Logits(np.empty((len(rows), 0), np.int64), (), (), "", 0, z)
    columns, words = np.tile(np.arange(z.shape[1]), (len(z), 1)), ""
    if z.shape[1] > MOST:
        words = f": the {MOST} largest of the original among {text.count(z.shape[1])}, by number"
        columns = np.argsort(-z, axis=1, kind="stable")[:, :MOST]
    names = tuple(tuple(target_class(group, column) for column in shown) for shown in columns)
    return Logits(columns, names, _printed(z, columns), words, z.shape[1], "", _top(z))


def reconstruction_logits(entry: Entry, rows: Sequence[int], shown: Logits) -> tuple[tuple[str, ...], ...] | str:
    """The reconstructions' values of the same logits, printed; or why there are none."""
    z = entry.reconstruction_logits
    if z is None:
        return NOT_STORED
    if z.shape != (entry.record.num_images, shown.num_logits):
        return (
            f"The stored logits of these reconstructions have the shape {z.shape} and do not belong to the "
            f"{shown.num_logits} logits of the originals."
        )
    return _printed(np.asarray(z[list(rows)]), shown.columns)


def top(entry: Entry, rows: Sequence[int]) -> Top:
    """The first classes of an entry's reconstructions; empty where their logits were not stored."""
    z = entry.reconstruction_logits
    return () if z is None else _top(np.asarray(z[list(rows)]))


def _top(z: Floats) -> Top:
    """(n, K) logits to the classes of the largest softmax, largest first, in per cent."""
    x = z.astype(np.float64) - z.max(axis=1, keepdims=True)
    shares = 100 * np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    order = np.argsort(-shares, axis=1, kind="stable")[:, :MOST_CLASSES]
    return tuple(
        tuple((int(k), text.fixed(float(share[k]), 1)) for k in first)
        for share, first in zip(shares, order, strict=True)
    )


def _printed(z: Floats, columns: NDArray[np.int64]) -> tuple[tuple[str, ...], ...]:
    taken = np.take_along_axis(z, columns, axis=1)
    return tuple(tuple(text.fixed(float(value), DIGITS) for value in row) for row in taken)


def _stored(group: Group, rows: Sequence[int]) -> Floats | str:
    """(n, K) logits of these rows, or why they cannot be shown: they must be of these images and weights."""
    stored = logits_of(group.entries)
    if stored is None:
        return "The logits of the originals do not lie beside these records."
    ids, z, made_by = stored
    expected = facts(group).get("image_id")
    if expected is None or list(ids[: len(expected)]) != [str(one) for one in expected]:
        return "The stored logits belong to other images than these records."
    if group.classifier_sha256 and made_by.split(" ")[0] != group.classifier_sha256:
        return "The stored logits were made by other weights than these records."
    return z[list(rows)]
