"""``path/to/file.py:function``: a user's own network, known by its state and by all the code that it brings along."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.cards import ClassifierCard
from bench.classifiers.identity import network_digest
from bench.classifiers.provider import ClassifierProvider
from bench.cli.printing import say_once
from bench.errors import PluginError, UsageError
from bench.foreign import guarded
from bench.local import load_file, local_file, local_name, source_of

if TYPE_CHECKING:
    from torch import nn

DEFAULT_INPUT_SIZE = 32  # of a user's network that does not say what it takes


class FileProvider(ClassifierProvider):
    """Functions without arguments, in files, that return a module."""

    form = "path/to/file.py:function"
    summary = "your own network: a function without arguments that returns a torch.nn.Module"
    builds_for_card = True

    def card(self, name: str, weights: Path | None = None) -> ClassifierCard:
        """See ``open``."""
        return self.open(name, weights)[0]

    def build(self, name: str, weights: Path | None = None) -> nn.Module:
        """See ``open``."""
        return self.open(name, weights)[1]

    def open(self, name: str, weights: Path | None = None) -> tuple[ClassifierCard, nn.Module]:
        """Call the function, and look at what it gives.

        Raises:
            UsageError: there is no such file or function, the network's ``input_size`` is no number of pixels, or
                weights are given.
            PluginError: the file cannot be imported, the function fails or returns something else.
        """
        from torch import nn

        function, short = load_file(name), local_name(name)
        if weights is not None:
            raise UsageError(f"--classifier-weights is not for {short}: the function loads the weights itself.")
        with guarded(f"{short}() cannot be built"):
            network = function()
            if not isinstance(network, nn.Module):
                raise PluginError(
                    f"{short} cannot be used",
                    "it should return a torch.nn.Module that maps [0, 1] images (N, 3, H, W) to logits (N, K), and "
                    f"returns {type(network).__name__}",
                )
            size = input_size_of(network, name)
            digest = network_digest(network, source_of(local_file(name)) + f"\0{short}\0".encode())
        card = ClassifierCard(short, short, digest, _logits(network, size), input_size=size, summary="a user's own")
        return card, network


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


def _logits(network: nn.Module, side: int) -> int:
    """K, or 0 where the network does not answer to one grey image: whoever runs it is told why."""
    import torch

    try:
        with torch.inference_mode(), torch.random.fork_rng(devices=[]):
            found = network.eval()(torch.full((1, 3, side, side), 0.5))
            return int(found.shape[1]) if found.ndim == 2 else 0
    except Exception:  # a user's module may fail in any way
        return 0
