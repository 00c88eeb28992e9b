"""Originals beside reconstructions, as data URIs with a text for each picture."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.datasets.cifar10 import CLASS_NAMES
from reports import text
from reports.groups import Entry, Group

GALLERY_IMAGES = 24
BLOCK_IMAGES = 12
EXTREMES = 6
LOSSLESS_SIDE = 64
LARGEST_SIDE = 112

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Tile:
    """One picture; ``judged`` and ``score`` stand below it."""

    source: str
    alt: str
    judged: str
    score: str
    changed: bool


@dataclass(frozen=True)
class Strip:
    """A row of the gallery: one method over the images of the block."""

    label: str
    kind: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Block:
    """A table of pictures: a column an image, the originals first."""

    heads: tuple[tuple[str, str], ...]
    strips: tuple[Strip, ...]
    first: str
    last: str
    span: int


@dataclass(frozen=True)
class Extremes:
    """An inverter's best and worst reconstructions below their originals."""

    label: str
    best: tuple[tuple[str, Tile, Tile], ...]
    worst: tuple[tuple[str, Tile, Tile], ...]


@dataclass(frozen=True)
class Gallery:
    """The pictures of a group; ``missing`` says whose could not be shown."""

    blocks: tuple[Block, ...]
    extremes: tuple[Extremes, ...]
    missing: str
    shrunk: bool
    width: str


def gallery(group: Group) -> Gallery | None:
    """The gallery, or None where the pictures do not lie beside the records."""
    originals = group.originals
    shown = [entry for entry in group.complete if entry.reconstructions is not None]
    if originals is None or not shown:
        return None
    num_shown = min(GALLERY_IMAGES, group.num_images, len(originals))
    starts = range(0, num_shown, BLOCK_IMAGES)
    blocks = [range(start, min(start + BLOCK_IMAGES, num_shown)) for start in starts]
    return Gallery(
        blocks=tuple(_block(rows, originals, shown, group.dataset) for rows in blocks),
        extremes=tuple(e for e in (_extremes(entry, originals, group.dataset) for entry in shown) if e is not None),
        missing=text.listing(entry.label for entry in group.complete if entry not in shown),
        shrunk=max(originals.shape[1:3]) > LOSSLESS_SIDE,
        width=f"{_scale(originals.shape[2])}px",
    )


def _scale(side: int) -> int:
    """Width on the page of a picture this wide: a whole multiple of its pixels where it is small."""
    return side * max(1, 96 // side) if side <= LOSSLESS_SIDE else min(side, LARGEST_SIDE)


def _block(rows: range, originals: Pixels, shown: Sequence[Entry], dataset: str) -> Block:
    facts = shown[0]
    strips = [Strip("original", "original", tuple(_original(facts, row, originals, dataset) for row in rows))]
    for entry in shown:
        tiles = tuple(_reconstruction(entry, row, dataset) for row in rows)
        strips.append(Strip(entry.label, entry.record.kind, tiles))
    heads = tuple((_true_class(facts, row, dataset), _image_id(facts, row)) for row in rows)
    return Block(heads, tuple(strips), str(rows[0] + 1), str(rows[-1] + 1), len(rows))


def _extremes(entry: Entry, originals: Pixels, dataset: str) -> Extremes | None:
    """The reconstructions with the smallest and the largest LPIPS; inverters only."""
    distances = entry.per_image.get("lpips")
    if distances is None or entry.record.kind != "inverter":
        return None
    order = [int(row) for row in np.argsort(distances, kind="stable") if np.isfinite(distances[row])]
    amount = min(EXTREMES, len(order) // 2)
    if not amount:
        return None

    def pairs(rows: Sequence[int]) -> tuple[tuple[str, Tile, Tile], ...]:
        return tuple(
            (_image_id(entry, row), _original(entry, row, originals, dataset), _reconstruction(entry, row, dataset))
            for row in rows
        )

    return Extremes(entry.label, pairs(order[:amount]), pairs(order[: -amount - 1 : -1]))


def _original(entry: Entry, row: int, originals: Pixels, dataset: str) -> Tile:
    judged = _judged(entry, row, "original", dataset)
    alt = f"original {_image_id(entry, row)}, {_true_class(entry, row, dataset)}"
    return Tile(data_uri(originals[row]), f"{alt}, judged {judged}" if judged else alt, judged, "", changed=False)


def _reconstruction(entry: Entry, row: int, dataset: str) -> Tile:
    assert entry.reconstructions is not None
    judged = _judged(entry, row, "reconstruction", dataset)
    lpips = entry.per_image.get("lpips")
    score = f"{lpips[row]:.2f}" if lpips is not None and np.isfinite(lpips[row]) else ""
    alt = f"{entry.label} reconstruction of {_image_id(entry, row)} ({_true_class(entry, row, dataset)})"
    alt += f", judged {judged}" if judged else ""
    alt += f", LPIPS {score}" if score else ""
    changed = bool(judged) and judged != _judged(entry, row, "original", dataset)
    return Tile(data_uri(entry.reconstructions[row]), alt, judged, score, changed)


def _image_id(entry: Entry, row: int) -> str:
    ids = entry.per_image.get("image_id")
    return f"image {row}" if ids is None else str(ids[row])


def _true_class(entry: Entry, row: int, dataset: str) -> str:
    labels = entry.per_image.get("label")
    return "class unknown" if labels is None else class_name(dataset, labels[row])


def _judged(entry: Entry, row: int, of: str, dataset: str) -> str:
    """The judge's class for the original or the reconstruction; empty where it gave none."""
    predictions = entry.per_image.get(f"prediction_judge_{of}")
    if predictions is None or not np.isfinite(predictions[row]) or predictions[row] < 0:
        return ""
    return class_name(dataset, predictions[row])


def class_name(dataset: str, label: float) -> str:
    """A class by name where the names are known, else by number."""
    return CLASS_NAMES[int(label)] if dataset == "cifar10" and 0 <= label < 10 else f"class {int(label)}"


def data_uri(pixels: Pixels) -> str:
    """(H, W, 3) uint8 as an image in a URI: exact up to 64 pixels a side, larger ones shrunk and compressed."""
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(pixels))
    file = io.BytesIO()
    if max(picture.size) <= LOSSLESS_SIDE:
        picture.save(file, "PNG", compress_level=7)
        kind = "png"
    else:
        picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
        picture.save(file, "WEBP", quality=85, method=2)
        kind = "webp"
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
