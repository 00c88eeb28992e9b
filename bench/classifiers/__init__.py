"""Classifiers, station 2 of the line: [0, 1] images to logits."""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from bench.classifiers.catalogue import CATALOGUE, JUDGE, TARGETS
from bench.errors import PluginError, UnknownNameError, UsageError
from bench.foreign import guarded
from bench.local import load_file, local_file, local_name, source_of
from bench.once import kept
from bench.printing import say_once
from bench.weights import entry

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

__all__ = [
    "CATALOGUE",
    "JUDGE",
    "TARGETS",
    "LoadedClassifier",
    "describe_network",
    "input_size_of",
    "load_classifier",
    "open_classifier",
]

DEFAULT_INPUT_SIZE = 32  # of a user's network that does not say what it takes


@dataclass(frozen=True)
class LoadedClassifier:
    """A frozen classifier and what the records say about it.

    Attributes:
        name: a shipped name, or ``file.function`` for a user's own.
        network: in evaluation mode, gradients of its weights off; [0, 1] images (N, 3, H, W) to logits (N, K).
        sha256: of the weight file; of a user's network, over its whole state, the function's name, and the texts of the
            file and of all that it imports and nobody installed.
        input_size: side in pixels of the images that it prefers.
    """

    name: str
    network: nn.Module
    sha256: str
    input_size: int

    def logits(self, images: Tensor) -> Tensor:
        """(n, K) float32, of images (n, 3, H, W) in [0, 1] on the network's device.

        Raises:
            PluginError: the network gives something else.
        """
        import torch

        found = self.network(images)
        if isinstance(found, torch.Tensor) and found.ndim == 2 and len(found) == len(images):
            return found.float()
        got = f"shape {tuple(found.shape)}" if isinstance(found, torch.Tensor) else type(found).__name__
        raise PluginError(
            f"{self.name} cannot be used",
            f"it should give logits ({len(images)}, K) of {len(images)} images, one tensor, and gave {got}",
            "Wrap the network in a module that returns its logits alone.",
        )


# name, hash and input size of the networks that were opened, for as long as they live
_KNOWN: MutableMapping[nn.Module, tuple[str, str, int]] = WeakKeyDictionary()


def load_classifier(name: str, device: str | torch.device = "cpu") -> nn.Module:
    """A frozen classifier: [0, 1] images (N, 3, H, W) to logits; ``.features(images)`` gives penultimate features.

    ``.input_size`` is the side in pixels of the images that it prefers.

    Args:
        name: a shipped name (``bench list classifiers``) or ``path/to/file.py:function``, whose function takes
            nothing and returns a module.
        device: where to put it.

    Raises:
        UnknownNameError: no such classifier.
        WeightsError: its weights are missing or damaged.
    """
    return open_classifier(name, device).network


def open_classifier(name: str, device: str | torch.device = "cpu") -> LoadedClassifier:
    """``load_classifier`` with its provenance.

    Within ``bench.once.one_run`` it is built and hashed once, and whoever opens it gets a copy of his own, so that
    nobody can change what others are given. A network that cannot be copied is built each time.
    """
    import torch

    known = (kept() or {}).get(("classifier", name))
    loaded = _built(name) if known is None else replace(known, network=deepcopy(known.network))
    _KNOWN[loaded.network] = (loaded.name, loaded.sha256, loaded.input_size)
    loaded.network.eval().requires_grad_(False).to(device).to(memory_format=torch.channels_last)
    return loaded


def _built(name: str) -> LoadedClassifier:
    if ".py:" in name:
        loaded = _open_local(name)
    elif name in CATALOGUE:
        loaded = LoadedClassifier(name, CATALOGUE[name].load(name), entry(name).sha256, CATALOGUE[name].input_size)
    else:
        raise UnknownNameError("classifier", name, CATALOGUE)
    if (made := kept()) is not None:
        with suppress(Exception):  # a user's module may refuse in any way
            made["classifier", name] = replace(loaded, network=deepcopy(loaded.network))
    return loaded


def _open_local(reference: str) -> LoadedClassifier:
    """A user's own network from ``path/to/file.py:function``."""
    from torch import nn

    function, name = load_file(reference), local_name(reference)
    with guarded(f"{name}() cannot be built"):
        network = function()
        if not isinstance(network, nn.Module):
            raise PluginError(
                f"{name} cannot be used",
                "it should return a torch.nn.Module that maps [0, 1] images (N, 3, H, W) to logits (N, K), and returns "
                f"{type(network).__name__}",
            )
        size = input_size_of(network, reference)
        digest = _digest(network, source_of(local_file(reference)) + f"\0{name}\0".encode())
    return LoadedClassifier(name, network, digest, size)


def input_size_of(network: nn.Module, name: str) -> int:
    """``network.input_size``; where the network has none, 32 from now on, which a line on stderr says.

    Raises:
        UsageError: it is no number of pixels.
    """
    size = getattr(network, "input_size", None)
    if size is None:
        object.__setattr__(network, "input_size", DEFAULT_INPUT_SIZE)
        say_once(
            f"{name} does not say how large the images are that it takes, so that it is shown {DEFAULT_INPUT_SIZE} px; "
            "for another size, set network.input_size"
        )
        return DEFAULT_INPUT_SIZE
    if not isinstance(size, int) or size < 1:
        raise UsageError(
            f"The input_size of {name} should be the side of a square in pixels, for instance 224, and is {size!r}."
        )
    return size


def describe_network(network: nn.Module) -> LoadedClassifier:
    """Name and hash of any network, put into evaluation mode.

    They are what ``load_classifier`` knew, or the network's class name and a hash of its state.
    """
    network.eval()  # batch statistics would make an image depend on its neighbours
    if network in _KNOWN:
        name, sha256, input_size = _KNOWN[network]
        return LoadedClassifier(name, network, sha256, input_size)
    size = getattr(network, "input_size", DEFAULT_INPUT_SIZE)
    return LoadedClassifier(type(network).__name__, network, _digest(network, b""), size)


def _digest(network: nn.Module, text: bytes) -> str:
    """SHA-256 of a text and of all that a network holds: parameters, every buffer, and attributes that are values."""
    from torch import nn

    common = vars(nn.Module()).keys()  # what PyTorch itself keeps in every module
    digest = hashlib.sha256(text)
    for key, value in sorted(network.state_dict().items()):
        digest.update(f"{key} {_value(value)}\n".encode())
    for name, module in network.named_modules():
        held = {**dict(module.named_buffers(recurse=False)), **vars(module)}
        known = sorted((key, _value(held[key])) for key in held.keys() - common)
        digest.update(f"{name} {type(module).__qualname__} {[pair for pair in known if pair[1]]}\n".encode())
    return digest.hexdigest()


def _value(value: Any) -> str:
    """A value as text, in which two that differ differ; empty for what is more than a value."""
    import numpy as np
    import torch

    if isinstance(value, torch.Tensor):
        flat = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()  # NumPy knows no bfloat16
        return f"{value.dtype} {tuple(value.shape)} {hashlib.sha256(flat.tobytes()).hexdigest()}"
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, np.generic):
        return f"{value.dtype} {value!r}"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(_value, value)))}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(sorted(f'{_value(k)}: {_value(v)}' for k, v in value.items()))}}}"
    plain = bool | int | float | complex | str | bytes | torch.dtype | torch.device | None
    return repr(value) if isinstance(value, plain) else ""
