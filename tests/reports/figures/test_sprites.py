from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reports.figures import sprites

RNG = np.random.default_rng(0)


def decoded(file: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image = Image.open(io.BytesIO(file))
    assert image.format == "WEBP"
    return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("n", [1, 7, 8, 9, 64])
def test_tile_i_lies_at_its_place_of_the_sheet_pixel_by_pixel(n: int) -> None:
    tiles = RNG.integers(0, 256, (n, 5, 9, 3), dtype=np.uint8)
    sheet = decoded(sprites.sheet(tiles))
    assert sheet.shape == (-(-n // sprites.COLUMNS) * 5, sprites.COLUMNS * 9, 3)
    for i, tile in enumerate(tiles):
        y, x = 5 * (i // sprites.COLUMNS), 9 * (i % sprites.COLUMNS)
        assert np.array_equal(sheet[y : y + 5, x : x + 9], tile)


def test_crops_are_exact_up_to_64_pixels_and_shrunk_above() -> None:
    small = RNG.integers(0, 256, (5, 64, 64, 3), dtype=np.uint8)
    assert np.array_equal(sprites.crops(small, [4, 1]), small[[4, 1]])
    large = np.full((2, 224, 160, 3), 90, np.uint8)
    tiles = sprites.crops(large, [1])
    assert tiles.shape == (1, 112, 80, 3)
    assert np.abs(decoded(sprites.sheet(tiles))[:112, :80].astype(int) - 90).max() <= 2


def test_equal_tiles_share_a_name_and_others_do_not() -> None:
    tiles = RNG.integers(0, 256, (4, 6, 6, 3), dtype=np.uint8)
    assert sprites.name(tiles) == sprites.name(tiles.copy())
    assert sprites.name(tiles) != sprites.name(tiles[::-1])
    assert sprites.name(tiles) != sprites.name(tiles.reshape(4, 4, 9, 3))


def test_one_picture_is_exact() -> None:
    picture = RNG.integers(0, 256, (224, 160, 3), dtype=np.uint8)
    assert np.array_equal(decoded(sprites.exact(picture)), picture)


def test_rows_of_a_memory_map_are_those_rows(tmp_path: Path) -> None:
    pictures = RNG.integers(0, 256, (9, 7, 5, 3), dtype=np.uint8)
    np.save(tmp_path / "all.npy", pictures)
    mapped = np.load(tmp_path / "all.npy", mmap_mode="r")
    for source in (pictures, mapped):
        assert np.array_equal(sprites.rows_of(source, [8, 0, 3]), pictures[[8, 0, 3]])
