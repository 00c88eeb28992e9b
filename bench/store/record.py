"""The result of one cell, (method, classifier, dataset, N, seed): the contract between runs and reports.

``record.json`` is this module's ``Record`` as JSON, written last and in one piece: a run directory without it is an
unfinished run.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.cards import Cards
from bench.errors import DataError
from bench.store import strict
from bench.store.faults import Faults, folders, regular
from bench.store.fingerprint import fingerprint_of

SCHEMA_VERSION = 2
MOST_BYTES = 16_000_000  # of a record's file; the largest that a probe writes is a hundredth of it
SMALLEST_CHANCE = 1e-9  # of guessing right
MOST_IMAGES = 1_000_000_000
MOST_DIGITS = 12  # after the point, of a metric
LONGEST_NAME = 5_000  # characters; a folder's path may be long
Status = Literal["complete", "failed", "skipped"]
Kind = Literal["inverter", "control"]


@dataclass(frozen=True)
class Score:
    """One metric's value with what is needed to read it.

    Attributes:
        value: the mean or the distance; null where the metric failed or does not apply, ``note`` says why.
        ci95: 95 % bootstrap interval over images; null for set-level scores.
        n: number of images (or of images that the metric is defined on).
        chance: what guessing would score, for ranks and class agreement.
        higher_is_better: null where neither direction is good in itself.
        note: reason of a null, or a caveat.
        std: standard deviation over subsets (KID only).
        subsets: the value on each of the shared subsets, in their fixed order (KID only), for paired differences.
        fingerprint: of all that decided how it was computed (``bench.store.fingerprint``): scores that differ in it are
            never ranked in one column. Null in the levels of a probe.
    """

    value: float | None
    ci95: tuple[float, float] | None = None
    n: int = 0
    chance: float | None = None
    higher_is_better: bool | None = None
    note: str | None = None
    std: float | None = None
    subsets: tuple[float, ...] | None = None
    fingerprint: str | None = None


@dataclass(frozen=True)
class Level:
    """What a probe measured at one of its levels.

    Attributes:
        name: of the level, for instance ``shift 1``.
        value: the level as a number, null where it is none (a set of images, for instance).
        metrics: means over images with their intervals, by key; ``bench.probes.measures`` defines those that are not
            the protocol's.
    """

    name: str
    value: float | None = None
    metrics: dict[str, Score] = field(default_factory=dict)


@dataclass(frozen=True)
class Cost:
    """What the inversion took; scoring is counted apart.

    Attributes:
        invert_seconds: wall-clock time inside ``Inverter.invert``, summed over the images.
        seconds_per_image: the same per image.
        peak_memory_mb: peak resident memory of the process (CPU) or peak allocated memory (GPU), in MiB.
        device: ``cpu`` or ``cuda``.
        parameters: number of parameters of the inverter, 0 where it has none.
        train_seconds: wall-clock time of the training, null where there is none.
        score_seconds: wall-clock time of the scoring; null in records of earlier versions, and of probes.
    """

    invert_seconds: float | None = None
    seconds_per_image: float | None = None
    peak_memory_mb: float | None = None
    device: str = "cpu"
    parameters: int = 0
    train_seconds: float | None = None
    score_seconds: float | None = None


@dataclass(frozen=True)
class Record:
    """Everything that is known about one cell.

    Attributes:
        schema_version: of this layout.
        status: ``complete``, ``failed`` (``reason`` holds the error) or ``skipped`` (``reason`` says why).
        reason: null for complete cells.
        kind: ``inverter`` or ``control``.
        method, classifier, dataset: names as on the command line; a local file's class goes by its own ``name``.
        num_images: N.
        seed: the run's seed; the seed of a sample follows from it and the image's id.
        preset: ``fast`` or ``paper``.
        precision: in which a trained inverter multiplied: ``float32`` or ``bf16``.
        access: what the method may see: ``logits``, ``features``, ``white-box``, or ``original`` (controls).
        training: ``none`` or ``pairs``.
        stochastic: whether noise changes the answer.
        key: the run directory's name.
        protocol: the parts that the scores' fingerprints are made of, and ``fingerprint``, of all parts together.
        metrics: scores by the protocol's keys. One that is not here has not been computed.
        cost: what the inversion took.
        weights: SHA-256 of every weight file involved, by name.
        recipe: of the training: ``name``, ``hash``, ``steps``, ``seed``, ``but_seed`` (hash of all else); null if none.
        digests: SHA-256 of the files beside the record, by name; of ``originals.npy`` and ``logits.npz``, which many
            cells share and which grow, of the values of the first N rows. Records of earlier versions have none.
        environment: code revision, package versions, processor or GPU, threads.
        note: a caveat about the whole cell, or null.
        probe: name of the probe that wrote this record; null for the cells of ``bench run``. The ``metrics`` of a
            probe are those that span its levels; they may be none.
        levels: of the probe, in their order; none for the cells of ``bench run``.
        cards: what is to be known of all that the record names; null in records of earlier versions, for which
            ``bench.describe`` supplies them.
        created: UTC time in ISO 8601.
    """

    method: str
    classifier: str
    dataset: str
    num_images: int
    seed: int
    status: Status = "complete"
    reason: str | None = None
    kind: Kind = "inverter"
    preset: str = "fast"
    precision: str = "float32"
    access: str = "logits"
    training: str = "none"
    stochastic: bool = False
    key: str = ""
    protocol: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Score] = field(default_factory=dict)
    cost: Cost = field(default_factory=Cost)
    weights: dict[str, str] = field(default_factory=dict)
    recipe: dict[str, Any] | None = None
    digests: dict[str, str] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    note: str | None = None
    probe: str | None = None
    levels: tuple[Level, ...] = ()
    cards: Cards | None = None
    created: str = ""
    schema_version: int = SCHEMA_VERSION

    @property
    def training_seed(self) -> int | None:
        """Of the training of the weights, null where there is none; 1 of earlier versions, which do not say it."""
        return None if self.recipe is None else seed if isinstance(seed := self.recipe.get("seed"), int) else 1

    @property
    def fingerprint(self) -> str:
        """Of the whole protocol, to tell records apart; what compares scores is the fingerprint of each."""
        return str(self.protocol.get("fingerprint", ""))

    def __str__(self) -> str:
        """What was run, and every score that has a value, three a line."""
        what = f"{self.method} on {self.classifier}, {self.dataset}, {self.num_images:,} images, seed {self.seed}"
        what += "" if self.training_seed is None else f", training seed {self.training_seed}"
        head = f"{f'probe {self.probe}: ' if self.probe else ''}{what}: {self.status}"
        told = [f"{key} {_brief(score)}" for key, score in self.metrics.items() if score.value is not None]
        lines = ["  ".join(f"{one:<38}" for one in told[k : k + 3]).rstrip() for k in range(0, len(told), 3)]
        rest = [self.reason] if self.reason else []
        return "\n".join([head, *(f"  {line}" for line in (*rest, *lines)), f"  key {self.key}"])

    def to_json(self) -> str:
        """JSON text, keys in the order of the fields; NaN never occurs."""
        return json.dumps(dataclasses.asdict(self), indent=2, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """The inverse of ``to_json``; unknown fields, from later versions, are ignored.

        Scores of schema 1 carry no fingerprints: they are derived from the parts that the record stores.

        Raises:
            DataError: a later version wrote it.
            ValueError: it is no JSON, or holds what a record cannot hold; says where.
        """
        raw = strict.loads(text)
        version = raw.get("schema_version") if isinstance(raw, dict) else None
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise DataError(
                f"The record has schema version {version} and this bench reads up to {SCHEMA_VERSION}. "
                "Upgrade bench to read it."
            )
        record = strict.build(cls, raw, "record")
        for problem in _problems(record):
            raise ValueError(problem)
        return record if record.schema_version > 1 else _with_fingerprints(record)


def _brief(score: Score) -> str:
    half = f" ± {(score.ci95[1] - score.ci95[0]) / 2:.2g}" if score.ci95 and score.ci95[1] > score.ci95[0] else ""
    return f"{score.value:.4g}{half}"


def _with_fingerprints(record: Record) -> Record:
    """A record of schema 1 as if today's bench had written it."""
    metrics = {
        key: dataclasses.replace(score, fingerprint=fingerprint_of(key, record.protocol) or None)
        for key, score in record.metrics.items()
    }
    return dataclasses.replace(record, metrics=metrics)


