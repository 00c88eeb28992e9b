"""The result of one cell, (method, classifier, dataset, N, seed): the contract between runs and reports.

``record.json`` is this module's ``Record`` as JSON, written last and in one piece: a run directory without it is an
unfinished run.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.errors import DataError
from bench.files import write_atomically as write_atomically  # its old place

SCHEMA_VERSION = 1
Status = Literal["complete", "failed", "skipped"]


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
    """

    value: float | None
    ci95: tuple[float, float] | None = None
    n: int = 0
    chance: float | None = None
    higher_is_better: bool | None = None
    note: str | None = None
    std: float | None = None
    subsets: tuple[float, ...] | None = None


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
    """What the inversion took; scoring is not counted.

    Attributes:
        invert_seconds: wall-clock time inside ``Inverter.invert``, summed over the images.
        seconds_per_image: the same per image.
        peak_memory_mb: peak resident memory of the process (CPU) or peak allocated memory (GPU), in MiB.
        device: ``cpu`` or ``cuda``.
        parameters: number of parameters of the inverter, 0 where it has none.
        train_seconds: wall-clock time of the training, null where there is none.
    """

    invert_seconds: float | None = None
    seconds_per_image: float | None = None
    peak_memory_mb: float | None = None
    device: str = "cpu"
    parameters: int = 0
    train_seconds: float | None = None


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
        access: what the method may see: ``logits``, ``features``, ``white-box``, or ``original`` (controls).
        training: ``none`` or ``pairs``.
        stochastic: whether noise changes the answer.
        key: the run directory's name.
        protocol: ``fingerprint`` and the parts that it is made of.
        metrics: scores by the protocol's keys; every key of the protocol is present.
        cost: what the inversion took.
        weights: SHA-256 of every weight file involved, by name.
        recipe: of the inverter's training: ``name``, ``hash``, ``steps``; null where there is none.
        digests: SHA-256 of the files beside the record, by name; of ``originals.npy`` and ``logits.npz``, which many
            cells share and which grow, of the values of the first N rows. Records of earlier versions have none.
        environment: code revision, package versions, processor or GPU, threads.
        note: a caveat about the whole cell, or null.
        probe: name of the probe that wrote this record; null for the cells of ``bench run``. The ``metrics`` of a
            probe are those that span its levels; they may be none.
        levels: of the probe, in their order; none for the cells of ``bench run``.
        created: UTC time in ISO 8601.
    """

    method: str
    classifier: str
    dataset: str
    num_images: int
    seed: int
    status: Status = "complete"
    reason: str | None = None
    kind: Literal["inverter", "control"] = "inverter"
    preset: str = "fast"
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
    created: str = ""
    schema_version: int = SCHEMA_VERSION

    @property
    def fingerprint(self) -> str:
        """Of the protocol; records of different fingerprints are never ranked together."""
        return str(self.protocol.get("fingerprint", ""))

    def to_json(self) -> str:
        """JSON text, keys in the order of the fields; NaN never occurs."""
        return json.dumps(dataclasses.asdict(self), indent=2, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """The inverse of ``to_json``; unknown fields, from later versions, are ignored."""
        raw = json.loads(text)
        if raw.get("schema_version", 0) > SCHEMA_VERSION:
            raise DataError(
                f"The record has schema version {raw['schema_version']} and this bench reads up to {SCHEMA_VERSION}. "
                "Upgrade bench to read it."
            )
        raw["metrics"] = _scores(raw["metrics"])
        raw["levels"] = tuple(_level(value) for value in raw.get("levels") or ())
        raw["cost"] = Cost(**_known(Cost, raw["cost"]))
        return cls(**_known(cls, raw))


def _level(raw: dict[str, Any]) -> Level:
    return Level(**_known(Level, raw | {"metrics": _scores(raw["metrics"])}))


def _scores(raw: dict[str, Any]) -> dict[str, Score]:
    return {key: _score(value) for key, value in raw.items()}


def _score(raw: dict[str, Any]) -> Score:
    known = _known(Score, raw)
    for name in ("ci95", "subsets"):
        if known.get(name) is not None:
            known[name] = tuple(known[name])
    return Score(**known)


def _known(cls: type[Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    names = {f.name for f in dataclasses.fields(cls)}
    return {key: value for key, value in raw.items() if key in names}


def read_records(runs: Path) -> list[tuple[Record, Path]]:
    """Every record below ``runs`` with its directory, in the order of their paths."""
    found = []
    for path in sorted(runs.glob("**/record.json")):
        try:
            found.append((Record.from_json(path.read_text()), path.parent))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            text = f"{path} is not a record of bench ({error}). Delete its folder and run the cell again."
            raise DataError(text) from error
    return found
