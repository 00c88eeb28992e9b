"""Shipped weights: one manifest entry a file, checked by SHA-256, never unpickled.

The zoo's files are safetensors in fp16 or in eight bits (``rows``), in xz containers (a sixth smaller); a SHA-256 is
always that of the safetensors file inside, so that packing changes no identity.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import lzma
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UnknownNameError, WeightsError
from bench.store.files import write_atomically

if TYPE_CHECKING:
    from torch import Tensor

State = tuple[int, ...] | None
SMALL = 1 << 26  # bytes that any container may hold
MOST_PACKED = 20  # times its own size that a larger one may hold; real weights unpack to twice it
ZOO = Path(os.environ.get("BENCH_ZOO") or Path(__file__).parents[1] / "zoo")


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
        """Where the file lies: in the zoo, or inside the installed package that brings it."""
        package = self.facts.get("package")
        if package is None:
            return ZOO / self.file
        spec = importlib.util.find_spec(package)  # the package's code is not run
        if spec is None or spec.origin is None:
            raise WeightsError(f"The package {package}, which brings {self.name}, is missing. Install bench again.")
        return Path(spec.origin).parent / self.file


@cache
def manifest() -> dict[str, Entry]:
    """Every shipped weight file by name, from ``zoo/manifest.json``."""
    raw = json.loads((ZOO / "manifest.json").read_text())
    return {name: Entry(name, facts["file"], facts["sha256"], facts) for name, facts in raw.items()}


def use(zoo: Path) -> None:
    """Take all weights from another folder of the same form from now on, as ``$BENCH_ZOO`` does from the start."""
    global ZOO
    ZOO = zoo
    manifest.cache_clear()


def entry(name: str) -> Entry:
    """One manifest entry."""
    if name not in manifest():
        raise UnknownNameError("weight file", name, manifest())
    return manifest()[name]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, of its content where it is an xz container; computed again once the file has changed."""
    return _sha256(path, _state(path))


@cache
def _sha256(path: Path, state: State) -> str:
    return hashlib.sha256(_read(path, state)).hexdigest()


def read(path: Path) -> bytes:
    """A file's bytes, unpacked where it is an xz container.

    Raises:
        WeightsError: there is no such file, or the container is not whole, or what it unpacks to is far larger than
            weights are.
    """
    return _read(path, _state(path))


def read_checked(path: Path, sha256: str) -> bytes:
    """The bytes of a file that must have this SHA-256: those that were hashed, not read a second time.

    Raises:
        WeightsError: as ``read``, or it has another.
    """
    data = read(path)
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WeightsError(
            f"{path} is damaged or was replaced: expected SHA-256 {sha256}, found {found}. "
            "Install bench again, or train it anew."
        )
    return data


def _state(path: Path) -> State:
    """What tells whether a file has changed; None where there is none."""
    found = path.stat() if path.is_file() else None
    return (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size) if found else None


@lru_cache(maxsize=1)  # hash, metadata and tensors of one file are asked for in a row
def _read(path: Path, state: State) -> bytes:
    if state is None:
        raise WeightsError(f"Weights are expected in {path} and there is no such file. Install bench or train again.")
    raw = path.read_bytes()
    return _unpack(path, raw) if path.suffix == ".xz" else raw


def _unpack(path: Path, raw: bytes) -> bytes:
    """What an xz container holds, given up where it is far larger than weights can be."""
    limit = max(SMALL, MOST_PACKED * len(raw))
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    try:
        data = unpacker.decompress(raw, max_length=limit + 1)
    except lzma.LZMAError as error:
        raise WeightsError(f"{path} is not a whole xz file ({error}). Install bench again.") from error
    if len(data) > limit:
        raise WeightsError(
            f"{path} unpacks to more than {limit:,} bytes from {len(raw):,}, which no weights do. Install bench again."
        )
    if not unpacker.eof or unpacker.unused_data:
        raise WeightsError(f"{path} is not a whole xz file (it ends too early or too late). Install bench again.")
    return data


