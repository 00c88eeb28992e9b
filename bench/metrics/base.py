"""What a metric is: facts for the tables, what it needs, and how it is computed. Imports no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.cards import MetricCard
from bench.datasets.base import Pixels
from bench.errors import MetricError
from bench.metrics.extractors import Extractor, extractors

if TYPE_CHECKING:
    import torch

    from bench.store.record import Score

GALLERY = 2_500  # images a gallery of the retrieval ranks where no dataset says another number
MIN_SET_IMAGES = 2_048  # below this many images the set-level distances say more about N than about the images
FAMILIES = ("Set of images", "Likeness to the original", "Logits", "Recognised as the original", "Noise")
TARGET, JUDGE = "target", "judge"

Array = NDArray[Any]
Doubles = NDArray[np.float64]
Name = tuple[str, ...]  # of an array: a metric's key, or (network, layer, side)


@dataclass(frozen=True)
class Needs:
    """What a metric looks at: evaluation computes this and no more.

    Attributes:
        pixels: pairs of images, block by block: ``look`` is called.
        second: also another draw of the reconstructions; where there is none, ``look`` is not called.
        logits: of which networks: ``target``, ``judge``.
        features: of which extractors; ``judge`` is one of them.
        networks: extractors that ``look`` asks itself.
        labels, gallery: true classes; blocks of originals to be found in.
    """

    pixels: bool = False
    second: bool = False
    logits: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    labels: bool = False
    gallery: bool = False

    @property
    def target(self) -> bool:
        """Whether the target is asked."""
        return TARGET in self.logits

    @property
    def extractors(self) -> tuple[str, ...]:
        """Every network beside the target, each once."""
        return tuple(dict.fromkeys(n for n in (*self.logits, *self.features, *self.networks) if n != TARGET))


@dataclass(frozen=True)
class Block:
    """Paired images of some rows, each (n, H, W, 3) uint8.

    Attributes:
        original, reconstruction: row by row.
        second: another draw of the reconstruction, or None.
        networks: the extractors of ``Needs.networks``, opened on ``device``.
        device: where they lie.
        batch: images at a time through them.
    """

    original: Pixels
    reconstruction: Pixels
    second: Pixels | None
    networks: Mapping[str, Any]
    device: torch.device
    batch: int


@dataclass(frozen=True)
class PerImage:
    """A metric image by image.

    Attributes:
        values: (N,), NaN where it is not defined.
        chance: what guessing would score.
        note: a caveat.
        undefined: what NaN means here.
    """

    values: Doubles
    chance: float | None = None
    note: str | None = None
    undefined: str = "it has no value there"


class Arrays:
    """Named arrays of N rows, or the reason why one is missing.

    Attributes:
        n: N.
        missing: reasons by name.
    """

    def __init__(self, n: int) -> None:
        self.n = n
        self._arrays: dict[Name, Array] = {}
        self.missing: dict[Name, str] = {}

    def __contains__(self, name: Name) -> bool:
        return name in self._arrays and name not in self.missing

    def __getitem__(self, name: Name) -> Array:
        """The array.

        Raises:
            MetricError: it is missing; the text says why.
        """
        if name in self.missing:
            raise MetricError(self.missing[name])
        return self._arrays[name]

    def put(self, name: Name, rows: slice, values: Array) -> None:
        """Fill some rows; the whole array is allocated at the first call, so that memory peaks at its size."""
        if name not in self._arrays:
            self._arrays[name] = np.empty((self.n, *values.shape[1:]), values.dtype)
        self._arrays[name][rows] = values

    def miss(self, names: Iterable[Name], reason: str) -> None:
        """Mark arrays as missing and let go of their memory."""
        for name in names:
            self.missing[name] = reason
            self._arrays.pop(name, None)


def both(network: str, layer: str) -> tuple[Name, Name]:
    """The names of what a network says of originals and of reconstructions."""
    return (network, layer, "original"), (network, layer, "reconstruction")


@dataclass
class Data:
    """All that scores are computed from.

    Attributes:
        arrays: per image, what networks and ``look`` gave.
        labels: (N,) true classes, or None.
        stochastic: whether noise changes the inverter's answer.
        gallery: images a gallery.
        twins: extractors that are the target itself.
        judge_rows: (labels,) the judge's logit that names each label; (0,) where it names others; None if not known.
        apart: whether target and judge are known to name different classes.
    """

    arrays: Arrays
    labels: NDArray[np.int64] | None
    stochastic: bool
    gallery: int = GALLERY
    twins: frozenset[str] = frozenset()
    judge_rows: NDArray[np.int64] | None = None
    apart: bool = False
    _made: dict[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """N."""
        return self.arrays.n

    def logits(self, network: str) -> tuple[Array, Array]:
        """Logits (N, K) of originals and reconstructions by ``target`` or ``judge``.

        Raises:
            MetricError: that network is not there, or failed.
        """
        z, z_hat = (self.arrays[name] for name in both(network, "logits"))
        if z.shape != z_hat.shape:
            raise MetricError(
                f"The stored logits have the shape {z.shape} and the classifier gives {z_hat.shape} for the "
                "reconstructions: they belong to different classifiers."
            )
        return z, z_hat

    def features(self, extractor: str) -> tuple[Array, Array]:
        """Features (N, F) of originals and reconstructions.

        Raises:
            MetricError: that extractor is not there, or failed.
        """
        a, b = (self.arrays[name] for name in both(extractor, "features"))
        return a, b

    def need_labels(self) -> NDArray[np.int64]:
        """(N,) true labels."""
        if self.labels is None:
            raise MetricError("These images carry no labels.")
        return self.labels

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What several metrics share, made by the first that asks."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]


class Metric(ABC):
    """One column of the tables. A subclass sets ``card`` and ``needs`` and writes ``look`` or ``compute``, or both.

    Attributes:
        card: its facts; title, definition, direction, family, digits, version and so on.
        needs: what evaluation has to prepare for it.
        versioned_as: under which name records state its version, where several metrics share one; else its key.
        undefined: what NaN means, where ``look`` gives some.
        least_images: below so many it is null.
    """

    card: MetricCard
    needs: Needs = Needs()
    versioned_as: str = ""
    undefined: str = "it has no value there"
    least_images: int = 0

    @property
    def key(self) -> str:
        """As in records and on the command line."""
        return self.card.key

    def look(self, block: Block) -> Array:
        """(n,) values of some pairs of images, NaN where not defined. Called where ``needs`` has pixels."""
        raise NotImplementedError

    def compute(self, data: Data) -> PerImage | Doubles | Score | float:
        """The (N,) values of a per-image metric, or the one score of a set; by default what ``look`` gave.

        Raises:
            MetricError: it is not defined here; the text becomes the note of a null.
        """
        return PerImage(data.arrays[self.key,].astype(np.float64), undefined=self.undefined)


class ExtractorMetric(Metric):
    """A set-level metric over the features of any extractor: register the class, and each extractor has one.

    A subclass sets ``prefix`` and ``facts`` and writes ``between``.

    Attributes:
        extractor: whose features.
        headline, roles: as in its card.
        prefix: of its key, ``PREFIX_EXTRACTOR``.
        facts: its card but for the extractor; title and definition have its title and subject appended.
    """

    prefix: ClassVar[str]
    facts: ClassVar[MetricCard]
    least_images = MIN_SET_IMAGES

    def __init__(self, extractor: str, headline: int | None = None, roles: tuple[str, ...] = ()) -> None:
        self.extractor, self.headline, self.roles = extractor, headline, roles
        self.needs = Needs(features=(extractor,))

    @cached_property
    def card(self) -> MetricCard:  # type: ignore[override]
        """Of the family and of the extractor."""
        known = extractors().get(self.extractor)
        title, about = (
            (known.title or known.name, known.about or f"the features of {known.name}") if known else ("", "")
        )
        facts = self.facts
        return replace(
            facts,
            key=self.key,
            title=f"{facts.title} {title}",
            definition=facts.definition.format(about=about),
            extractor=self.extractor,
            headline=self.headline,
            roles=self.roles,
            citation=(*facts.citation, *(known.citation if known else ())),
        )

    @property
    def key(self) -> str:
        """``PREFIX_EXTRACTOR``."""
        return f"{self.prefix}_{self.extractor}"

    @abstractmethod
    def between(self, a: Array, b: Array) -> Score:
        """The score of features (N, F) of originals and reconstructions."""

    def compute(self, data: Data) -> Score:
        """``between``, marked where the target is the extractor itself."""
        note = "the target is this same network: read fd_judge" if self.extractor in data.twins else None
        return replace(self.between(*data.features(self.extractor)), n=data.n, note=note)


__all__ = ["Block", "Data", "Extractor", "ExtractorMetric", "Metric", "Needs", "PerImage"]
