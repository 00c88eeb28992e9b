"""The pictures that probes stored: the same image at the same level, record below record, as lossless strips."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench import cards
from reports.analysis.probe_groups import Series, Together
from reports.export.files import INSIDE, Files
from reports.words import text

Pixels = NDArray[np.uint8]

ENOUGH = 80  # pictures of a group, of which the first rows are shown; but no less than one row a record
LARGEST = 64  # side of the largest picture that is shown pixel by pixel
TILE, WIDE_TILE, FEW_COLUMNS = 64, 96, 4  # width on the page that small pictures are enlarged to, and with few columns
OPEN_STRIPS = 16  # rows of pictures that stand open
GAP = 1  # pixels between pictures
FEWEST_COLUMNS = 3
GRID_SIDE = 3


@dataclass(frozen=True)
class Stored:
    """``pictures.npy`` (R, C, H, W, 3) and ``captions.json`` of one record."""

    series: Series
    pixels: Pixels
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    judged: tuple[tuple[str, ...], ...] | None


@dataclass(frozen=True)
class Line:
    """Pictures side by side as one image, with each one's caption and what the judge sees in it."""

    source: str
    alt: str
    width: str
    height: str
    captions: tuple[str, ...]
    judged: tuple[str, ...]


@dataclass(frozen=True)
class Strip:
    """One record's row: one line of pictures, or three as a grid."""

    classifier: str
    method: str
    caption: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Block:
    """A row of the stored tables, for every record; ``title`` is its caption where all have the same."""

    title: str
    columns: tuple[str, ...]
    strips: tuple[Strip, ...]
    span: int


@dataclass(frozen=True)
class Sheet:
    """All pictures of a group, and what must be said about them; long ones start folded."""

    blocks: tuple[Block, ...]
    grid: bool
    judged: bool
    tile: str
    remarks: tuple[str, ...]
    long: bool


def sheet(group: Together, how: cards.Sheet, files: Files = INSIDE) -> Sheet | None:
    """The pictures of these records; None where there is neither a picture nor a record that lacks one."""
    stored = [found for found in (_stored(one) for one in group.series) if found is not None]
    lacking = [one.label for one in group.series if one not in [found.series for found in stored]]
    remarks = [f"No pictures lie beside the record of {text.listing(lacking)}."] if lacking else []
    if not stored:
        return Sheet((), grid=False, judged=False, tile="", remarks=tuple(remarks), long=False) if lacking else None
    chosen = [_chosen(found, how, len(stored)) for found in stored]
    grid = how.grid and all(len(found.columns) == GRID_SIDE**2 for found in chosen)
    blocks = [
        block for row in range(max(len(found.rows) for found in chosen)) for block in _blocks(chosen, row, grid, files)
    ]
    return Sheet(
        blocks=tuple(blocks),
        grid=grid,
        judged=any(found.judged for found in chosen),
        tile=f"{max(_pitch(found.pixels) for found in chosen)}px",
        remarks=tuple(remarks + _remarks(stored, chosen)),
        long=sum(len(block.strips) for block in blocks) > OPEN_STRIPS,
    )


def _remarks(stored: Sequence[Stored], chosen: Sequence[Stored]) -> list[str]:
    """How many of the stored pictures are shown, and how."""
    parts = []
    for noun, position in (("rows", 0), ("columns", 1)):
        shown, all_of_them = (max(one.pixels.shape[position] for one in side) for side in (chosen, stored))
        if shown < all_of_them:
            parts.append(f"{shown} of {all_of_them} stored {noun}")
    found = [f"Shown here: {text.listing(parts)}; pictures.npy beside each record has all."] if parts else []
    if max(max(one.pixels.shape[2:4]) for one in stored) > LARGEST:
        found.append(f"Pictures are shrunk to at most {LARGEST} pixels a side.")
    return found


