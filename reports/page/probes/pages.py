"""The probe pages: a section a probe, in it a group for all records that may be compared, as the template prints it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.cards import Look, ProbeCard
from reports.analysis.groups import Entry, classifier_rank
from reports.analysis.probe_groups import Together, together
from reports.export.files import INSIDE, Files
from reports.figures import probe_figures, probe_pictures
from reports.figures.probe_figures import Figure
from reports.page.probes import tables
from reports.words import probe_kinds, text
from reports.words.answers import answers


@dataclass(frozen=True)
class Outcome:
    """A probe that gave no numbers on one classifier and method: ``failed`` or ``skipped``, and why."""

    label: str
    status: str
    reason: str


@dataclass(frozen=True)
class Note:
    """What records say about themselves as a whole; ``label`` names them."""

    label: str
    words: str


@dataclass(frozen=True)
class ProbeGroup:
    """Records of one probe that may stand side by side.

    Attributes:
        anchor: id on the page.
        answers: to the probe's question, in sentences.
        subtitle: whose answers they are, where one inverter was asked; dataset, N, seeds and protocol, and weights
            where a classifier has several.
        figures: plots with legends and captions.
        table: every number.
        pictures: what the probe stored.
        notes: of the records.
    """

    anchor: str
    answers: tuple[str, ...]
    subtitle: str
    figures: tuple[Figure, ...]
    table: tables.Table | None
    pictures: probe_pictures.Sheet | None
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class ProbePage:
    """One probe.

    Attributes:
        anchor: id on the page.
        name: as on the command line.
        question: what it asks.
        levels: what its levels are; empty where only a plugin knows.
        groups: records that were measured.
        outcomes: those that were not.
    """

    anchor: str
    name: str
    question: str
    levels: str
    groups: tuple[ProbeGroup, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def several(self) -> bool:
        """Whether some records may not be compared with others."""
        return len(self.groups) > 1


def probe_pages(entries: Sequence[Entry], files: Files = INSIDE) -> tuple[ProbePage, ...]:
    """A page for every probe that has a record; records of ``bench run`` are left out."""
    kinds: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.record.probe is not None:
            kinds.setdefault(entry.record.probe, []).append(entry)
    ordered = sorted(kinds.values(), key=lambda entries: probe_rank(entries[0]))
    return tuple(_page(entries, f"probe-{number}", files) for number, entries in enumerate(ordered, 1))


def probe_rank(entry: Entry) -> tuple[int, str]:
    """The pages' order."""
    card = _card([entry])
    return card.place, card.name


def _card(entries: Sequence[Entry]) -> ProbeCard:
    """Of the probe that made these records: the one that says how to draw it, where there is one."""
    cards = [entry.cards.probe for entry in entries if entry.cards.probe is not None]
    return next((card for card in cards if card.looks), cards[0])


def _page(entries: Sequence[Entry], anchor: str, files: Files) -> ProbePage:
    card = _card(entries)
    return ProbePage(
        anchor=anchor,
        name=card.name,
        question=card.question,
        levels=card.levels,
        groups=tuple(_group(card, one, f"{anchor}-{number}", files) for number, one in enumerate(together(entries), 1)),
        outcomes=tuple(_outcomes(entries)),
    )


def _group(card: ProbeCard, group: Together, anchor: str, files: Files) -> ProbeGroup:
    looks = card.looks or _generic(group)
    figures = [probe_figures.figure(look, group, card.name, anchor) for look in looks]
    return ProbeGroup(
        anchor=anchor,
        answers=answers(card, group),
        subtitle=_subtitle(group),
        figures=_with_legends([figure for figure in figures if figure is not None]),
        table=tables.table(group, anchor),
        pictures=probe_pictures.sheet(group, card.sheet, files),
        notes=_notes(group),
    )


def _generic(group: Together) -> tuple[Look, ...]:
    values = [group.value(name) for name in group.level_names]
    numbered = len(values) > 1 and None not in values and len(set(values)) == len(values)
    return probe_kinds.generic(group.level_keys, group.overall_keys, numbered)


def _with_legends(figures: Sequence[Figure]) -> tuple[Figure, ...]:
    """Without a legend that stands above the figure before."""
    before = [None, *(figure.legend for figure in figures)]
    return tuple(
        replace(figure, legend=()) if figure.legend == legend else figure
        for figure, legend in zip(figures, before, strict=False)
    )


def _notes(group: Together) -> tuple[Note, ...]:
    """What records say about themselves; those that say the same say it once."""
    found: dict[str, list[str]] = {}
    for one in group.series:
        if one.entry.record.note:
            found.setdefault(one.entry.record.note, []).append(one.label)
    return tuple(
        Note("all" if len(labels) == len(group.series) > 1 else text.listing(labels), words)
        for words, labels in found.items()
    )


def _subtitle(group: Together) -> str:
    seeds = sorted({one.entry.record.seed for one in group.series})
    who = f"{group.series[0].label} · " if len(group.series) == 1 else ""
    return (
        f"{who}{group.dataset} · {text.plural(group.num_images, 'image')} · seed {text.listing(map(str, seeds))} · "
        f"protocol {group.fingerprint[:12] or 'not recorded'}" + (f" · {group.weights}" if group.weights else "")
    )


def _outcomes(entries: Iterable[Entry]) -> Iterable[Outcome]:
    """Failed and skipped records, classifier by classifier."""
    lost = [entry for entry in entries if not entry.complete]
    for record in (entry.record for entry in sorted(lost, key=_outcome_rank)):
        label = f"{record.classifier} · {record.method} · {text.plural(record.num_images, 'image')}"
        yield Outcome(label, record.status, record.reason or "No reason was recorded.")


def _outcome_rank(entry: Entry) -> tuple[Any, ...]:
    record = entry.record
    return classifier_rank(entry), record.method, -record.num_images, record.key
