"""Fashion-MNIST's test images (Xiao et al. 2017): grey articles of clothing that no classifier here was trained on.

Debian packages them (``dataset-fashion-mnist``); elsewhere they come from the authors' repository or the
user's own copy.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.datasets.base import ArrayDataset, Pixels
from bench.datasets.download import download, scratch_folder
from bench.errors import DataError
from bench.paths import expanded, home
from bench.store.files import write_atomically

# SHA-256 of the uncompressed files, as Debian packages them.
FILES = {
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
}
BYTES = {"t10k-labels-idx1-ubyte": 8 + 10_000, "t10k-images-idx3-ubyte": 16 + 10_000 * 28 * 28}
AUTHORS = "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"  # torchvision's host has no https
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
SIDE, PADDED, HEADERS = 28, 32, {"t10k-labels-idx1-ubyte": 8, "t10k-images-idx3-ubyte": 16}
CLASS_NAMES = (
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"
)  # fmt: skip


def folder() -> Path:
    """Where ``bench data fetch fashion-mnist`` puts the two files."""
    return home() / "fashion-mnist"


def here() -> bool:
    """Whether it was fetched; the files were checked when they were put there."""
    return all((folder() / name).is_file() for name in FILES)


def load(count: int, image_size: int) -> ArrayDataset:
    """The first ``count`` test images in their official order.

    28x28 grey pixels framed in black to 32x32, three equal channels; other sizes are resized from there (bicubic).

    Raises:
        DataError: they were not fetched.
    """
    if not here():
        raise DataError("Fashion-MNIST is not here. Type: bench data fetch fashion-mnist")
    labels, grey = (np.frombuffer((folder() / name).read_bytes(), np.uint8, offset=HEADERS[name]) for name in FILES)
    pixels = grey.reshape(-1, SIDE, SIDE)[:count]
    ids = [f"fashion-mnist-{row:05d}" for row in range(len(pixels))]
    return ArrayDataset("fashion-mnist", ids, labels[:count], CLASS_NAMES, _framed(pixels, image_size))


def _framed(grey: Pixels, size: int) -> Pixels:
    """(n, 28, 28) to (n, size, size, 3)."""
    from PIL import Image

    edge = (PADDED - SIDE) // 2
    framed = np.pad(grey, ((0, 0), (edge, edge), (edge, edge)))
    if size != PADDED:
        framed = np.stack(
            [np.asarray(Image.fromarray(g).resize((size, size), Image.Resampling.BICUBIC)) for g in framed]
        )
    return np.repeat(framed[..., None], 3, axis=-1)


def fetch(source: Path | None = None, force: bool = False, say: Callable[[str], None] = print) -> Path:
    """Bring the two files here, check them, and return their folder.

    Args:
        source: the user's own copy: a folder that holds them, gzipped or not (torchvision's or Debian's). Without it
            Debian's package is taken where it is installed, else the authors' repository is asked.
        force: fetch although they are here.
        say: receives one line a stage.

    Raises:
        DataError: no source could be reached, or what came is not the official data.
    """
    if not force and here():
        say(f"fashion-mnist is already in {folder()}")
        return folder()
    with scratch_folder(folder().parent, "fashion-mnist") as scratch:
        place = expanded(source) if source else DEBIAN if DEBIAN.is_dir() else _downloaded(scratch, say)
        contents = {name: _read(place, name) for name in FILES}
    for name, data in contents.items():  # the images last: they make it whole
        write_atomically(folder() / name, data)
    say(f"fashion-mnist: 10,000 test images, verified, in {folder()}")
    return folder()


def _downloaded(scratch: Path, say: Callable[[str], None]) -> Path:
    say("fashion-mnist: asking the authors' repository (4 MiB) ...")
    try:
        for name in FILES:
            title = "fetching fashion-mnist (MiB)"
            download(f"{AUTHORS}{name}.gz", scratch / f"{name}.gz", title, limit=BYTES[name])
    except DataError as error:
        raise DataError(
            f"Fashion-MNIST could not be fetched ({error}). On Debian and its relatives type: apt-get install "
            "dataset-fashion-mnist, and fetch again. With a copy of t10k-images-idx3-ubyte.gz and "
            "t10k-labels-idx1-ubyte.gz at hand, type: bench data fetch fashion-mnist --from FOLDER"
        ) from error
    return scratch


def _read(place: Path, name: str) -> bytes:
    """One uncompressed file, once it was found to be the official one."""
    found = [path for path in (place / name, place / f"{name}.gz", place / "raw" / name) if path.is_file()]
    if not found:
        raise DataError(f"A folder with {name} or {name}.gz is expected, and {place} holds neither.")
    opener = gzip.open if found[0].suffix == ".gz" else open
    try:
        with opener(found[0], "rb") as file:
            data = file.read(BYTES[name] + 1)  # a byte more than the official file has tells enough
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{found[0]} is cut short or damaged ({error}). Fetch it again.") from error
    if hashlib.sha256(data).hexdigest() != FILES[name]:
        raise DataError(f"{found[0]} is not the official file of Fashion-MNIST. Delete it and fetch it again.")
    return data


def verify() -> list[tuple[str, str]]:
    """Each file with ``right``, ``wrong`` or ``missing``."""
    return [(name, _status(name)) for name in FILES]


def _status(name: str) -> str:
    path = folder() / name
    if not path.is_file():
        return "missing"
    return "right" if hashlib.sha256(path.read_bytes()).hexdigest() == FILES[name] else "wrong"
