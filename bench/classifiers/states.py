"""What weight files of other houses hold, read without running code that lies in them."""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.classifiers.files import FoundFile
from bench.cli.printing import say_once
from bench.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

WRAPPERS = ("state_dict", "model", "last")  # keys under which checkpoints hold the weights among other things


def read_state(found: FoundFile, checkpoint: bool = False) -> dict[str, Tensor]:
    """The tensors of a safetensors or torch file, by name; nothing in the file is run.

    Args:
        found: the file.
        checkpoint: whether it may hold other objects beside the tensors, of which nothing is read then.

    Raises:
        WeightsError: it is truncated, holds code, or no weights, or has changed since it was hashed.
    """
    data = _whole(found)
    held = _safetensors(found.path, data) if data[8:9] == b"{" else _torch(found.path, data, checkpoint)
    for key in WRAPPERS:
        held = held[key] if isinstance(held, Mapping) and isinstance(held.get(key), Mapping) else held
    if not isinstance(held, dict) or not held or not all(map(_is_tensor, held.values())):
        raise WeightsError(
            f"{found.path} should hold the weights of a network, tensors by name, and holds something else. Save them "
            "with safetensors.torch.save_file(network.state_dict(), path)."
        )
    return held


def read_arrays(found: FoundFile) -> dict[str, Tensor]:
    """The arrays of a NumPy archive (``.npz``), by name; nothing in it is run.

    Raises:
        WeightsError: as ``read_state``.
    """
    import numpy as np
    import torch

    data = _whole(found)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            return {name: torch.from_numpy(held[name]).float() for name in held.files}
    except Exception as error:  # whatever the bytes lead to
        raise WeightsError(
            f"{found.path} should be an archive of plain NumPy arrays (.npz), and is damaged or something else. "
            "Fetch it again."
        ) from error


def _whole(found: FoundFile) -> bytes:
    data = found.path.read_bytes()
    if hashlib.sha256(data).hexdigest() != found.sha256:
        raise WeightsError(f"{found.path} has changed while it was being opened. Type the command again.")
    return data


def _is_tensor(value: object) -> bool:
    import torch

    return isinstance(value, torch.Tensor)


def _safetensors(path: Path, data: bytes) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(data)
    except (SafetensorError, ValueError) as error:
        raise WeightsError(f"{path} is not a whole safetensors file ({error}). Fetch it again.") from error


def _torch(path: Path, data: bytes, checkpoint: bool) -> Any:
    import torch

    try:
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if checkpoint and (held := _tensors(path, data)) is not None:
            return held
        raise WeightsError(
            f"{path} holds more than weights, or is damaged: bench runs no code that lies in a file of weights. Open "
            "it where you trust its source, and save the weights alone, with "
            "safetensors.torch.save_file(network.state_dict(), path)."
        ) from error
    except Exception as error:  # whatever the bytes lead to
        lines = str(error).splitlines()
        reason = lines[0] if lines else type(error).__name__
        raise WeightsError(f"{path} is not a whole file of weights ({reason}). Fetch it again.") from error


def _tensors(path: Path, data: bytes) -> Any:
    """What is left of a checkpoint when nothing but tensors is made of it; None where it cannot be read so."""
    from bench.classifiers.checkpoints import load_tensors

    try:
        held = load_tensors(data)
    except Exception:  # whatever the bytes lead to
        return None
    say_once(f"{path} holds more than weights: its tensors alone are read, and no code in it is run")
    return held
