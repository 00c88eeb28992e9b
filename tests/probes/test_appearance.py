import numpy as np
import pytest

from bench.probes.appearance import contrast, luminance, sharpness


def test_flat_pictures() -> None:
    flat = np.full((2, 8, 8, 3), 51, np.uint8)
    assert luminance(flat) == pytest.approx([0.2, 0.2])
    assert contrast(flat) == pytest.approx([0, 0])
    assert sharpness(flat) == pytest.approx([0, 0])


def test_green_is_brighter_than_blue() -> None:
    green, blue = np.zeros((1, 4, 4, 3), np.uint8), np.zeros((1, 4, 4, 3), np.uint8)
    green[..., 1], blue[..., 2] = 255, 255
    assert luminance(green) == pytest.approx(0.7154)
    assert luminance(blue) == pytest.approx(0.0721)


def test_half_black_half_white() -> None:
    half = np.zeros((1, 4, 4, 3), np.uint8)
    half[:, :, 2:] = 255
    assert contrast(half) == pytest.approx(0.5)
    # second differences along a row: 0, 1, -1, 0
    assert sharpness(half) == pytest.approx(0.5)


def test_a_chessboard_is_the_sharpest() -> None:
    board = (255 * (np.indices((8, 8)).sum(0) % 2)).astype(np.uint8)
    chess = np.repeat(board[None, ..., None], 3, axis=-1)
    blurred = np.repeat(np.repeat(chess[:, ::2, ::2], 2, axis=1), 2, axis=2)
    assert sharpness(chess) > sharpness(np.roll(blurred, 1, axis=1))
