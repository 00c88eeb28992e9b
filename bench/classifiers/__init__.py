"""Classifiers, station 2 of the line: [0, 1] images to logits."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from bench.cards import ClassifierCard
from bench.classifiers.identity import network_digest
from bench.classifiers.provider import ALIASES, provider_of, resolve
from bench.classifiers.providers.file import DEFAULT_INPUT_SIZE
from bench.errors import PluginError
from bench.once import kept

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

__all__ = ["LoadedClassifier", "classifier_card", "describe_network", "load_classifier", "open_classifier"]


@dataclass(frozen=True)
class LoadedClassifier:
    """A frozen classifier and what the records say about it.

    Attributes:
        name: as typed, or ``file.function`` for a user's own.
        network: in evaluation mode, gradients of its weights off; [0, 1] images (N, 3, H, W) to logits (N, K).
        sha256: its identity: of the weight file, and of the preprocessing where a library decides it; of a user's
            network, over its whole state, the function's name, and the texts of the file and of all that it imports and
            nobody installed.
        input_size: side in pixels of the images that it prefers.
        card: what its provider says of it; None of a network that no provider made.
    """

    name: str
    network: nn.Module
    sha256: str
    input_size: int
    card: ClassifierCard | None = None

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


# what is known of the networks that were opened, for as long as they live
_KNOWN: MutableMapping[nn.Module, tuple[str, str, int, ClassifierCard | None]] = WeakKeyDictionary()


def load_classifier(
    name: str,
    device: str | torch.device = "cpu",
    *,
    weights: str | Path | None = None,
    aliases: Mapping[str, str] = ALIASES,
) -> nn.Module:
    """A frozen classifier: [0, 1] images (N, 3, H, W) to logits; ``.features(images)`` gives penultimate features.

    ``.input_size`` is the side in pixels of the images that it prefers.

    Args:
        name: ``PROVIDER:NAME``, a short name (``bench list classifiers``), or ``path/to/file.py:function``, whose
            function takes nothing and returns a module.
        device: where to put it.
        weights: a file in place of the published weights.
        aliases: what short names mean; those of a dataset stand in its card.

    Raises:
        UnknownNameError: no such classifier.
        WeightsError: its weights are missing or damaged.
    """
    return open_classifier(name, device, weights=Path(weights) if weights else None, aliases=aliases).network


def open_classifier(
    name: str,
    device: str | torch.device = "cpu",
    *,
    weights: Path | None = None,
    aliases: Mapping[str, str] = ALIASES,
) -> LoadedClassifier:
    """``load_classifier`` with its provenance.

    Within ``bench.once.one_run`` it is built and hashed once, and whoever opens it gets a copy of his own, so that
    nobody can change what others are given. A network that cannot be copied is built each time.
    """
    import torch

    card, network = _opened(resolve(name, aliases), weights)
    card = _named(card, name)
    loaded = LoadedClassifier(card.name, network, card.identity, card.input_size, card)
    _KNOWN[network] = (card.name, card.identity, card.input_size, card)
    network.eval().requires_grad_(False).to(device).to(memory_format=torch.channels_last)
    return loaded


def classifier_card(name: str, *, weights: Path | None = None, aliases: Mapping[str, str] = ALIASES) -> ClassifierCard:
    """What is known of a classifier; it is built for it only where nothing else can tell. Made once a run.

    Args:
        name, weights, aliases: see ``load_classifier``.

    Raises:
        UnknownNameError: no such classifier.
        WeightsError: its weights are missing or damaged.
        PluginError: its provider, or the user's file, cannot be used.
    """
    full, made = resolve(name, aliases), kept()
    place = ("card", full, weights)
    if made is not None and place in made:
        card: ClassifierCard = made[place]
        return _named(card, name)
    provider, short = provider_of(full)
    card = _opened(full, weights)[0] if provider.builds_for_card else provider.card(short, weights)
    if made is not None:
        made[place] = card
    return _named(card, name)


def _opened(full: str, weights: Path | None) -> tuple[ClassifierCard, nn.Module]:
    made, place = kept(), ("classifier", full, weights)
    if made is not None and place in made:
        card, network = made[place]
        return card, deepcopy(network)
    provider, short = provider_of(full)
    card, network = provider.open(short, weights)
    if made is not None:
        with suppress(Exception):  # a user's module may refuse in any way
            made[place] = card, deepcopy(network)
    return card, network


def _named(card: ClassifierCard, typed: str) -> ClassifierCard:
    """With the name as typed; a file keeps its own, which names no folder."""
    return card if ".py:" in typed else replace(card, name=typed)


def describe_network(network: nn.Module) -> LoadedClassifier:
    """Name and hash of any network, put into evaluation mode.

    They are what ``load_classifier`` knew, or the network's class name and a hash of its state.
    """
    network.eval()  # batch statistics would make an image depend on its neighbours
    if network in _KNOWN:
        name, sha256, input_size, card = _KNOWN[network]
        return LoadedClassifier(name, network, sha256, input_size, card)
    size = getattr(network, "input_size", DEFAULT_INPUT_SIZE)
    return LoadedClassifier(type(network).__name__, network, network_digest(network, b""), size)