def pack(data: bytes) -> bytes:
    """An xz container, the smaller of one for 2-byte floats and one for bytes; the inverse of what ``read`` does."""
    models = [{"id": lzma.FILTER_LZMA2, "preset": 9, "lc": 0, "lp": width, "pb": width} for width in (1, 0)]
    return min((lzma.compress(data, lzma.FORMAT_XZ, lzma.CHECK_CRC64, filters=[model]) for model in models), key=len)


def load_shipped(name: str) -> dict[str, Tensor]:
    """The tensors of a shipped file as float32 (integers as they are), after its SHA-256 was checked."""
    item = entry(name)
    return load_checked(item.path, item.sha256)


def load_checked(path: Path, sha256: str) -> dict[str, Tensor]:
    """The tensors of a file that must have this SHA-256."""
    return _tensors(path, read_checked(path, sha256))


@dataclass(frozen=True)
class Weights:
    """One file, read once.

    Attributes:
        tensors: floats as float32.
        facts: the text metadata.
        sha256: of the very bytes that these are.
    """

    tensors: dict[str, Tensor]
    facts: dict[str, str]
    sha256: str


def open_weights(path: Path, sha256: str | None = None) -> Weights:
    """Tensors, metadata and hash of a safetensors file, all from one read.

    Args:
        path: the file.
        sha256: what it must have, or None for a file of the user's own.

    Raises:
        WeightsError: as ``load_file``, or it has another hash.
    """
    data = read(path) if sha256 is None else read_checked(path, sha256)
    return Weights(_tensors(path, data), _metadata(path, data), sha256 or hashlib.sha256(data).hexdigest())


def load_file(path: Path) -> dict[str, Tensor]:
    """The tensors of any safetensors file, floats as float32.

    Raises:
        WeightsError: the file is missing, truncated, or of another format (a pickle is never opened).
    """
    return _tensors(path, read(path))


def _tensors(path: Path, data: bytes) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    from bench.weights.rows import from_rows

    try:
        tensors = from_rows(load(data))
    except (SafetensorError, ValueError) as error:
        raise WeightsError(
            f"{path} is not a whole safetensors file ({error}). bench opens no pickles, because they can run code: "
            "save the weights with safetensors.torch.save_file, or fetch the file again if it was cut short."
        ) from error
    return {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}


def metadata(path: Path) -> dict[str, str]:
    """The text metadata of a safetensors file.

    Raises:
        WeightsError: it is none.
    """
    return _metadata(path, read(path))


def head_metadata(path: Path) -> dict[str, str]:
    """The text metadata of a safetensors file, of which no more is read."""
    with path.open("rb") as file:
        length = file.read(8)
        return _metadata(path, length + file.read(min(int.from_bytes(length, "little"), SMALL)))


def _metadata(path: Path, data: bytes) -> dict[str, str]:
    length = int.from_bytes(data[:8], "little")  # the header is JSON behind its own length
    try:
        facts: dict[str, str] = json.loads(data[8 : 8 + length]).get("__metadata__", {})
    except (ValueError, AttributeError) as error:
        raise WeightsError(f"{path} is not a whole safetensors file ({error}). Fetch or train it again.") from error
    return facts


def rounded(value: Tensor, mantissa: int) -> Tensor:
    """A float tensor as fp16 with this many of the 10 bits of the mantissa, rounded to nearest, the others zero."""
    import torch

    unit = 1 << (10 - mantissa)
    bits = value.half().view(torch.int16).int() & 0xFFFF
    return ((bits + unit // 2) & ~(unit - 1)).to(torch.int16).view(torch.float16)


def save_weights(
    state: Mapping[str, Tensor], path: Path, facts: Mapping[str, str] | None = None, *, mantissa: int = 10
) -> Path:
    """Write tensors as safetensors, floats as fp16, with text ``facts`` as the file's metadata.

    Args:
        state: tensors by name.
        path: the file.
        facts: its metadata.
        mantissa: bits of it that are kept, of fp16's 10; with 7, bfloat16's, a packed file is a fifth smaller.
    """
    from safetensors.torch import save

    halves = {
        name: (rounded(value, mantissa) if value.is_floating_point() else value).contiguous().cpu()
        for name, value in state.items()
    }
    write_atomically(path, save(halves, metadata=dict(facts or {})))
    return path
