"""From records to everything that the page prints: templates only loop over this and hold no arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.record import Record
from reports import figures, gallery, glossary, provenance, scores, text
from reports.groups import Entry, Group, group


@dataclass(frozen=True)
class Section:
    """One group of records that may be compared."""

    anchor: str
    classifier: str
    dataset: str
    subtitle: str
    warnings: tuple[str, ...]
    main: scores.MainTable
    full: scores.FullTable
    scatter: figures.Scatter | None
    whiskers: figures.Whiskers | None
    gallery: gallery.Gallery | None
    costs: tuple[provenance.CostRow, ...]
    provenance: provenance.Provenance


@dataclass(frozen=True)
class Definition:
    """A metric of the glossary."""

    key: str
    title: str
    definition: str
    direction: str


@dataclass(frozen=True)
class Page:
    """The whole report."""

    stations: tuple[tuple[str, str], ...]
    overview: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    definitions: tuple[tuple[str, tuple[Definition, ...]], ...]
    controls: tuple[tuple[str, str], ...]
    access: tuple[tuple[str, str], ...]
    several: bool


def page(entries: Sequence[Entry]) -> Page:
    """The view model of these records."""
    groups = group(entries)
    records = [entry.record for one in groups for entry in (*one.inverters, *one.controls)]
    keys = glossary.in_order(key for one in groups for key in one.metrics)
    return Page(
        stations=_stations(records, len(keys)),
        overview=_overview(records, [entry.record.status for entry in entries]),
        sections=tuple(_section(one, f"group-{number}") for number, one in enumerate(groups, 1)),
        definitions=_definitions(keys),
        controls=tuple(glossary.CONTROLS.items()),
        access=tuple(glossary.ACCESS.items()),
        several=len(groups) > 1,
    )


def _stations(records: Sequence[Record], num_metrics: int) -> tuple[tuple[str, str], ...]:
    """The line that the benchmark is, with what this report has at each station."""
    methods = {record.method for record in records if record.kind == "inverter"}
    controls = {record.method for record in records if record.kind == "control"}
    sizes = sorted({record.num_images for record in records}, reverse=True)
    return (
        ("dataset", text.listing(record.dataset for record in records)),
        ("classifier", text.listing(record.classifier for record in records)),
        ("logits", "its raw outputs, before any softmax"),
        ("inverter", f"{text.plural(len(methods), 'method')}, {text.plural(len(controls), 'control')}"),
        ("reconstruction", f"{text.listing(map(text.count, sizes))} images each, rounded to 8 bits"),
        ("metrics", f"{text.count(num_metrics)}, with intervals over images"),
    )


def _overview(records: Sequence[Record], status: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What was run, for the page's head."""
    cells = ", ".join(f"{status.count(one)} {one}" for one in ("complete", "failed", "skipped") if one in status)
    return (
        ("Methods", text.listing(record.method for record in records if record.kind == "inverter") or "none"),
        ("Controls", text.listing(record.method for record in records if record.kind == "control") or "none"),
        ("Cells", cells),
        ("Run", text.days(record.created for record in records)),
    )


def _section(one: Group, anchor: str) -> Section:
    seeds = sorted({entry.record.seed for entry in one.entries})
    subtitle = (
        f"{text.plural(one.num_images, 'image')} · seed {text.listing(map(str, seeds))} · "
        f"protocol {one.fingerprint[:12] or 'not recorded'}"
        + (f" · classifier weights {one.classifier_sha256[:12]}" if one.classifier_sha256 else "")
    )
    winners = scores.winners(one)
    return Section(
        anchor=anchor,
        classifier=one.classifier,
        dataset=one.dataset,
        subtitle=subtitle,
        warnings=tuple(glossary.warnings(one.dataset, one.classifier, one.num_images, one.metrics)),
        main=scores.main_table(one, winners),
        full=scores.full_table(one, winners),
        scatter=figures.scatter(one),
        whiskers=figures.whiskers(one),
        gallery=gallery.gallery(one),
        costs=provenance.costs(one),
        provenance=provenance.provenance(one),
    )


def _definitions(keys: Sequence[str]) -> tuple[tuple[str, tuple[Definition, ...]], ...]:
    """The metrics' definitions by family."""
    families: dict[str, list[Definition]] = {}
    for key in keys:
        info = glossary.metric(key)
        direction = scores.DIRECTIONS[info.higher_is_better][1]
        families.setdefault(glossary.family(key), []).append(Definition(key, info.title, info.definition, direction))
    return tuple((title, tuple(found)) for title, found in families.items())
