"""The sample photographs that scikit-image ships inside its own package: pictures no classifier here was trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.datasets.base import ArrayDataset
from bench.datasets.decode import decode
from bench.errors import DataError

# skimage.data's pictures of things; scikit-image fetches the others from a host on demand.
FILES = (
    "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png",
    "coins.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png", "motorcycle_left.png",
    "retina.jpg", "rocket.jpg",
)  # fmt: skip


def load(image_size: int) -> ArrayDataset:
    """The photographs, middle square, resized (bicubic, antialiased) to (image_size, image_size).

    Raises:
        DataError: this scikit-image ships none of them.
    """
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    paths = [folder / name for name in FILES if (folder / name).is_file()]
    if not paths:
        raise DataError(f"scikit-image should ship sample photographs in {folder}, and there are none.")
    pixels = np.stack([decode(path, image_size) for path in paths])
    ids = [f"photograph-{path.stem}" for path in paths]
    return ArrayDataset("photographs", ids, np.full(len(ids), -1), (), pixels)
