"""The Inception weights that ``fid`` needs: torch-fidelity's conversion of the 2015 TensorFlow network."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from bench.datasets.download import download, scratch_folder
from bench.errors import DataError
from bench.paths import expanded, home

FILE = "weights-inception-2015-12-05-6726825d.pth"  # ends, as torch.hub has it, in the start of its SHA-256
LIMIT = 100 << 20  # bytes; the file has 91 MiB
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
NOT_HERE = "Inception weights are not here: type `bench data fetch inception` or give --inception-weights PATH"


def inception_path() -> Path | None:
    """Where the fetched weights lie, or None; they were checked when they were put there."""
    path = home() / "inception" / FILE
    return path if path.is_file() else None


def fetch(source: Path | None = None, force: bool = False, say: Callable[[str], None] = print) -> Path:
    """Download the weights (91 MiB), check them, and return their path.

    Args:
        source: the user's own copy of the file.
        force: fetch although they are here.
        say: receives one line a stage.

    Raises:
        DataError: the host does not answer, or what came is not the official file.
    """
    target = home() / "inception" / FILE
    if not force and target.is_file():
        say(f"inception is already in {target}")
        return target
    with scratch_folder(target.parent, "inception") as scratch:
        _get(source, scratch / FILE, say)
        check(scratch / FILE)
        os.replace(scratch / FILE, target)
    say(f"inception: weights, verified, in {target}")
    return target


def _get(source: Path | None, path: Path, say: Callable[[str], None]) -> None:
    if source is not None:
        source = expanded(source)
        source = source / FILE if source.is_dir() else source
        if not source.is_file():
            raise DataError(f"--from expects the file {FILE} and there is no {source}.")
        if source.stat().st_size > LIMIT:
            raise DataError(f"{source} is larger than the {LIMIT:,} bytes that {FILE} can have. Give that file.")
        shutil.copyfile(source, path)
        return
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

    say("inception: asking the authors' release of torch-fidelity (91 MiB) ...")
    try:
        download(URL_INCEPTION_V3, path, "fetching inception (MiB)", LIMIT)
    except DataError as error:
        raise DataError(
            f"The Inception weights could not be fetched ({error}). With {URL_INCEPTION_V3} downloaded elsewhere, "
            "type: bench data fetch inception --from FILE"
        ) from error


def check(path: Path) -> None:
    """Raise DataError unless the file is, byte for byte, the official one."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise DataError(
            f"The Inception weights are damaged or others: expected SHA-256 {SHA256}, found {found} "
            f"({path.stat().st_size:,} bytes). Type: bench data fetch inception --force"
        )


def verify() -> list[tuple[str, str]]:
    """The file's name with ``right``, ``wrong`` or ``missing``."""
    path = inception_path()
    if path is None:
        return [(FILE, "missing")]
    try:
        check(path)
    except (DataError, OSError):
        return [(FILE, "wrong")]
    return [(FILE, "right")]
