"""What is not the same in two records of one cell, beside their scores."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

from bench.store.record import Record
from reports.page.provenance import facts
from reports.words import text

PARTS = ("weights", "recipe", "protocol", "environment")


@dataclass(frozen=True)
class Change:
    """One fact of both sides."""

    name: str
    a: str
    b: str


@dataclass(frozen=True)
class Costs:
    """Seconds an image of both sides, and B's as a multiple of A's, empty where unknown."""

    a: str
    b: str
    ratio: str


def changes(a: Record, b: Record) -> tuple[Change, ...]:
    """Every fact that differs, in the order of the record."""
    mine, theirs = dict(_facts(a)), dict(_facts(b))
    pairs = ((name, mine.get(name, text.DASH), theirs.get(name, text.DASH)) for name in dict.fromkeys([*mine, *theirs]))
    return tuple(Change(*pair) for pair in pairs if pair[1] != pair[2])


def protocol_changes(a: Record, b: Record) -> tuple[Change, ...]:
    """The parts of the protocol that differ."""
    return tuple(one for one in changes(a, b) if one.name.startswith("protocol."))


def _facts(record: Record) -> tuple[tuple[str, str], ...]:
    own: dict[str, Any] = {
        "key": record.key,
        "status": record.status,
        "num_images": record.num_images,
        "access": record.access,
        "training": record.training,
        "stochastic": record.stochastic,
        "precision": record.precision,
        "note": record.note,
        "device": record.cost.device,
        "parameters": record.cost.parameters,
        "schema_version": record.schema_version,
    }
    parts = (facts({part: getattr(record, part) or {}}) for part in PARTS)
    return tuple(chain(facts({name: value for name, value in own.items() if value is not None}), *parts))


def costs(a: Record, b: Record) -> Costs:
    """Of the inversion alone."""
    first, second = a.cost.seconds_per_image, b.cost.seconds_per_image
    ratio = f"{second / first:.2f} times" if first and second is not None else ""
    return Costs(_cost(a), _cost(b), ratio)


def _cost(record: Record) -> str:
    return f"{text.duration(record.cost.seconds_per_image)} on {record.cost.device}"
