"""The short way through Pillow for a plain JPEG, which many small images spend half their time without.

``Image.open`` reads every segment of a file's header in Python. Of a file whose header has nothing but tables and
comments only the frame's size matters, and its bytes can be handed to the same decoder at once: the same pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

START = b"\xff\xd8"
FRAMES = frozenset((0xC0, 0xC1, 0xC2))  # baseline, extended, progressive
# Tables, restart interval, JFIF, Adobe's mark, comment. Not APP1 and APP2, where turned and several images say so.
SKIPPED = frozenset((0xC4, 0xDB, 0xDD, 0xE0, 0xEE, 0xFE))
MODES = {1: "L", 3: "RGB"}


def plain_jpeg(data: bytes, most: int) -> Image | None:
    """The image, mode RGB, of a JPEG without peculiarities; None for any other file, and for one that is damaged.

    Args:
        data: the file.
        most: pixels that it may have.
    """
    from PIL import Image

    frame = _frame(data)
    if frame is None:
        return None
    width, height, mode = frame
    if not 0 < width * height <= most:
        return None
    try:
        image = Image.frombytes(mode, (width, height), data, "jpeg", mode, "")
    except (ValueError, OSError):
        return None
    return image if mode == "RGB" else image.convert("RGB")


def _frame(data: bytes) -> tuple[int, int, str] | None:
    """Width, height and mode as the header has them; None where something else than ``SKIPPED`` stands before them."""
    if not data.startswith(START):
        return None
    at, end = len(START), len(data) - 10
    while at <= end and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in FRAMES:
            mode = MODES.get(data[at + 9])
            if mode is None or data[at + 4] != 8:  # bits a colour
                return None
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7]), mode
        if marker not in SKIPPED:
            return None
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None
