"""Where classifiers come from: ``PREFIX:NAME`` is a network of the provider that is registered as ``PREFIX``.

A provider is one class, registered under the entry-point group ``bench.classifiers`` with the prefix as its name. Names
without a prefix are aliases that a dataset gives.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from bench.cards import ClassifierCard
from bench.environment import installed
from bench.errors import PluginError, UnknownNameError, UsageError
from bench.registry import CLASSIFIERS, load, registered

if TYPE_CHECKING:
    from torch import nn

FILE = "file"  # the provider of path/to/file.py:function, whose prefix nobody types
JUDGE = "judge"
ALIASES: Mapping[str, str] = {
    name: f"zoo:{name}" for name in ("robust_resnet152", "resnet152", "inception_v3", "efficientnet_lite0", JUDGE)
}


class ClassifierProvider(ABC):
    """Networks under one prefix.

    ``bench list classifiers`` asks for ``names`` and their cards: neither may import torch there.

    Attributes:
        form: how its names look where it has too many to list, for instance ``NAME[@WEIGHTS]``.
        summary: one line on what it provides.
        needs: distributions beyond bench's own that must be installed.
        builds_for_card: whether only a built network can tell its card. ``open`` is called once a run then.
    """

    form: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    builds_for_card: ClassVar[bool] = False

    def names(self) -> Sequence[str]:
        """The networks to list, without the prefix."""
        return ()

    @abstractmethod
    def card(self, name: str, weights: Path | None = None) -> ClassifierCard:
        """What is known of a network without building it.

        Args:
            name: without the prefix.
            weights: a file of the user's own in place of the published weights.

        Returns:
            A card whose ``id`` is the name in full, and whose ``identity`` changes with whatever changes the logits.

        Raises:
            UsageError: there is no such network, or it takes no weights of the user's own.
            WeightsError: its weights are not here, or are not what they should be.
        """

    @abstractmethod
    def build(self, name: str, weights: Path | None = None) -> nn.Module:
        """The network with its weights: [0, 1] images (N, 3, H, W) of any size to logits (N, K).

        Enlarging or reducing to ``.input_size`` and normalising lie inside it, differentiably; ``.features(images)``
        gives the penultimate features (N, F).

        Raises:
            UsageError, WeightsError: as ``card``.
        """

    def open(self, name: str, weights: Path | None = None) -> tuple[ClassifierCard, nn.Module]:
        """Card and network."""
        return self.card(name, weights), self.build(name, weights)


def resolve(name: str, aliases: Mapping[str, str] = ALIASES) -> str:
    """The full id of a classifier: ``PREFIX:NAME``, or ``path/to/file.py:function`` as it stands.

    Args:
        name: as typed.
        aliases: full ids by short name, those of the dataset.

    Raises:
        UnknownNameError: it is no alias, and nothing provides it.
    """
    full = name if ":" in name else aliases.get(name, name)
    prefix, colon, _ = full.partition(":")
    if ".py:" in full or (colon and prefix in registered(CLASSIFIERS).keys() - {FILE}):
        return full
    raise UnknownNameError("classifier", full, [*aliases, *forms()])


def forms() -> list[str]:
    """How names of classifiers look beyond the aliases."""
    return [*(f"{prefix}:NAME" for prefix in registered(CLASSIFIERS) if prefix != FILE), "path/to/file.py:function"]


def provider_of(full: str) -> tuple[ClassifierProvider, str]:
    """The provider of a full id, and the name as that provider knows it.

    Raises:
        PluginError: the provider cannot be imported, or is none.
        UsageError: it needs a distribution that is not installed.
    """
    prefix, _, name = (FILE, "", full) if ".py:" in full else full.partition(":")
    provider = provider_class(prefix)()
    if missing := [one for one in provider.needs if installed(one) is None]:
        raise UsageError(f"{full} needs {' and '.join(missing)}. Type: pip install {' '.join(missing)}")
    return provider, name


def provider_class(prefix: str) -> type[ClassifierProvider]:
    """The class that is registered under a prefix.

    Raises:
        PluginError: it cannot be imported, or is no provider.
    """
    cls = load(CLASSIFIERS, "provider of classifiers", prefix)
    if not (isinstance(cls, type) and issubclass(cls, ClassifierProvider)):
        raise PluginError(
            f"The provider {prefix!r} cannot be used",
            f"it should be a subclass of bench.ClassifierProvider and is {cls!r}",
        )
    return cls


def targets(aliases: Mapping[str, str] = ALIASES) -> list[str]:
    """The short names that ``--classifier all`` stands for: all but the judge."""
    return [name for name in aliases if name != JUDGE]
