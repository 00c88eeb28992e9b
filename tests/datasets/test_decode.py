"""One decoder for folders that are inverted and folders that are scored."""

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from bench.datasets.decode import MAX_PIXELS, decode, files_below, rgb, upright_size
from bench.errors import DataError
from bench.metrics import score_folders

ORIENTATION = 0x0112


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def claims(path: Path, width: int, height: int) -> Path:
    """A PNG of a few bytes that says it is this large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    return path


def odd_images(folder: Path) -> dict[str, np.ndarray]:
    """Images that a plain ``convert("RGB")`` shows wrongly, and how they look, (8, 6, 3) each."""
    folder.mkdir(parents=True)
    upright = np.random.default_rng(0).integers(0, 256, (8, 6, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.fromarray(np.rot90(upright).copy()).save(folder / "turned.png", exif=exif)
    clear = np.concatenate([upright, np.zeros((8, 6, 1), np.uint8)], axis=2)
    Image.fromarray(clear, "RGBA").save(folder / "clear.png")
    deep = upright[:, :, 0].astype(np.uint16) * 256 + 77
    Image.fromarray(deep).save(folder / "deep.png")
    Image.fromarray(upright).save(folder / "plain.ppm")
    white, grey = np.full_like(upright, 255), np.repeat(upright[:, :, :1], 3, axis=2)
    return {"clear": white, "deep": grey, "plain": upright, "turned": upright}


def test_scoring_sees_what_a_dataset_of_the_folder_sees(tmp_path: Path) -> None:
    expected = odd_images(tmp_path / "a")
    odd_images(tmp_path / "b")
    originals, reconstructions, ids = score_folders(tmp_path / "a", tmp_path / "b")
    assert ids == tuple(sorted(expected))
    assert originals.shape == (4, 8, 6, 3)
    for row, name in enumerate(ids):
        assert np.array_equal(originals[row : row + 1][0], expected[name]), name
        assert np.array_equal(reconstructions[row : row + 1][0], expected[name]), name
        assert np.array_equal(np.asarray(rgb(originals.paths[row])), expected[name]), name
        assert np.array_equal(decode(originals.paths[row], 6), expected[name][1:7]), name


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_stands_upright(tmp_path: Path, orientation: int, ending: str) -> None:
    flat = np.zeros((16, 24, 3), np.uint8)
    flat[:8, :8] = 200  # a corner: no two orientations look alike
    flat[8:, :8] = 100
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / f"x.{ending}"
    Image.fromarray(flat).save(path, exif=exif)
    with Image.open(path) as image:
        wanted = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(np.asarray(rgb(path)), wanted)
    assert np.array_equal(np.asarray(rgb(path, path.read_bytes())), wanted)
    assert upright_size(path) == wanted.shape[:2]


@pytest.mark.parametrize("exif", [b"garbage-garbage", b"II*\0\x08\0\0\0\xff\xff", b"MM\0*\0\0\xff\xff", b""])
def test_exif_that_cannot_be_read_says_nothing(tmp_path: Path, exif: bytes) -> None:
    path = tmp_path / "x.jpg"
    Image.new("RGB", (8, 6), "red").save(path, exif=b"Exif\0\0" + exif, dpi=(72, 72))
    assert rgb(path).size == rgb(path, path.read_bytes()).size == (8, 6)
    assert upright_size(path) == (6, 8)


def test_a_turned_image_pairs_with_an_upright_one(tmp_path: Path) -> None:
    expected = odd_images(tmp_path / "a")["turned"]
    for name in ("clear", "deep"):
        (tmp_path / "a" / f"{name}.png").unlink()
    (tmp_path / "a" / "plain.ppm").unlink()
    (tmp_path / "b").mkdir()
    Image.fromarray(expected).save(tmp_path / "b" / "turned.bmp")
    pair = score_folders(tmp_path / "a", tmp_path / "b")
    assert np.array_equal(pair.originals[0:1], pair.reconstructions[0:1])


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    """21 GB as RGB from 100 bytes; a line of 80 million pixels passes, and would be 10 GB once it is resized."""
    path = claims(tmp_path / "bomb.png", 84_000, 84_000)
    for read in (rgb, upright_size):
        with pytest.raises(DataError, match=r"bomb\.png"):
            read(path)
    path = claims(tmp_path / "warned.png", MAX_PIXELS // 2 + 1, 2)
    warnings.simplefilter("ignore")  # pytest restores it; Pillow alone would warn and go on
    with pytest.raises(DataError, match=r"warned\.png"):
        rgb(path)
    Image.new("L", (500_000, 1)).save(tmp_path / "line.png")
    with pytest.raises(DataError, match=r"its shorter side at 224, more than"):
        decode(tmp_path / "line.png", 224)


@pytest.mark.parametrize(("pixels", "why"), [
    (np.full((4, 4), 0.5, np.float32), "floating-point"), (np.full((4, 4), 70_000, np.int32), "16 bits"),
])  # fmt: skip
def test_values_that_eight_bits_cannot_mean_are_refused(tmp_path: Path, pixels: np.ndarray, why: str) -> None:
    Image.fromarray(pixels).save(tmp_path / "x.tif")
    with pytest.raises(DataError, match=why):
        rgb(tmp_path / "x.tif")


def test_what_is_left_out_is_listed(tmp_path: Path) -> None:
    for name in ("b.png", "sub/a.JPG", "sub/notes.txt", ".hidden.png", ".git/x.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "sub" / "back").symlink_to(tmp_path)
    assert files_below(tmp_path) == (["b.png", "sub/a.JPG"], [".git/", ".hidden.png", "sub/notes.txt"])