def _chosen(found: Stored, how: cards.Sheet, num_records: int) -> Stored:
    """The first rows, and where they are too wide fewer columns, so that a group has about ``ENOUGH`` pictures."""
    rows, columns = list(range(len(found.rows))), list(range(len(found.columns)))
    period = max(1, how.period)
    if how.sets:
        columns = columns[: max(FEWEST_COLUMNS, 2 * ENOUGH // (len(rows) * num_records))]
    else:
        if len(columns) * num_records * period > ENOUGH:
            columns = [k for k in columns if found.columns[k] in how.fewer] or columns
        rows = rows[: max(1, ENOUGH // (len(columns) * num_records * period)) * period]
    return replace(
        found,
        pixels=found.pixels[np.ix_(rows, columns)],
        rows=tuple(found.rows[k] for k in rows),
        columns=tuple(found.columns[k] for k in columns),
        judged=tuple(tuple(found.judged[row][k] for k in columns) for row in rows) if found.judged else None,
    )


def _blocks(stored: Sequence[Stored], row: int, grid: bool, files: Files) -> list[Block]:
    """One row of every record; records whose columns or sizes differ stand in blocks of their own."""
    having = [found for found in stored if row < len(found.rows)]
    kinds = dict.fromkeys((found.columns, found.pixels.shape[2:]) for found in having)
    return [_block([f for f in having if (f.columns, f.pixels.shape[2:]) == kind], row, grid, files) for kind in kinds]


def _block(stored: Sequence[Stored], row: int, grid: bool, files: Files) -> Block:
    """The strips of one row; one strip where every record has the very same pictures."""
    shared = len({found.rows[row] for found in stored}) == 1
    title = stored[0].rows[row] if shared else ""
    columns = stored[0].columns
    first = stored[0].pixels[row]
    if len(stored) > 1 and shared and not grid and all(np.array_equal(found.pixels[row], first) for found in stored):
        strips = [
            Strip("the same for all", "", "", (_line(stored[0], row, range(len(columns)), "all records", files),))
        ]
    else:
        strips = [
            Strip(found.series.classifier, found.series.method, "" if shared else found.rows[row], lines)
            for found, lines in ((found, _lines(found, row, grid, files)) for found in stored)
        ]
    return Block(title, columns, tuple(strips), len(columns))


def _lines(found: Stored, row: int, grid: bool, files: Files) -> tuple[Line, ...]:
    """The row as one line, or as three of a grid."""
    count = len(found.columns)
    width = GRID_SIDE if grid else count
    starts = range(0, count, width)
    return tuple(_line(found, row, range(start, start + width), found.series.label, files) for start in starts)


def _line(found: Stored, row: int, columns: range, whose: str, files: Files) -> Line:
    captions = tuple(found.columns[k] for k in columns)
    judged = tuple(found.judged[row][k] for k in columns) if found.judged else ()
    said = (
        [f"{caption} (judged {seen})" for caption, seen in zip(captions, judged, strict=True)] if judged else captions
    )
    pixels = strip_of(_small(found.pixels[row, columns.start : columns.stop]))
    scale, packed = _scale(found.pixels), webp(pixels)
    return Line(
        source=files.put(f"pictures/{hashlib.sha256(packed).hexdigest()[:12]}.webp", "image/webp", packed),
        alt=f"{found.rows[row]}, {whose}: {', '.join(said)}",
        width=str(pixels.shape[1] * scale),
        height=str(pixels.shape[0] * scale),
        captions=captions,
        judged=judged,
    )


def strip_of(pixels: Pixels) -> Pixels:
    """(C, H, W, 3) side by side with transparent gaps: (H, C (W + GAP) - GAP, 4)."""
    count, height, width, _ = pixels.shape
    canvas = np.zeros((count, height, width + GAP, 4), np.uint8)
    canvas[:, :, :width, :3], canvas[:, :, :width, 3] = pixels, 255
    joined: Pixels = canvas.transpose(1, 0, 2, 3).reshape(height, -1, 4)[:, :-GAP]
    return joined


def webp(pixels: Pixels) -> bytes:
    """(H, W, 4) uint8 as lossless WebP."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "WEBP", lossless=True, method=0, quality=20)
    return file.getvalue()


def _small(pixels: Pixels) -> Pixels:
    """(C, H, W, 3) with sides of at most ``LARGEST``."""
    from PIL import Image

    if max(pixels.shape[1:3]) <= LARGEST:
        return pixels
    height, width = (max(1, round(side * LARGEST / max(pixels.shape[1:3]))) for side in pixels.shape[1:3])
    return np.stack([np.asarray(Image.fromarray(one).resize((width, height))) for one in pixels])


def _scale(pixels: Pixels) -> int:
    """Whole pixels of the page for one of a picture; pixels (R, C, H, W, 3)."""
    return max(1, (WIDE_TILE if pixels.shape[1] <= FEW_COLUMNS else TILE) // int(max(pixels.shape[2:4])))


def _pitch(pixels: Pixels) -> int:
    """Width on the page from one picture to the next."""
    height, width = int(pixels.shape[2]), int(pixels.shape[3])
    shown = width if max(height, width) <= LARGEST else max(1, round(width * LARGEST / max(height, width)))
    return (shown + GAP) * _scale(pixels)


def _stored(series: Series) -> Stored | None:
    """What lies beside a record, or None where it is not there or of no use."""
    found = series.entry.pictures
    return None if found is None else Stored(series, found.pixels, found.rows, found.columns, found.judged)
