"""What a probe is: one question about an inverter, asked at several levels and measured image by image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.cards import LAST, Look, MetricCard, Sheet
from bench.datasets.base import Pixels
from bench.metrics.base import Doubles, PerImage
from bench.metrics.per_image import attempt
from bench.probes.measures import known
from bench.store.record import Level, Score

if TYPE_CHECKING:
    from bench.probes.scene import Scene

SHOWN = 8  # images in the pictures
Compute = Callable[[], "PerImage | Doubles"]


@dataclass(frozen=True, eq=False)
class Images:
    """Which images a level speaks of.

    Attributes:
        ids: unique names; of a pair, both names joined with a plus sign.
        labels: (n,) int64 true classes, -1 where there is none.
    """

    ids: tuple[str, ...]
    labels: NDArray[np.int64]

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> Images:
        """Some of them."""
        return Images(tuple(self.ids[row] for row in rows), self.labels[np.asarray(rows, dtype=np.int64)])


@dataclass(frozen=True, eq=False)
class Measured:
    """One level: its scores, and the (n,) values that they are the means of, NaN where not defined."""

    level: Level
    images: Images
    columns: dict[str, Doubles]


def measured(name: str, value: float | None, images: Images, computes: Mapping[str, Compute]) -> Measured:
    """Measure one level; what fails is null with the error's text.

    Args:
        name: of the level.
        value: the level as a number, or None.
        images: the n images that it speaks of.
        computes: by key, what gives the (n,) values.
    """
    found = {key: attempt(partial(_per_image, compute), len(images.ids)) for key, compute in computes.items()}
    scores = {key: replace(score, higher_is_better=_direction(key)) for key, (score, _) in found.items()}
    level = Level(name, None if value is None else float(value), scores)
    return Measured(level, images, {key: values for key, (_, values) in found.items()})


def absent(name: str, keys: Iterable[str], reason: str) -> Measured:
    """A level that could not be measured at all: every value null with the reason."""
    scores = {key: Score(None, higher_is_better=_direction(key), note=reason) for key in keys}
    return Measured(Level(name, None, scores), Images((), np.empty(0, np.int64)), {})


def _per_image(compute: Compute) -> PerImage:
    found = compute()
    return found if isinstance(found, PerImage) else PerImage(np.asarray(found, dtype=np.float64))


def _direction(key: str) -> bool | None:
    card = known().get(key)
    return card.higher_is_better if card else None


@dataclass(frozen=True, eq=False)
class Pictures:
    """A table of pictures.

    Attributes:
        pixels: (R, C, H, W, 3) uint8.
        rows: R captions.
        columns: C captions.
        judged: whether the judge's class belongs below each picture.
    """

    pixels: Pixels
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    judged: bool = True


def side_by_side(images: Images, columns: Mapping[str, Pixels], names: Sequence[str] = ()) -> Pictures:
    """A row for each of the first ``SHOWN`` images, a column for each array (n, H, W, 3).

    Args:
        images: the n images.
        columns: the pictures by caption.
        names: of the classes, for the rows' captions.
    """
    count = min(SHOWN, len(images.ids))
    pixels = np.stack([column[:count] for column in columns.values()], axis=1)  # (R, C, H, W, 3)
    labels = images.labels[:count].tolist()
    rows = [
        f"{image_id} ({names[label]})" if 0 <= label < len(names) else image_id
        for image_id, label in zip(images.ids, labels, strict=False)
    ]
    return Pictures(pixels, tuple(rows), tuple(columns))


def interleaved(first: Pictures, second: Pictures, suffixes: tuple[str, str]) -> Pictures:
    """Two tables of one shape as one: row k of the first, then row k of the second, each with its own suffix."""
    pixels = np.stack([first.pixels, second.pixels], axis=1).reshape(-1, *first.pixels.shape[1:])
    pairs = zip(first.rows, second.rows, strict=True)
    rows = [f"{row}, {suffix}" for pair in pairs for row, suffix in zip(pair, suffixes, strict=True)]
    return Pictures(pixels, tuple(rows), first.columns)


@dataclass(frozen=True, eq=False)
class Findings:
    """All that a probe found.

    Attributes:
        levels: in their order.
        pictures: the first images at every level.
        overall: what spans the levels.
        note: a caveat about the whole.
        weights: SHA-256 of weight files by name, beside those of the scene's networks and inverter.
    """

    levels: Sequence[Measured]
    pictures: Pictures
    overall: Measured | None = None
    note: str | None = None
    weights: Mapping[str, str] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, Score]:
        """The scores that span the levels."""
        return dict(self.overall.level.metrics) if self.overall else {}

    def table(self) -> dict[str, Any]:
        """Columns for ``per_image.parquet``: a row a level and image, ``level``, ``image_id``, ``label``, measures.

        The rows of what spans the levels carry the level ``all``; NaN where a level does not have a measure.
        """
        parts = [*self.levels, *([self.overall] if self.overall else [])]
        keys = dict.fromkeys(key for part in parts for key in part.columns)
        counts = [len(part.images.ids) for part in parts]
        columns: dict[str, Any] = {
            "level": [part.level.name for part, count in zip(parts, counts, strict=True) for _ in range(count)],
            "image_id": [image_id for part in parts for image_id in part.images.ids],
            "label": np.concatenate([part.images.labels for part in parts]),
        }
        for key in keys:
            blanks = (np.full(count, np.nan) for count in counts)
            columns[key] = np.concatenate([p.columns.get(key, b) for p, b in zip(parts, blanks, strict=True)])
        return columns


class Probe(ABC):
    """One of the paper's analyses; a subclass writes ``measure`` and, where needed, ``check`` and ``skip``.

    Attributes:
        name: as on the command line.
        question: what it answers, one line.
        levels: what its levels are, and their units.
        measures: keys of the protocol or of ``bench.probes.measures`` that its levels carry.
        overall: keys that span the levels.
        num_images: N where none is given.
        cards: of measures of its own, which neither the metrics nor ``bench.probes.measures`` have.
        place: of its page among others.
        looks: how the report draws what it measured; without any, the first measures over the levels.
        sheet: how the report shows its pictures.
    """

    name: ClassVar[str]
    question: ClassVar[str]
    levels: ClassVar[str]
    measures: ClassVar[tuple[str, ...]]
    overall: ClassVar[tuple[str, ...]] = ()
    num_images: ClassVar[int] = 250
    cards: ClassVar[tuple[MetricCard, ...]] = ()
    place: ClassVar[int] = LAST
    looks: ClassVar[tuple[Look, ...]] = ()
    sheet: ClassVar[Sheet] = Sheet()

    def check(self) -> None:
        """Before any work.

        Raises:
            UsageError: something that must be installed is missing; says what to type.
        """
        return

    def depends(self) -> tuple[str, ...]:
        """What else decides the numbers, beside the cell and the probe's own code; part of the record's key."""
        return ()

    def skip(self, scene: Scene) -> str | None:
        """A reason why the probe makes no sense here, or None."""
        return None

    @abstractmethod
    def measure(self, scene: Scene) -> Findings:
        """Do it. Randomness comes from ``scene.seeds`` alone, so that no result depends on the batch size."""
