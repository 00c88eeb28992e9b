"""Two folders of images, paired by file name, read a block at a time and as ``folder:`` datasets read theirs."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from bench.datasets.base import Pixels
from bench.datasets.decode import SUFFIXES, files_below, rgb, say_left_out, upright_size
from bench.errors import DataError, UsageError
from bench.paths import expanded
from bench.progress import each


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
        return np.stack([self._read(path) for path in self.paths[rows]])

    def _read(self, path: Path) -> Pixels:
        """One image, (H, W, 3) uint8."""
        pixels = np.asarray(rgb(path), dtype=np.uint8)
        if pixels.shape != self.shape[1:]:  # a header that says less than the file, or a file that was replaced
            raise DataError(_other_size(self.paths[0], self.shape[1:3], path, pixels.shape))
        return pixels


class FolderPair(NamedTuple):
    """Paired images.

    Attributes:
        originals: (N, H, W, 3).
        reconstructions: the same shape, row i made from original i.
        ids: the N paths below each folder without their endings, sorted.
    """

    originals: FolderPixels
    reconstructions: FolderPixels
    ids: tuple[str, ...]


def score_folders(originals: Path, reconstructions: Path) -> FolderPair:
    """Pair two folders of images by their paths below the folder (without the ending); pixels are read later.

    Images are seen as ``bench.datasets.decode`` has them: upright, transparency over white. Files that are left out
    are counted in a line on stderr.

    Args:
        originals: folder of images, all of one size once they stand upright; subfolders are entered.
        reconstructions: folder with a file of the same path for each of them, of the same size.

    Raises:
        UsageError: a folder is missing or empty, or the names do not pair up.
        DataError: sizes differ, or a file is no readable image.
    """
    a, b = _images(originals, "originals"), _images(reconstructions, "reconstructions")
    _check_pairs(set(a), set(b), originals, reconstructions)
    ids = tuple(sorted(a))
    paths = [a[i] for i in ids], [b[i] for i in ids]
    size = _common_size([*paths[0], *paths[1]])
    return FolderPair(FolderPixels(paths[0], size), FolderPixels(paths[1], size), ids)


def _images(folder: Path, role: str) -> dict[str, Path]:
    """Image files in a folder and its subfolders, by path below it without the ending."""
    folder = expanded(folder)
    if not folder.is_dir():
        raise UsageError(f"--{role} must name a folder of images, and {folder} is none.")
    images, left_out = files_below(folder)
    say_left_out(folder, left_out)
    found: dict[str, Path] = {}
    for name in images:
        stem = name[: -len(Path(name).suffix)]
        if stem in found:
            raise UsageError(f"{found[stem].name} and {Path(name).name} in {folder} share a name: keep one of them.")
        found[stem] = folder / name
    if not found:
        endings = ", ".join(sorted(SUFFIXES))
        raise UsageError(f"--{role} names {folder}, which holds no image. Known endings: {endings}.")
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
    first = upright_size(paths[0])
    for path in each(paths[1:], "looking at sizes"):
        if (size := upright_size(path)) != first:
            raise DataError(_other_size(paths[0], first, path, size))
    return first


def _other_size(first: Path, expected: tuple[int, ...], path: Path, found: tuple[int, ...]) -> str:
    return (
        f"All images must have one size: {first} is {expected[1]}x{expected[0]}, {path} is {found[1]}x{found[0]}. "
        "Resize them first; bench does not, because resizing changes every score."
    )
