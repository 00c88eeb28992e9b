"""Two folders of images, paired by file name, read a block at a time."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from bench.datasets.base import Pixels
from bench.errors import DataError, UsageError

EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm")
EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr")


class PixelSource(Protocol):
    """(N, H, W, 3) uint8 images in memory, memory-mapped or on disk; a slice of rows gives an array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, H, W, 3)."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> Pixels: ...


class FolderPixels:
    """Image files as one array of shape (N, H, W, 3) that is read where it is sliced."""

    def __init__(self, paths: list[Path], size: tuple[int, int]) -> None:
        self.paths = paths
        self.shape = (len(paths), *size, 3)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: slice, /) -> Pixels:
        return np.stack([_read(path) for path in self.paths[rows]])


class FolderPair(NamedTuple):
    """Paired images.

    Attributes:
        originals: (N, H, W, 3).
        reconstructions: the same shape, row i made from original i.
        ids: the N file names without their endings, sorted.
    """

    originals: FolderPixels
    reconstructions: FolderPixels
    ids: tuple[str, ...]


def score_folders(originals: Path, reconstructions: Path) -> FolderPair:
    """Pair two folders of images by file name (without the ending); pixels are read later.

    Args:
        originals: folder of images, all of one size.
        reconstructions: folder with a file of the same stem for each of them, of the same size.

    Raises:
        UsageError: a folder is missing or empty, or the names do not pair up.
        DataError: sizes differ, or a file is no readable 8-bit image.
    """
    a, b = _images(originals, "originals"), _images(reconstructions, "reconstructions")
    _check_pairs(set(a), set(b), originals, reconstructions)
    ids = tuple(sorted(a))
    paths = [a[i] for i in ids], [b[i] for i in ids]
    size = _common_size([*paths[0], *paths[1]])
    return FolderPair(FolderPixels(paths[0], size), FolderPixels(paths[1], size), ids)


def _images(folder: Path, role: str) -> dict[str, Path]:
    """Image files directly in a folder, by stem."""
    if not folder.is_dir():
        raise UsageError(f"--{role} must name a folder of images, and {folder} is none.")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in EXTENSIONS or path.name.startswith("."):
            continue
        if path.stem in found:
            raise UsageError(f"{found[path.stem].name} and {path.name} in {folder} share a name: keep one of them.")
        found[path.stem] = path
    if not found:
        raise UsageError(f"--{role} names {folder}, which holds no image. Known endings: {', '.join(EXTENSIONS)}.")
    return found


def _check_pairs(a: set[str], b: set[str], originals: Path, reconstructions: Path) -> None:
    if a == b:
        return
    lonely = [(sorted(a - b), reconstructions), (sorted(b - a), originals)]
    texts = [
        f"{len(names)} {'is' if len(names) == 1 else 'are'} missing from {folder}, first {names[0]!r}"
        for names, folder in lonely
        if names
    ]
    raise UsageError(
        f"Originals and reconstructions are paired by file name without its ending, and {'; '.join(texts)}. "
        "Rename the files or remove the unpaired ones."
    )


def _common_size(paths: list[Path]) -> tuple[int, int]:
    """(H, W) of all these files, from their headers."""
    first = _header(paths[0])
    for path in paths[1:]:
        if (size := _header(path)) != first:
            raise DataError(
                f"All images must have one size: {paths[0]} is {first[1]}x{first[0]}, {path} is {size[1]}x{size[0]}. "
                "Resize them first; bench does not, because resizing changes every score."
            )
    return first


def _header(path: Path) -> tuple[int, int]:
    from PIL import Image

    try:
        with Image.open(path) as image:
            width, height, mode = *image.size, image.mode
    except OSError as error:
        raise DataError(f"{path} cannot be read as an image ({error}). Replace or remove it.") from error
    if mode not in EIGHT_BIT_MODES:
        raise DataError(f"{path} should hold 8 bits a colour and has the mode {mode!r}. Convert it to 8-bit RGB.")
    return height, width


def _read(path: Path) -> Pixels:
    """One image, (H, W, 3) uint8."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except OSError as error:
        raise DataError(f"{path} cannot be read as an image ({error}). Replace or remove it.") from error
