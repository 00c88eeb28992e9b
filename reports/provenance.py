"""What the cells cost and where their numbers come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports import text
from reports.groups import Entry, Group

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CostRow:
    """A line of the cost table."""

    label: str
    kind: str
    per_image: str
    total: str
    parameters: str
    training: str
    memory: str
    device: str


@dataclass(frozen=True)
class Source:
    """Everything that went into one record's numbers."""

    label: str
    facts: Facts
    weights: Facts
    recipe: Facts
    environment: Facts


@dataclass(frozen=True)
class Provenance:
    """The group's protocol and each record's sources."""

    fingerprint: str
    protocol: Facts
    sources: tuple[Source, ...]


def costs(group: Group) -> tuple[CostRow, ...]:
    """A row for each complete cell."""
    return tuple(_cost(entry) for entry in group.complete)


def _cost(entry: Entry) -> CostRow:
    cost = entry.record.cost
    return CostRow(
        label=entry.label,
        kind=entry.record.kind,
        per_image=text.duration(cost.seconds_per_image),
        total=text.duration(cost.invert_seconds),
        parameters=text.count(cost.parameters) if cost.parameters else text.DASH,
        training=text.duration(cost.train_seconds),
        memory=text.mebibytes(cost.peak_memory_mb),
        device=cost.device,
    )


def provenance(group: Group) -> Provenance:
    """The protocol's parts once, then every record with its weights, recipe and environment."""
    protocol = next((entry.record.protocol for entry in group.complete), {})
    parts = {key: value for key, value in protocol.items() if key != "fingerprint"}
    return Provenance(
        fingerprint=group.fingerprint or "not recorded",
        protocol=facts(parts),
        sources=tuple(_source(entry) for entry in (*group.inverters, *group.controls)),
    )


def _source(entry: Entry) -> Source:
    record = entry.record
    known = {
        "status": record.status,
        "key": record.key,
        "created": record.created,
        "seed": record.seed,
        "preset": record.preset,
        "note": record.note,
    }
    return Source(
        label=entry.label,
        facts=facts({name: value for name, value in known.items() if value is not None}),
        weights=facts(record.weights),
        recipe=facts(record.recipe or {}),
        environment=facts(record.environment),
    )


def facts(mapping: Mapping[str, Any], prefix: str = "") -> Facts:
    """A nested mapping as flat (name, value) pairs, names joined with dots."""
    pairs: list[tuple[str, str]] = []
    for name, value in mapping.items():
        if isinstance(value, Mapping):
            pairs.extend(facts(value, f"{prefix}{name}."))
        else:
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            pairs.append((f"{prefix}{name}", shown))
    return tuple(pairs)
