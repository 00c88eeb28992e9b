"""From records to the values that a condition names, or to the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.describe import metric_card
from bench.store.record import Score
from reports.analysis.claims.language import Values
from reports.analysis.claims.rules import DATASET, MIN_IMAGES, PROBE_IMAGES
from reports.analysis.groups import Entry

Name = tuple[str, str, str]  # method, classifier, probe ("" for bench run)
Doubles = NDArray[np.float64]
LABELS = ("label", "prediction_target_original")


class ObstacleError(Exception):
    """Why a condition cannot be decided, in a sentence, and the command that helps, if there is one.

    ``absent``: nothing was run, so that there is no record at all.
    """

    def __init__(self, reason: str, command: str = "", *, absent: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.command, self.absent = reason, command, absent


@dataclass(frozen=True, eq=False)
class Series:
    """What a record says about a condition's values.

    Attributes:
        entry: where from.
        ids: (n,) of the images, or the numbers of the subsets.
        values: (n,) float64 of float32 precision, NaN where not defined.
        chance: what guessing would score, or None.
    """

    entry: Entry
    ids: NDArray[np.str_]
    values: Doubles
    chance: float | None


class Evidence:
    """One entry for each cell: the largest N, then seed 0 or the smallest, of runs and trainings, then the newest."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._found: dict[Name, Entry] = {}
        self._failed: dict[Name, Entry] = {}
        for entry in sorted((e for e in entries if e.record.dataset == DATASET), key=_rank):
            record = entry.record
            name = record.method, record.classifier, record.probe or ""
            (self._found if entry.complete else self._failed)[name] = entry  # the best comes last

    def entry(self, values: Values) -> Entry:
        """The complete record of a cell.

        Raises:
            ObstacleError: there is none, or it is of too few images.
        """
        name = values.method, values.classifier, values.probe
        entry, failed = self._found.get(name), self._failed.get(name)
        if entry is None and failed is not None:
            status = "failed" if failed.record.status == "failed" else "was skipped"
            reason = f"{told(values)} {status}: {(failed.record.reason or 'no reason was recorded')}"
            raise ObstacleError(f"{reason.rstrip('.')}.", command(values))
        if entry is None:
            raise ObstacleError(f"There is no record of {told(values)}.", command(values), absent=True)
        if entry.record.num_images < MIN_IMAGES:
            few = f"{told(values)} has {entry.record.num_images:,} images, and less than {MIN_IMAGES} decide nothing."
            raise ObstacleError(few, command(values))
        return entry

    def series(self, values: Values) -> Series:
        """The values of one cell.

        Raises:
            ObstacleError: there are none; says why.
        """
        entry = self.entry(values)
        score = _score(entry, values)
        if values.subsets:
            subsets = np.array(score.subsets or (), dtype=np.float64)
            return Series(entry, np.arange(len(subsets)).astype(np.str_), _single(subsets), score.chance)
        columns = _columns(entry, values)
        levels = _rows(columns, values)
        ids = [np.asarray(columns["image_id"][rows], dtype=np.str_) for rows in levels]
        if any(not np.array_equal(ids[0], other) for other in ids):
            raise ObstacleError(f"The levels of {told(values)} speak of different images.")
        stacked = np.stack([_single(columns[values.column][rows]) for rows in levels])  # (L, n)
        across = np.ptp(stacked, axis=0) if values.across == "range" else stacked.mean(axis=0)
        if values.images == "missed":
            label, seen = (columns[name] for name in LABELS)
            across = np.where(label != seen, across, np.nan)
        return Series(entry, ids[0], across, score.chance)


def _columns(entry: Entry, values: Values) -> Mapping[str, NDArray[Any]]:
    """The per-image values beside a record.

    Raises:
        ObstacleError: what is needed is not there.
    """
    columns = entry.per_image
    if not columns:
        reason = f"No per-image values lie beside the record of {told(values)}."
        raise ObstacleError(reason, f"{command(values)} --force")
    for name in needed(values):
        if name not in columns:
            reason = f"The per-image values of {told(values)} hold no {title(name)}."
            raise ObstacleError(reason, f"{command(values)} --force")
    return columns


def _rank(entry: Entry) -> tuple[int, bool, bool, int, int, str, str]:
    record = entry.record
    seeds = record.seed == 0, -record.seed, -(record.training_seed or 0)
    return record.num_images, record.precision == "float32", *seeds, record.created, record.key


def _single(values: NDArray[Any]) -> Doubles:
    """Rounded to float32, as committed columns are: both give the same digits."""
    return values.astype(np.float32).astype(np.float64)


def _rows(columns: Mapping[str, NDArray[Any]], values: Values) -> list[NDArray[np.intp]]:
    """Which rows belong to each level; those of ``bench run`` have one level."""
    if not values.levels:
        return [np.arange(len(columns["image_id"]))]
    return [np.flatnonzero(columns["level"] == name) for name in values.levels]


def _score(entry: Entry, values: Values) -> Score:
    """The record's score, of the first level where there are several.

    Raises:
        ObstacleError: it is null, or not there.
    """
    held = entry.record.metrics
    if values.levels and values.levels != ("all",):
        held = next((one.metrics for one in entry.record.levels if one.name == values.levels[0]), {})
    score = held.get(values.column)
    where = f"{told(values)}{', level ' + values.levels[0] if values.levels else ''}"
    if score is None:
        again = command(values) if not values.probe else f"{command(values)} --force"
        raise ObstacleError(f"The record of {where} holds no {title(values.column)}.", again)
    if score.value is None or (values.subsets and not score.subsets):
        note = score.note or "no reason was recorded"
        raise ObstacleError(f"{title(values.column)} of {where} is null: {note.rstrip('.')}.", command(values))
    return score


def needed(values: Values) -> tuple[str, ...]:
    """The columns of ``per_image.parquet`` that these values are read from."""
    if values.subsets:
        return ()
    level = ("level",) if values.probe else ()
    return (*level, "image_id", *(LABELS if values.images == "missed" else ()), values.column)


def title(column: str) -> str:
    """What people call a column; what is no metric keeps its name."""
    return metric_card(column).title


def told(values: Values) -> str:
    """The cell in words."""
    return f"{f'probe {values.probe} of ' if values.probe else ''}{values.method} on {values.classifier}"


def command(values: Values, num_images: int | None = None) -> str:
    """What makes the cell, of so many images or of enough."""
    cell = f"--method {values.method} --classifier {values.classifier}"
    if values.probe:
        return f"bench probe {values.probe} {cell} --num-images {num_images or PROBE_IMAGES}"
    return f"bench run {cell}" + (f" --num-images {num_images}" if num_images else "")
