"""The short way gives the pixels of the long one, or nothing."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from bench.datasets.decode import MAX_PIXELS, rgb
from bench.datasets.jpeg import plain_jpeg
from bench.errors import DataError


def picture(mode: str = "RGB", **options: object) -> bytes:
    """17x23 pixels of a JPEG file."""
    noise = np.random.default_rng(0).integers(0, 256, (23, 17, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def long_way(data: bytes) -> np.ndarray | None:
    """What ``Image.open`` gives; None where it gives nothing."""
    try:
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    except (OSError, SyntaxError, ValueError):
        return None


def short_way(data: bytes) -> np.ndarray | None:
    image = plain_jpeg(data, MAX_PIXELS)
    return None if image is None else np.asarray(image)


@pytest.mark.parametrize("make", [
    picture, lambda: picture("L"), lambda: picture(progressive=True), lambda: picture(quality=97, subsampling=0),
    lambda: picture(subsampling=2, restart_marker_rows=1), lambda: picture(comment=b"a comment", dpi=(300, 300)),
    lambda: picture(keep_rgb=True), lambda: picture(optimize=True) + b"behind the end",
])  # fmt: skip
def test_plain_files_have_the_same_pixels(make: Callable[[], bytes]) -> None:
    data = make()
    short, long = short_way(data), long_way(data)
    assert short is not None
    assert long is not None
    assert np.array_equal(short, long)
    assert np.array_equal(np.asarray(rgb("name", data)), long)


def test_others_are_left_to_the_long_way() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for data in (picture("CMYK"), picture(exif=exif), picture(icc_profile=b"profile"), b"", b"\xff\xd8", b"no image"):
        assert plain_jpeg(data, MAX_PIXELS) is None
    assert rgb("name", picture(exif=exif)).size == (23, 17)
    assert plain_jpeg(picture(), 17 * 23 - 1) is None


def test_a_damaged_file_is_refused_where_the_long_way_refuses_it() -> None:
    whole, rng = picture(quality=60), np.random.default_rng(1)
    damaged = [whole[:cut] for cut in range(0, len(whole), 7)]
    for _ in range(500):
        altered = bytearray(whole)
        for at in rng.integers(0, len(whole), 3):
            altered[at] = rng.integers(0, 256)
        damaged.append(bytes(altered))
    for data in damaged:
        short = short_way(data)
        if short is not None:
            long = long_way(data)
            assert long is not None
            assert np.array_equal(short, long)
    with pytest.raises(DataError, match="name cannot be read as an image"):
        rgb("name", whole[: len(whole) // 2])