def _problems(record: Record) -> Iterator[str]:
    """What cannot be, although each field by itself is of its type."""
    names = record.method, record.classifier, record.dataset, record.probe or "-"
    if not all(names) or max(map(len, names)) > LONGEST_NAME:
        yield f"record: a name is empty or longer than {LONGEST_NAME:,} characters"
    if not 1 <= record.num_images <= MOST_IMAGES:
        yield f"record.num_images should be 1 to {MOST_IMAGES:,} and is {record.num_images:,}"
    if record.schema_version < 1:
        yield f"record.schema_version is {record.schema_version}"
    cards = record.cards.metrics if record.cards else {}
    for key in (key for key, card in cards.items() if card.key != key or not 0 <= card.digits <= MOST_DIGITS):
        yield f"record.cards.metrics.{key[:80]} is of another metric, or asks for digits without end"
    if not isinstance(record.protocol.get("fingerprint", ""), str):
        yield "record.protocol.fingerprint should be text"
    costs = [(name, cost) for name, cost in vars(record.cost).items() if isinstance(cost, int | float)]
    yield from (f"record.cost.{name} is below zero" for name, cost in costs if cost < 0)
    probed = bool(record.probe) and record.status == "complete"
    if len({level.name for level in record.levels}) < max(len(record.levels), probed):
        yield "record.levels: a level is given twice, or a finished probe has none"
    for where, scores in (("record", record.metrics), *((f"level {one.name}", one.metrics) for one in record.levels)):
        for key, score in scores.items():
            yield from (f"{where}.{key[:80]}: {problem}" for problem in contradictions(score))


