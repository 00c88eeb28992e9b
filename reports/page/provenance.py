"""What the cells cost and where their numbers come from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reports.analysis.groups import Entry, Group, classifier_rank
from reports.page.probes.pages import probe_rank
from reports.words import text

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
    """Everything that went into one record's numbers; ``cost`` is empty where a table of costs holds it."""

    label: str
    facts: Facts
    cost: Facts
    weights: Facts
    recipe: Facts
    environment: Facts


@dataclass(frozen=True)
class ProbeSources:
    """The records of one probe."""

    name: str
    records: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Provenance:
    """The group's protocol and each record's sources."""

    fingerprint: str
    protocol: Facts
    sources: tuple[Source, ...]


def costs(group: Group) -> tuple[CostRow, ...]:
    """A row for each complete cell."""
    return tuple(_cost(cell) for entry in group.complete for cell in entry.every)


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
    known = [entry.record.protocol for entry in group.complete if entry.record.fingerprint == group.fingerprint]
    protocol = next(iter(known), {})
    parts = {key: value for key, value in protocol.items() if key != "fingerprint"}
    return Provenance(
        fingerprint=group.fingerprint or "not recorded",
        protocol=facts(parts),
        sources=tuple(_member(cell, group) for row in (*group.inverters, *group.controls) for cell in row.every),
    )


def _member(entry: Entry, group: Group) -> Source:
    """A record's own, with its protocol where that is not the one above: other scores of it were made in other ways."""
    source, record = _source(entry), entry.record
    if not entry.complete or record.fingerprint == group.fingerprint:
        return source
    return dataclasses.replace(source, facts=(*source.facts, ("protocol", record.fingerprint or "not recorded")))


def probe_provenance(entries: Iterable[Entry]) -> tuple[ProbeSources, ...]:
    """The records of each probe, in the order of the probes' pages, with what they cost."""
    kinds: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.record.probe is not None:
            kinds.setdefault(entry.record.probe, []).append(entry)
    return tuple(
        ProbeSources(
            name=kind,
            records=text.plural(len(kinds[kind]), "record"),
            sources=tuple(_probe_source(entry) for entry in sorted(kinds[kind], key=_probe_rank)),
        )
        for kind in sorted(kinds, key=lambda kind: probe_rank(kinds[kind][0]))
    )


def _probe_rank(entry: Entry) -> tuple[Any, ...]:
    record = entry.record
    return record.dataset, classifier_rank(entry), record.method, -record.num_images, record.key


def _probe_source(entry: Entry) -> Source:
    """Its label and facts say what a group's heading says of the others."""
    record = entry.record
    source, cost = _source(entry), _cost(entry)
    printed = {
        "time per image": cost.per_image,
        "inversion in all": cost.total,
        "parameters": cost.parameters,
        "training": cost.training,
        "peak memory": cost.memory,
        "device": cost.device,
    }
    return dataclasses.replace(
        source,
        label=f"{record.classifier} · {record.method} · {record.dataset}, {text.plural(record.num_images, 'image')}",
        facts=(*source.facts, ("protocol", record.fingerprint or "not recorded")),
        cost=facts(printed) if entry.complete else (),
    )


def _source(entry: Entry) -> Source:
    record = entry.record
    known = {
        "status": record.status,
        "key": record.key,
        "created": record.created,
        "seed": record.seed,
        "preset": record.preset,
        "precision": record.precision,
        "note": record.note,
    }
    return Source(
        label=entry.label,
        facts=facts({name: value for name, value in known.items() if value is not None}),
        cost=(),
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
