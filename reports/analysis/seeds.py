"""Several seeds of one method: which cells are one row, the means that it holds, and how far its cells lie apart."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.store.record import Record, Score
from bench.store.table import Columns

if TYPE_CHECKING:
    from reports.analysis.groups import Entry

Pair = tuple[int, int | None]  # a run's seed, and that of the training of its weights


@dataclass(frozen=True)
class Apart:
    """How far values lie apart that differ in nothing but a seed.

    Attributes:
        number: of seeds.
        std: standard deviation with n - 1; within trainings, pooled, where there are several of the seeds' runs.
        reach: the largest less the smallest; within a training, the widest.
    """

    number: int
    std: float
    reach: float


@dataclass(frozen=True)
class Spread:
    """One metric of a row of several seeds.

    Attributes:
        points: the value of each cell, with its seeds.
        runs: between runs whose samples have other seeds, by the same weights; None where there is one of them.
        trainings: between the means of several trainings by one recipe; None where there is one.
        half: half of the 95 % interval over images, or None.
    """

    points: tuple[tuple[Pair, float], ...]
    runs: Apart | None
    trainings: Apart | None
    half: float | None

    @property
    def times(self) -> float | None:
        """Standard deviation between trainings in halves of the interval over images."""
        return self.trainings.std / self.half if self.trainings and self.half else None


def merged(entries: Sequence[Entry]) -> list[Entry]:
    """The same rows, with one for all complete cells that differ in nothing but their seeds.

    Trainings are of one recipe where all settings but the seed have one hash, which records of earlier versions lack.
    Cells of equal seeds that are yet two, by weights made twice for instance, stay rows of their own.
    """
    families: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        if entry.complete:
            families.setdefault(_family(entry), []).append(entry)
    rows = [entry for entry in entries if not entry.complete]
    for cells in families.values():
        rows += [_row(cells)] if len({seeds(one.record) for one in cells}) == len(cells) > 1 else cells
    return rows


def seeds(record: Record) -> Pair:
    """The run's, and the training's."""
    return record.seed, record.training_seed


def _family(entry: Entry) -> tuple[object, ...]:
    """All that the cells of one row share."""
    record, recipe = entry.record, dict(entry.record.recipe or {})
    if "but_seed" in recipe:
        recipe = {name: value for name, value in recipe.items() if name not in ("seed", "hash")}
    kind = record.kind, record.method, entry.cards.method.version, record.access, record.training
    return *kind, record.preset, record.precision, record.cost.device, json.dumps(recipe, sort_keys=True)


def _row(cells: Sequence[Entry]) -> Entry:
    """The first cell, by its seeds, with the means of all: its pictures are those that are shown."""
    first, *_ = ordered = sorted(cells, key=lambda one: (one.record.training_seed or 0, one.record.seed))
    keys = dict.fromkeys(key for one in ordered for key in one.record.metrics)
    metrics = {key: _mean_score(key, ordered) for key in keys}
    return replace(first, record=replace(first.record, metrics=metrics), cells=tuple(ordered))


def holding(key: str, cells: Iterable[Entry]) -> list[Entry]:
    """The cells that have a value of a metric."""
    found = ((one, one.record.metrics.get(key)) for one in cells)
    return [one for one, score in found if score is not None and score.value is not None]


def weights(cells: Sequence[Entry]) -> list[float]:
    """Of each cell in a mean: trainings count alike, whatever the number of their runs."""
    runs = Counter(one.record.training_seed for one in cells)
    return [1 / (len(runs) * runs[one.record.training_seed]) for one in cells]


def _mean_score(key: str, cells: Sequence[Entry]) -> Score:
    """The mean over the cells that have a value. Its interval over images is the mean of theirs, as wide as one run's.

    An interval of the mean would be narrower where samples are noisy, and would say nothing of another run.
    """
    held = holding(key, cells)
    if not held:
        return next(one.record.metrics[key] for one in cells if key in one.record.metrics)
    scores, share = [one.record.metrics[key] for one in held], weights(held)

    def mean(values: Sequence[Any]) -> Any:
        return None if any(one is None for one in values) else np.average(values, axis=0, weights=share).tolist()

    some = f"mean over {len(held)} of {len(cells)} seeds: the others have no value" if len(held) < len(cells) else None
    notes = [some, *dict.fromkeys(one.note for one in scores)]
    ends, subsets = mean([one.ci95 for one in scores]), [one.subsets for one in scores]
    alike = len({len(one or ()) for one in subsets}) == 1
    found = mean(subsets) if alike else None
    return replace(
        scores[0],
        value=mean([one.value for one in scores]),
        ci95=None if ends is None else (ends[0], ends[1]),
        std=mean([one.std for one in scores]),
        subsets=None if found is None else tuple(found),
        note="; ".join(filter(None, notes)) or None,
    )


def mean_columns(cells: Sequence[Entry]) -> Columns:
    """What lies beside the first cell, each metric's values image by image replaced by their means over the cells."""
    first, found = cells[0].per_image, dict(cells[0].per_image)
    for key in {key for one in cells for key in one.record.metrics}:
        held = holding(key, cells)
        if any(key not in one.per_image or one.order != cells[0].order for one in held) or not held:
            found.pop(key, None)
            continue
        stored = first[key].dtype if key in first and first[key].dtype.kind == "f" else np.dtype(np.float64)
        stack = np.stack([np.asarray(one.per_image[key], np.float64) for one in held])
        found[key] = np.average(stack, axis=0, weights=weights(held)).astype(stored)
    return found


def spread(key: str, entry: Entry) -> Spread | None:
    """Of a metric in a row of several seeds; None where fewer than two of its cells have a value."""
    held = holding(key, entry.cells)
    if len(held) < 2:
        return None
    points = tuple((seeds(one.record), float(one.record.metrics[key].value or 0.0)) for one in held)
    trainings: dict[int | None, list[float]] = {}
    for (_, training), value in points:
        trainings.setdefault(training, []).append(value)
    ends = entry.record.metrics[key].ci95
    return Spread(
        points,
        _within(points, list(trainings.values())),
        _apart([float(np.mean(values)) for values in trainings.values()]),
        (ends[1] - ends[0]) / 2 if ends and ends[1] > ends[0] else None,
    )


def _apart(values: Sequence[float]) -> Apart | None:
    return Apart(len(values), float(np.std(values, ddof=1)), max(values) - min(values)) if len(values) > 1 else None


def _within(points: Sequence[tuple[Pair, float]], trainings: Sequence[Sequence[float]]) -> Apart | None:
    """Between runs by the same weights."""
    several = [values for values in trainings if len(values) > 1]
    if not several:
        return None
    squares = sum(float(np.var(values)) * len(values) for values in several)
    std = (squares / sum(len(values) - 1 for values in several)) ** 0.5
    return Apart(len({seed for (seed, _), _ in points}), std, max(max(one) - min(one) for one in several))


def counted(entry: Entry) -> str:
    """``3 trainings``, ``2 seeds``, or ``3 trainings, 2 seeds``; empty of a row of one cell."""
    runs = len({one.record.seed for one in entry.cells})
    trainings = len({one.record.training_seed for one in entry.cells})
    told = [f"{trainings} trainings"] if trainings > 1 else []
    return ", ".join([*told, *([f"{runs} seeds"] if runs > 1 else [])])