def contradictions(score: Score) -> Iterator[str]:
    """What cannot be in one score; a mean may leave its interval by what summing rounds, and by no more."""
    if score.chance is not None and not SMALLEST_CHANCE <= score.chance <= 1:
        yield f"chance is {score.chance}"
    if not 0 <= score.n <= MOST_IMAGES:
        yield f"n is {score.n:,}"
    if score.std is not None and score.std < 0:
        yield f"std is {score.std}"
    if score.ci95 is None:
        return
    low, high = score.ci95
    if low > high:
        yield f"the interval [{low}, {high}] is reversed"
    if score.value is None:
        yield f"there is an interval, [{low}, {high}], and no value"
    elif not low - (room := 1e-6 * (abs(low) + abs(high))) <= score.value <= high + room:
        yield f"the value {score.value} lies outside of its interval [{low}, {high}]"


def read_records(runs: Path, faults: Faults | None = None) -> list[tuple[Record, Path]]:
    """Every record below ``runs`` with its directory, in the order of their paths; links are followed.

    Args:
        runs: folder.
        faults: takes what cannot be read, which is then left out.

    Raises:
        DataError: something cannot be read and there are no ``faults`` to take it.
    """
    found, bad = [], Faults() if faults is None else faults
    for folder in folders(runs, bad):
        path = folder / "record.json"
        try:
            if os.path.lexists(path):
                found.append((_read(path), folder))
        except (ValueError, OSError, DataError) as error:
            bad.add(path, error)
    if faults is None:
        for fault in bad:
            text = f"{fault.path} is not a record of bench ({fault.reason}). Delete its folder and run the cell again."
            raise DataError(text)
    return sorted(found, key=lambda pair: pair[1])


def _read(path: Path) -> Record:
    if (size := regular(path).stat().st_size) > MOST_BYTES:
        raise ValueError(f"it has {size:,} bytes, and a record has at most {MOST_BYTES:,}")
    return Record.from_json(path.read_text(encoding="utf-8"))


def stamped(key: str, score: Score, parts: Mapping[str, Any]) -> Score:
    """The score with its fingerprint."""
    return dataclasses.replace(score, fingerprint=fingerprint_of(key, parts))
