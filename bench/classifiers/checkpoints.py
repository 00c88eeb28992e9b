"""Training checkpoints of other houses: their tensors, without running code, and the network's own among those."""

from __future__ import annotations

import io
import pickletools
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from bench.classifiers.library import Described

MEANS = ("mu", "mean", "normalize.mean", "normalizer.new_mean")  # under these names checkpoints hold what they subtract
STDS = ("sigma", "std", "normalize.std", "normalizer.new_std")
TOLERANCE = 1e-3  # by which these may differ from what is known: houses round them


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


def network_state(state: dict[str, Tensor], described: Described) -> tuple[dict[str, Tensor], Described]:
    """The weights of the network itself, by its own names, and what is known of it, normalised as the checkpoint says.

    Wrappers put ``module.`` and ``model.`` before names, and MadryLab's keeps a second copy for its attacker.

    Raises:
        ValueError: the checkpoint normalises in another way than is known.
    """
    state = {name.removeprefix("module."): value for name, value in state.items()}
    state = {name.removeprefix("model."): value for name, value in state.items() if not name.startswith("attacker.")}
    mean, std = (_statistics(state, names) for names in (MEANS, STDS))
    for what, found, known in (("mean", mean, described.mean), ("std", std, described.std)):
        if found and not torch.allclose(torch.tensor(found), torch.tensor(known), rtol=0, atol=TOLERANCE):
            shown = [round(value, 4) for value in found]
            raise ValueError(f"it normalises with the {what} {shown}, and {list(known)} is expected")
    rest = {name: value for name, value in state.items() if name not in (*MEANS, *STDS)}
    return rest, replace(described, mean=mean or described.mean, std=std or described.std)


def _statistics(state: dict[str, Tensor], names: tuple[str, ...]) -> tuple[float, ...]:
    found = [state[name].flatten().tolist() for name in names if name in state]
    return tuple(found[0]) if found else ()
