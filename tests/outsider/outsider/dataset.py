"""A dataset of 64 px and 20 classes: four shapes in five colours, somewhere on a grey ground."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import bench

SIDE = 64
SHAPES = ("disc", "square", "ring", "cross")
COLOURS = {"red": (210, 40, 40), "green": (40, 170, 60), "blue": (50, 70, 220), "yellow": (230, 210, 40),
           "white": (245, 245, 245)}  # fmt: skip
CLASSES = tuple(f"{colour} {shape}" for colour in COLOURS for shape in SHAPES)
COUNTS = {"test": 200, "train": 2_000, "val": 100}


class Shapes(bench.Dataset):
    """Image k of a split shows class k modulo 20; where, how large and on what follows from split and k alone."""

    summary = "64x64 shapes of 20 classes, drawn when they are asked for"
    licence = "CC0"
    splits = COUNTS
    gallery = 100
    default_num_images = 200
    fixed = True

    def __init__(self, name: str, split: str) -> None:
        count = COUNTS[split]
        super().__init__(name, [f"{split}-{k}" for k in range(count)], np.arange(count) % len(CLASSES), CLASSES)
        self.split = split

    @classmethod
    def open(cls, name: str, split: str, image_size: int) -> Shapes:
        return cls(name, split)

    @classmethod
    def side(cls, name: str) -> int:
        return SIDE

    @classmethod
    def here(cls) -> dict[str, int]:
        return COUNTS

    def pixels(self, rows: Sequence[int] | slice) -> NDArray[np.uint8]:
        numbers = np.arange(len(self))[rows]
        drawn = [_draw(sorted(COUNTS).index(self.split), int(k)) for k in numbers]
        return np.stack(drawn) if drawn else np.empty((0, SIDE, SIDE, 3), np.uint8)


def _draw(split: int, k: int) -> NDArray[np.uint8]:
    """(64, 64, 3)."""
    rng = np.random.default_rng([split, k])
    x, y = rng.integers(20, 44, 2)
    radius = rng.integers(9, 19)
    rows, columns = np.abs(np.indices((SIDE, SIDE)) - np.array([y, x])[:, None, None])
    distance = np.hypot(rows, columns)
    shape = {
        "disc": distance < radius,
        "square": np.maximum(rows, columns) < radius,
        "ring": (distance < radius) & (distance > radius / 2),
        "cross": (np.minimum(rows, columns) < radius / 3) & (np.maximum(rows, columns) < radius),
    }[SHAPES[k % len(SHAPES)]]
    image = np.full((SIDE, SIDE, 3), rng.integers(90, 160), np.uint8)
    image[shape] = list(COLOURS.values())[k % len(CLASSES) // len(SHAPES)]
    return image
