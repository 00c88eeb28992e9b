"""One image file to RGB pixels, the same way for ``folder:`` datasets and for ``bench score``.

Upright (EXIF orientation), transparency laid over white, the upper 8 bits of 16-bit grey, the first frame of an
animation. A file's size is looked at before a pixel of it is decoded: a few bytes can claim to be billions of pixels.
"""

from __future__ import annotations

import io
import os
import struct
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bench.cli.printing import say_once
from bench.datasets.jpeg import plain_jpeg
from bench.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"})
MAX_PIXELS = 89_478_485  # a quarter of a GiB as RGB, and Pillow's own limit
ORIENTATION = 0x0112  # EXIF
UPRIGHT = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # by orientation, Pillow's transposition that undoes it
TURNED = (5, 6, 7, 8)  # orientations that swap height and width
SIXTEEN_BITS = 1 << 16
ALPHA_MODES = ("RGBA", "LA", "PA", "RGBa", "La")


def is_image(name: str) -> bool:
    """Whether a file of this name counts as an image: a known ending, and not hidden."""
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")


def rgb(path: Path | str, data: bytes | None = None) -> Image:
    """One image file, decoded: upright, mode RGB.

    Args:
        path: of the file, or what it is called where it lies in an archive.
        data: its bytes, where they are known; see ``bombs_are_errors``.

    Raises:
        DataError: it cannot be read, or it has more than ``MAX_PIXELS``; names it.
    """
    from PIL.Image import Transpose

    if data is not None and (plain := plain_jpeg(data, MAX_PIXELS)) is not None:
        return plain
    with _opened(path, data) as image:
        image.load()  # a TIFF stands upright from then on
        turn = UPRIGHT.get(_orientation(image))
        return _rgb(image if turn is None else image.transpose(Transpose(turn)))


def decode(path: Path | str, size: int, data: bytes | None = None) -> NDArray[np.uint8]:
    """One image file as (size, size, 3) uint8: upright, shorter side resized (bicubic, antialiased), centre cropped.

    Raises:
        DataError: as ``rgb``, or it would have too many pixels at this size.
    """
    from PIL import Image

    upright = rgb(path, data)
    shorter = min(upright.size)
    width, height = (max(size, round(side * size / shorter)) for side in upright.size)
    if width * height > MAX_PIXELS:
        raise DataError(
            f"{path} has {upright.width:,} x {upright.height:,} pixels and would have {width:,} x {height:,} with its "
            f"shorter side at {size}, more than the {MAX_PIXELS:,} that bench holds. Crop it or remove it."
        )
    if upright.size != (width, height):
        upright = upright.resize((width, height), Image.Resampling.BICUBIC)
    left, top = (width - size) // 2, (height - size) // 2
    if upright.size != (size, size):
        upright = upright.crop((left, top, left + size, top + size))
    return np.asarray(upright, dtype=np.uint8)


def upright_size(path: Path) -> tuple[int, int]:
    """(H, W) of an image file once it stands upright, from its header where that says it.

    Raises:
        DataError: as ``rgb``.
    """
    with _opened(path) as image:
        if image.format == "TIFF":  # stands upright once it is decoded
            image.load()
        width, height = image.size
        turned = _orientation(image, whole=False) in TURNED
    return (width, height) if turned else (height, width)


@contextmanager
def bombs_are_errors() -> Iterator[None]:
    """Pillow's warning about too many pixels is an error within; around many images once, because it takes time."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@contextmanager
def _opened(path: Path | str, data: bytes | None = None) -> Iterator[Image]:
    """The opened file; whatever goes wrong with it inside becomes a DataError."""
    from PIL import Image

    unreadable = (
        OSError, SyntaxError, ValueError, EOFError, struct.error,
        Image.DecompressionBombError, Image.DecompressionBombWarning,
    )  # fmt: skip
    try:
        guard = bombs_are_errors() if data is None else nullcontext()
        with guard, Image.open(path if data is None else io.BytesIO(data)) as image:
            _refuse_bombs(path, image.size)
            yield image
    except unreadable as error:
        raise DataError(
            f"{path} cannot be read as an image ({error or type(error).__name__}); it may be cut short or of another "
            "format than its name says. Replace it or remove it, then run again."
        ) from error


def _orientation(image: Image, whole: bool = True) -> Any:
    """How EXIF says that the image lies; 1, upright, where it says nothing.

    What cannot be read in a JPEG's EXIF says nothing, either: some of ImageNet's files hold such.

    Args:
        image: opened.
        whole: look behind the pixels of a PNG, too, for which all of it is decoded.
    """
    from PIL.Image import Image

    exif = image.getexif if whole else partial(Image.getexif, image)
    if image.format not in ("JPEG", "MPO"):
        return exif().get(ORIENTATION, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return exif().get(ORIENTATION, 1)
        except (SyntaxError, ValueError, struct.error):
            return 1


def _refuse_bombs(path: Path | str, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise DataError(
            f"{path} says that it has {width:,} x {height:,} pixels, and bench decodes images of at most "
            f"{MAX_PIXELS:,}. Make it smaller or remove it, then run again."
        )


def _rgb(image: Image) -> Image:
    """Any mode of 8 bits a colour, or 16-bit grey, to RGB."""
    from PIL import Image as ImageModule

    if image.mode.startswith("I"):
        grey = np.asarray(image, dtype=np.int64)
        if grey.min() < 0 or grey.max() >= SIXTEEN_BITS:
            raise ValueError("its values do not fit into 16 bits: save it with 8 or 16 bits a colour")
        return ImageModule.fromarray((grey >> 8).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise ValueError("it holds floating-point numbers: save it with 8 or 16 bits a colour")
    if image.mode in ALPHA_MODES or "transparency" in image.info:
        rgba = image.convert("RGBA")
        return ImageModule.alpha_composite(ImageModule.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")


def say_left_out(root: Path, left_out: Iterable[str]) -> None:
    """One line on stderr, once a process, about files below ``root`` that do not count as images."""
    names = sorted(left_out)
    if names:
        files = "1 file is" if len(names) == 1 else f"{len(names):,} files are"
        first = "" if len(names) == 1 else "first "
        say_once(
            f"in {root} {files} left out, {first}{names[0]}: hidden, or of another ending than "
            f"{', '.join(sorted(SUFFIXES))}"
        )


def files_below(root: Path) -> tuple[list[str], list[str]]:
    """Images below a folder and what is left out, as sorted paths relative to it; hidden folders are left out whole.

    Raises:
        OSError: a folder cannot be read.
    """
    images: list[str] = []
    left_out: list[str] = []
    seen: set[str] = set()

    def refuse(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(root, onerror=refuse, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link back
            folders.clear()
            continue
        seen.add(real)
        inside = Path(place).relative_to(root)
        left_out += [f"{(inside / name).as_posix()}/" for name in folders if name.startswith(".")]
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            (images if is_image(name) else left_out).append((inside / name).as_posix())
    return sorted(images), sorted(left_out)
