"""Shipped weights: one manifest entry a file, checked by SHA-256, never unpickled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UnknownNameError, WeightsError
from bench.paths import home
from bench.record import write_atomically

if TYPE_CHECKING:
    from torch import Tensor

ZOO = Path(__file__).parent / "zoo"


@dataclass(frozen=True)
class Entry:
    """Provenance of one weight file: the manifest's ``file``, ``sha256`` and everything else that is known.

    ``facts`` holds source, size, licence, paper, the command that made it, recipe, training time, measured scores.
    """

    name: str
    file: str
    sha256: str
    facts: dict[str, Any]

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return ZOO / self.file


@cache
def manifest() -> dict[str, Entry]:
    """Every shipped weight file by name, from ``zoo/manifest.json``."""
    raw = json.loads((ZOO / "manifest.json").read_text())
    return {name: Entry(name, facts["file"], facts["sha256"], facts) for name, facts in raw.items()}


def entry(name: str) -> Entry:
    """One manifest entry."""
    if name not in manifest():
        raise UnknownNameError("weight file", name, manifest())
    return manifest()[name]


@cache
def sha256_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def inverter_weights(method: str, classifier_sha256: str) -> tuple[Path, str] | None:
    """File and SHA-256 of a trained method's weights for these very classifier weights: the user's own, else shipped.

    ``bench train`` puts a user's own into the cache folder.
    """
    own = own_inverter_weights(method, classifier_sha256)
    if own.exists():
        return own, sha256_of(own)
    for item in manifest().values():
        if item.facts.get("classifier_sha256") == classifier_sha256 and method in item.facts.get("methods", []):
            return item.path, item.sha256
    return None


def own_inverter_weights(method: str, classifier_sha256: str) -> Path:
    """Where ``bench train inverter`` leaves its result."""
    return home() / "inverters" / f"{method}-{classifier_sha256[:16]}.safetensors"


def load_shipped(name: str) -> dict[str, Tensor]:
    """The tensors of a shipped file as float32 (integers as they are), after its SHA-256 was checked."""
    item = entry(name)
    return load_checked(item.path, item.sha256)


def load_checked(path: Path, sha256: str) -> dict[str, Tensor]:
    """The tensors of a file that must have this SHA-256."""
    if not path.exists():
        raise WeightsError(f"Weights should lie in {path} and do not. Install bench again, or train them anew.")
    found = sha256_of(path)
    if found != sha256:
        raise WeightsError(
            f"{path} is damaged or was replaced: expected SHA-256 {sha256}, found {found}. "
            "Install bench again, or train it anew."
        )
    return load_file(path)


def load_file(path: Path) -> dict[str, Tensor]:
    """The tensors of any safetensors file, floats as float32.

    Raises:
        WeightsError: the file is missing, truncated, or of another format (a pickle is never opened).
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file as read

    if not path.is_file():
        raise WeightsError(f"Weights are expected in {path} and there is no such file.")
    try:
        tensors = read(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(
            f"{path} is not a whole safetensors file ({error}). bench opens no pickles, because they can run code: "
            "save the weights with safetensors.torch.save_file, or fetch the file again if it was cut short."
        ) from error
    return {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}


def metadata(path: Path) -> dict[str, str]:
    """The text metadata of a safetensors file."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return dict(file.metadata() or {})


def save_weights(state: Mapping[str, Tensor], path: Path, facts: Mapping[str, str] | None = None) -> Path:
    """Write tensors as safetensors, floats as fp16, with text ``facts`` as the file's metadata."""
    from safetensors.torch import save

    halves = {k: (v.half() if v.is_floating_point() else v).contiguous().cpu() for k, v in state.items()}
    write_atomically(path, save(halves, metadata=dict(facts or {})))
    return path
