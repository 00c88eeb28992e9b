"""What providers of libraries share: a published file, preprocessing as data, an identity of both."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cards import ClassifierCard
from bench.classifiers.files import FoundFile, PublishedFile, check_reference, find
from bench.classifiers.provider import ClassifierProvider
from bench.classifiers.states import read_state
from bench.errors import UsageError, WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from bench.classifiers.wrapped import LibraryNetwork


@dataclass(frozen=True)
class Described:
    """What a library says of one of its networks.

    Attributes:
        file: of the weights.
        num_logits: K.
        input_size: side of the images that the weights were made for, in pixels.
        mean, std: by channel, of [0, 1] images in the order RGB.
        interpolation: ``bilinear`` or ``bicubic``, where images have another size.
        channels: the order in which the network takes them, ``RGB`` or ``BGR``.
        also: whatever else decides the logits, as text.
        classes, robust, accuracy, summary, licence, citation: see ``ClassifierCard``.
    """

    file: PublishedFile
    num_logits: int
    input_size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str
    channels: str = "RGB"
    also: str = ""
    classes: str = ""
    robust: str | None = None
    accuracy: dict[str, float] = field(default_factory=dict)
    summary: str = ""
    licence: str = ""
    citation: tuple[str, ...] = ()

    @property
    def preprocessing(self) -> dict[str, Any]:
        """As the card has it."""
        side = self.input_size
        return {
            "channels": self.channels,
            "mean": list(self.mean),
            "std": list(self.std),
            "size": side,
            "interpolation": self.interpolation,
            "resize": f"shorter side to {side} px, antialiased; {side} px as they are; nothing is cut off",
        }


class LibraryProvider(ClassifierProvider):
    """Networks of a library; a subclass says what there is, and builds one around a state."""

    @abstractmethod
    def describe(self, name: str) -> Described:
        """What the library says of a network.

        Raises:
            UsageError: it has none of this name, or none that gives logits.
        """

    @abstractmethod
    def network(self, name: str, state: dict[str, Tensor]) -> LibraryNetwork:
        """The library's own network with these weights.

        Raises:
            Exception: of the library, where they do not fit.
        """

    def state(self, found: FoundFile) -> dict[str, Tensor]:
        """What a file of weights holds, by name; no code in it is run.

        Raises:
            WeightsError: see ``read_state``.
        """
        return read_state(found)

    def card(self, name: str, weights: Path | None = None) -> ClassifierCard:
        """See ``ClassifierProvider.card``; what is published holds for the published weights alone.

        Where no hash is published, nobody can tell whether they are: robustness and licence go by the name then.
        """
        one = self.describe(name)
        found = find(one.file, weights)
        named = found.verified or not one.file.known
        made_of = json.dumps([found.sha256, one.preprocessing, *([one.also] if one.also else [])], sort_keys=True)
        return ClassifierCard(
            one.file.network,
            one.file.network,
            hashlib.sha256(made_of.encode()).hexdigest(),
            one.num_logits,
            classes=one.classes,
            input_size=one.input_size,
            preprocessing=one.preprocessing,
            robust=one.robust if named else None,
            accuracy=one.accuracy if found.verified else {},
            verified=found.verified,
            summary=one.summary,
            licence=one.licence if named else "",
            citation=one.citation,
        )

    def build(self, name: str, weights: Path | None = None) -> nn.Module:
        """See ``ClassifierProvider.build``."""
        one = self.describe(name)
        found = find(one.file, weights)
        state = self.state(found)
        try:
            network = self.network(name, state)
        except (UsageError, WeightsError):
            raise
        except Exception as error:  # whatever the library makes of a state that it does not know
            reason = " ".join(str(error).split())[:300]
            raise WeightsError(
                f"{found.path} does not fit {one.file.network}: {reason or type(error).__name__}. Name the network "
                "that the weights belong to."
            ) from error
        check_reference(network, one.file.network, found.path)
        return network
