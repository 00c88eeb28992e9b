"""Sprite sheets: the pictures of one method as one image, a grid of tiles in row-major order, embedded once a page."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

COLUMNS = 8  # tiles in a row of a sheet
LOSSLESS_SIDE = 64  # pixels; larger pictures are photographs, shrunk and compressed
LARGEST_SIDE = 112

Pixels = NDArray[np.uint8]


def crops(pictures: Pixels, rows: Sequence[int]) -> Pixels:
    """The tiles (n, h, w, 3) of these rows: the very pixels of small pictures, larger ones shrunk."""
    tiles = rows_of(pictures, rows)
    return tiles if max(tiles.shape[1:3]) <= LOSSLESS_SIDE else np.stack([_shrunk(tile) for tile in tiles])


def rows_of(pictures: Pixels, rows: Sequence[int]) -> Pixels:
    """These pictures alone, (n, H, W, 3): of a memory map they are read one by one, and nothing around them."""
    if not isinstance(pictures, np.memmap) or pictures.filename is None:
        return np.ascontiguousarray(pictures[list(rows)])
    found = np.empty((len(rows), *pictures.shape[1:]), np.uint8)
    with open(pictures.filename, "rb") as file:  # the name may be bytes
        for picture, row in zip(found, rows, strict=True):
            file.seek(pictures.offset + row * picture.nbytes)
            file.readinto(picture)
    return found


def _shrunk(picture: Pixels) -> Pixels:
    from PIL import Image

    image = Image.fromarray(picture)
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    return np.asarray(image)


def name(tiles: Pixels) -> str:
    """A name that equal tiles share, so that a page can embed them once."""
    return hashlib.sha256(repr(tiles.shape).encode() + tiles.tobytes()).hexdigest()[:12]


def grid(tiles: Pixels) -> Pixels:
    """(n, h, w, 3) to the sheet (rows * h, COLUMNS * w, 3): tile i in row i // COLUMNS, column i % COLUMNS.

    What is left of the last row is black.
    """
    n, h, w, _ = tiles.shape
    rows = -(-n // COLUMNS)
    filled = np.zeros((rows * COLUMNS, h, w, 3), np.uint8)
    filled[:n] = tiles
    return filled.reshape(rows, COLUMNS, h, w, 3).swapaxes(1, 2).reshape(rows * h, COLUMNS * w, 3)


def sheet(tiles: Pixels) -> bytes:
    """The tiles' sheet as WebP: exact where the tiles are small, compressed where they were shrunk.

    Lossless WebP is a quarter smaller than optimised PNG on CIFAR-10 and shown by every current browser; method 3
    costs 3 % of size against method 4 and takes a third of its time.
    """
    from PIL import Image

    file = io.BytesIO()
    if max(tiles.shape[1:3]) <= LOSSLESS_SIDE:
        Image.fromarray(grid(tiles)).save(file, "WEBP", lossless=True, quality=20, method=3)
    else:
        Image.fromarray(grid(tiles)).save(file, "WEBP", quality=85, method=2)
    return file.getvalue()


def exact(picture: Pixels) -> bytes:
    """One picture (h, w, 3) as WebP, every pixel as it is."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", lossless=True, quality=20, method=3)
    return file.getvalue()
