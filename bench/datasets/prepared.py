"""A dataset that ``prepare`` made: put into its place, mapped into memory again, and compared with what it was."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from bench.datasets.base import Pixels
from bench.datasets.prepare import sha256_of_blocks
from bench.errors import DataError


def settle(work: Path, target: Path, names: Iterable[str]) -> None:
    """Put a finished folder into its place, and keep the files of these names.

    What is left of the work goes last: a kill before that costs nothing.
    """
    if target.exists():
        shutil.rmtree(target)
    os.replace(work, target)
    for left in {file.name for file in target.iterdir()} - set(names):
        (target / left).unlink()


def mapped(path: Path, count: int, size: int, remedy: str) -> Pixels:
    """The images of one split, (count, size, size, 3) uint8, on the disk.

    Raises:
        DataError: the file is damaged, or holds others; ``remedy`` says what to type.
    """
    try:
        pixels: Pixels = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} is damaged ({error}). Type: {remedy}") from error
    if pixels.shape != (count, size, size, 3):
        raise DataError(f"{path} should hold {count:,} images and does not. Type: {remedy}")
    return pixels


def intact(path: Path, blocks: list[str]) -> bool:
    """Whether a split's images are, block by block, what was prepared."""
    try:
        return sha256_of_blocks(np.load(path, mmap_mode="r")) == blocks
    except (OSError, ValueError, EOFError):
        return False
