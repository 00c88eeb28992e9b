"""Weight files of other houses: found, or fetched by a known hash, and tried before use."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cli.printing import say_once
from bench.datasets.download import download, scratch_folder
from bench.errors import DataError, WeightsError
from bench.paths import home

if TYPE_CHECKING:
    from torch import nn

HUB = "https://huggingface.co"
LARGEST = 1 << 35  # bytes of a file that is fetched
POINTER = 1 << 10  # bytes of a pointer, which has about 130
AGREEMENT = 1e-3  # of the largest logit, by which stored logits may differ


@dataclass(frozen=True)
class PublishedFile:
    """A file of weights as its house publishes it.

    Attributes:
        network: full id of the network.
        name: of the file, here and there.
        url: where it is published.
        sha256: its first digits, eight at least, as far as they are published; empty where they are not.
        pointer: where its whole SHA-256 is published instead, as the text that Git LFS keeps in a file's place.
        where: where it lies, if not among the others that were fetched.
    """

    network: str
    name: str
    url: str
    sha256: str
    pointer: str = ""
    where: Path | None = None

    @property
    def place(self) -> Path:
        """Where it belongs on this machine."""
        return self.where or home() / "classifiers" / self.network.partition(":")[0] / self.name

    @property
    def known(self) -> str:
        """The digits that its SHA-256 must begin with: as published, or as noted when it was fetched; else empty."""
        return self.sha256 or (self.note.read_text("utf-8").partition(" ")[0] if self.note.is_file() else "")

    @property
    def note(self) -> Path:
        """What ``pointer`` said, in the form of ``sha256sum``."""
        return self.place.with_name(f"{self.place.name}.sha256")


def on_hub(network: str, name: str, repository: str, path: str, revision: str = "main") -> PublishedFile:
    """A file of a repository on the Hugging Face hub, which tells the hash of each."""
    hub, at = f"{HUB}/{repository}", f"{revision}/{path}"
    return PublishedFile(network, name, f"{hub}/resolve/{at}", "", pointer=f"{hub}/raw/{at}")


@dataclass(frozen=True)
class FoundFile:
    """A file that is here.

    Attributes:
        path: where.
        sha256: of its bytes.
        verified: whether it is the published one.
    """

    path: Path
    sha256: str
    verified: bool


def find(published: PublishedFile, own: Path | None) -> FoundFile:
    """The published file, fetched where it is not here, or one of the user's own.

    Raises:
        WeightsError: there is none, or it is not the published one although it lies in its place; says what to do.
    """
    if own is None and published.place.is_file():
        found = _found(published, published.place)
        if published.known and not found.verified:
            raise WeightsError(
                f"{found.path} should be the published weights of {published.network}, whose SHA-256 begins with "
                f"{published.known}, and has {found.sha256}: it is damaged or another file. Delete it to have it "
                "fetched again; weights of your own are given with --classifier-weights PATH."
            )
    elif own is not None:
        if not own.is_file():
            raise WeightsError(f"--classifier-weights names {own}, and there is no such file.")
        found = _found(published, own)
    else:
        fetch(published)
        found = _found(published, published.place)
    if not found.verified:
        say_once(
            f"{found.path} is not known to be the published weights of {published.network}: records name it by its own "
            "hash, and say that it is not verified"
        )
    return found


def _found(published: PublishedFile, path: Path) -> FoundFile:
    state = path.stat()
    sha256 = _sha256(path, (state.st_ino, state.st_mtime_ns, state.st_ctime_ns, state.st_size))
    return FoundFile(path, sha256, bool(published.known) and sha256.startswith(published.known))


@cache
def _sha256(path: Path, state: tuple[int, ...]) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(published: PublishedFile) -> None:
    """Bring the file here, whole and with its hash, or not at all.

    Raises:
        WeightsError: it cannot be had; names the file, its source, its hash and where to put it.
    """
    if not (published.sha256 or published.pointer):
        reason = "it is not fetched, because no hash is published that would tell it from another"
    else:
        try:
            _fetch(published, published.place)
            return
        except DataError as error:
            reason = f"it cannot be fetched: {error}"
    told = f"its SHA-256 stands at {published.pointer}" if published.pointer else ""
    told = f"its SHA-256 begins with {published.sha256}" if published.sha256 else told
    raise WeightsError(
        f"{published.network} needs the file {published.name}{f' ({told})' if told else ''}, which is not here, and "
        f"{reason}. Fetch it from {published.url} where there is a network and put it at {published.place}, or name "
        "your copy with --classifier-weights PATH."
    )


def _fetch(published: PublishedFile, place: Path) -> None:
    with scratch_folder(place.parent, place.name) as folder:
        path = folder / place.name
        expected = published.sha256 or _pointed(published.pointer, folder / "pointer")
        download(published.url, path, f"fetching {place.name}", LARGEST)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if not sha256.startswith(expected):
            raise DataError(f"what came has the SHA-256 {sha256}, which should begin with {expected}")
        if not published.sha256:
            published.note.write_text(f"{expected}  {place.name}\n", encoding="utf-8")
        os.replace(path, place)


def _pointed(url: str, path: Path) -> str:
    """The SHA-256 that a pointer of Git LFS says."""
    download(url, path, "fetching its hash", POINTER)
    digits = re.search(r"^oid sha256:([0-9a-f]{64})$", path.read_text("utf-8", "replace"), re.MULTILINE)
    if digits is None:
        raise DataError(f"{url} does not say its SHA-256")
    return digits[1]


def check_reference(network: nn.Module, name: str, weights: Path) -> None:
    """Compare a network with logits that lie beside its weights as ``<file>.logits.npz``.

    The file holds ``images`` (n, H, W, 3) uint8 and ``logits`` (n, K).

    Raises:
        WeightsError: the network gives others: another preprocessing, another order of channels, other weights.
    """
    import numpy as np
    import torch

    path = weights.with_name(f"{weights.name}.logits.npz")
    if not path.is_file():
        return
    try:
        with np.load(path) as held:
            pixels, expected = held["images"], torch.from_numpy(held["logits"]).float()
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    except Exception as error:  # whatever the bytes lead to
        raise WeightsError(f"{path} should hold images (n, H, W, 3) and logits (n, K): {error}. Delete it.") from error
    with torch.inference_mode():
        found = network.eval()(images)
    worst = float((found - expected).abs().max()) if found.shape == expected.shape else float("inf")
    if not worst <= AGREEMENT * max(1.0, float(expected.abs().max())):
        raise WeightsError(
            f"{name} with the weights {weights} gives other logits than {path.name} beside them: they differ by up to "
            f"{worst:.3g}. Either of the two files is another one, or was made with other preprocessing (order of the "
            "colour channels, scale, size). It is not used; delete the logits if they are wrong."
        )
