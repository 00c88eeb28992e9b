"""Training checkpoints of other houses: their tensors, without running the code that lies beside them."""

from __future__ import annotations

import io
import pickletools
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Iterator
from typing import Any

import torch


class Nothing(type):
    """Of ``Inert``: whatever is done with it gives itself, or nothing."""

    def __call__(cls, *_: object) -> type:
        """Itself, whatever it is given."""
        return cls

    def __setstate__(cls, state: object) -> None:
        """Nothing."""


class Inert(metaclass=Nothing):
    """Stands for whatever else a checkpoint holds, classes, functions, and what comes of calling them alike."""

    def __new__(cls, *_: object) -> type[Inert]:  # type: ignore[misc]
        """Itself."""
        return cls


def load_tensors(data: bytes) -> Any:
    """What ``torch.load(weights_only=True)`` makes of a checkpoint in which every other object is an ``Inert``.

    The names that stand in the file are looked up nowhere: torch is told that each means ``Inert``, and calls that.

    Raises:
        Exception: it is damaged, or uses more of pickle than torch's restricted reader knows.
    """
    stand_ins = [(Inert, name) for name in sorted(set(_names(data)))]
    with torch.serialization.safe_globals([*stand_ins, Nothing]):
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)


def _names(data: bytes) -> Iterator[str]:
    """Every class and function that a checkpoint names, torch's own among them."""
    for stream in _pickles(data):
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name == "GLOBAL":
                module, _, name = str(argument).partition(" ")
                renamed = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
                yield ".".join(renamed)


def _pickles(data: bytes) -> Iterator[io.BytesIO]:
    """The streams of instructions: one in a zip archive, five in a row in what torch wrote before 1.6."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from (io.BytesIO(archive.read(name)) for name in archive.namelist() if name.endswith("/data.pkl"))
        return
    stream = io.BytesIO(data)
    yield from (stream for _ in range(5))
