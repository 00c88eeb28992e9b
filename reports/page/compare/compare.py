"""``bench report --compare A B``: two folders of runs side by side, cell by cell, on one self-contained page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.config import EXAMPLE
from bench.errors import DataError
from bench.store.faults import Faults
from bench.store.files import write_atomically
from bench.store.neutral import neutral
from bench.store.record import Record
from reports.analysis.groups import Entry, classifier_rank
from reports.page.compare.changes import Change, Costs, changes, costs, protocol_changes
from reports.page.compare.matrix import Matrix, matrix
from reports.page.compare.scores import MetricRow, metric_rows
from reports.words import text

Name = tuple[str, str, str, str, str, int, int]  # dataset, classifier, method, preset, precision, seeds
ORDER = ("better", "worse", "higher", "lower", "equal", "no difference shown", "not comparable")


@dataclass(frozen=True)
class State:
    """How one side's record stands."""

    name: str
    status: str
    reason: str
    images: str
    created: str


@dataclass(frozen=True)
class CellPage:
    """One cell of both folders; ``verdicts`` counts its metrics, ``obstacle`` says why nothing is compared."""

    anchor: str
    title: str
    subtitle: str
    states: tuple[State, ...]
    obstacle: str
    verdicts: tuple[tuple[str, str], ...]
    metrics: tuple[MetricRow, ...]
    costs: Costs | None
    protocol: tuple[Change, ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Lone:
    """A cell that only one folder has."""

    title: str
    subtitle: str
    status: str


@dataclass(frozen=True)
class Folder:
    """One side: what was typed, what was found, and the cells that the other side lacks."""

    name: str
    path: str
    found: str
    lone: tuple[Lone, ...]


@dataclass(frozen=True)
class Comparison:
    """Everything that the page prints."""

    folders: tuple[Folder, Folder]
    cells: tuple[CellPage, ...]
    matrix: Matrix | None


def write_comparison(a: Path, b: Path, out: Path, faults: Faults | None = None) -> Path:
    """Render two folders of runs side by side into the file ``out`` and return its path.

    Args:
        a, b: folders of records.
        out: file to write; a link is followed.
        faults: takes the files that cannot be used; the page is made without them and names them.

    Raises:
        DataError: a folder is not there, or holds no record of ``bench run`` that can be read; says what to type.
        UsageError: ``out`` is no file.
    """
    from reports.page.render import destination, left_out, rendered

    target, bad = destination(out), (Faults(), Faults())
    made = comparison((str(a), _entries(a, bad[0])), (str(b), _entries(b, bad[1])))
    sides = zip("AB", bad, (a, b), strict=True)
    found = [(f"{name}: {place}", why) for name, one, runs in sides for place, why in left_out(one, runs)]
    if faults is not None:
        for fault in (*bad[0], *bad[1]):
            faults.add(fault.path, fault.reason)
    write_atomically(target, rendered("compare.html", page=made, left_out=found).encode())
    return out


def _entries(folder: Path, faults: Faults) -> list[Entry]:
    from reports.page.render import entries_below

    entries = entries_below(folder, faults)
    if any(entry.record.probe is None for entry in entries):
        return entries
    found = "and there is none below it" if folder.is_dir() else "and there is no such folder"
    raise DataError(
        f"bench report --compare A B expects two folders with records of bench run; '{folder}' was given, {found}. "
        f"Type: {EXAMPLE} --out {folder}"
    )


def comparison(a: tuple[str, Sequence[Entry]], b: tuple[str, Sequence[Entry]]) -> Comparison:
    """The view model of two folders, each by name and entries; probes are left out."""
    sides = tuple(_by_name(entries) for _, entries in (a, b))
    shared = [name for name in _ranked(sides[0]) if name in sides[1]]
    cells = tuple(_cell(sides[0][name], sides[1][name], f"cell-{k}") for k, name in enumerate(shared, 1))
    folders = tuple(
        Folder(
            letter,
            neutral(path),
            _found(entries),
            tuple(_lone(mine[name][0]) for name in _ranked(mine) if name not in other),
        )
        for letter, (path, entries), mine, other in zip("AB", (a, b), sides, reversed(sides), strict=True)
    )
    return Comparison((folders[0], folders[1]), cells, matrix(cells))


def _by_name(entries: Iterable[Entry]) -> dict[Name, list[Entry]]:
    """The records of each cell: complete ones first, the largest N first, the newest first."""
    found: dict[Name, list[Entry]] = {}
    for entry in sorted(entries, key=_quality, reverse=True):
        if entry.record.probe is None:
            found.setdefault(_name(entry.record), []).append(entry)
    return found


def _name(record: Record) -> Name:
    seeds = record.seed, record.training_seed or 1  # a skipped cell says none, and asks for the usual one
    return record.dataset, record.classifier, record.method, record.preset, record.precision, *seeds


def _quality(entry: Entry) -> tuple[bool, int, str, str]:
    return entry.complete, entry.record.num_images, entry.record.created, entry.record.key


def _ranked(cells: dict[Name, list[Entry]]) -> list[Name]:
    """In the order of the page."""

    def rank(name: Name) -> tuple[Any, ...]:
        (dataset, _, *rest), entry = name, cells[name][0]
        return dataset, *classifier_rank(entry), entry.record.kind == "control", *rest

    return sorted(cells, key=rank)


def _found(entries: Sequence[Entry]) -> str:
    cells = [entry for entry in entries if entry.record.probe is None]
    probes = len(entries) - len(cells)
    left_out = f"; {text.plural(probes, 'probe')}, which are not compared here" if probes else ""
    dates = text.days(entry.record.created for entry in cells)
    return f"{text.plural(len(cells), 'record')} of bench run, {dates}{left_out}"


def _lone(entry: Entry) -> Lone:
    record = entry.record
    status = record.status if entry.complete else f"{record.status}: {record.reason or 'no reason was recorded'}"
    return Lone(_title(record), f"{_subtitle(record)}, {text.plural(record.num_images, 'image')}", status)


def _title(record: Record) -> str:
    return f"{record.method} on {record.classifier}"


def _subtitle(record: Record) -> str:
    precision = "" if record.precision == "float32" else f", {record.precision}"
    trained = "" if record.training_seed is None else f", training seed {record.training_seed}"
    return f"{record.dataset}, preset {record.preset}{precision}, seed {record.seed}{trained}"


def _cell(mine: Sequence[Entry], theirs: Sequence[Entry], anchor: str) -> CellPage:
    a, b = mine[0], theirs[0]
    obstacle = _obstacle(a, b)
    both = a.complete and b.complete
    metrics = metric_rows(a, b, comparable=not obstacle) if both else ()
    counts = Counter(row.verdict for row in metrics)
    return CellPage(
        anchor=anchor,
        title=_title(a.record),
        subtitle=_subtitle(a.record),
        states=(_state("A", a.record), _state("B", b.record)),
        obstacle=obstacle,
        verdicts=tuple((word, text.count(counts[word])) for word in ORDER if counts[word]),
        metrics=metrics,
        costs=costs(a.record, b.record) if both else None,
        protocol=protocol_changes(a.record, b.record) if obstacle and both else (),
        changes=changes(a.record, b.record),
        notes=tuple(_notes(mine, theirs)),
    )


def _state(name: str, record: Record) -> State:
    reason = "" if record.status == "complete" else record.reason or "no reason was recorded"
    return State(name, record.status, reason, text.plural(record.num_images, "image"), record.created)


def _obstacle(a: Entry, b: Entry) -> str:
    """Why nothing of this cell is compared, or nothing."""
    incomplete = [f"{name} {one.record.status}" for name, one in (("A", a), ("B", b)) if not one.complete]
    if incomplete:
        return f"Nothing is compared: {text.listing(incomplete)}."
    mine, theirs = (str(entry.record.protocol.get("order") or entry.record.fingerprint) for entry in (a, b))
    if mine != theirs or not mine:
        return f"Nothing is compared: the images and their order are {mine or 'not known'} and {theirs or 'not known'}."
    if len({entry.record.weights.get(entry.record.classifier) for entry in (a, b)}) > 1:
        return f"Nothing is compared: the weights of {a.record.classifier} are not the same."
    return ""


def _notes(mine: Sequence[Entry], theirs: Sequence[Entry]) -> Iterable[str]:
    for name, entries in (("A", mine), ("B", theirs)):
        if len(entries) > 1:
            yield f"{name} has {len(entries)} records of this cell; shown is the one of most images, then the newest."
    n = [entries[0].record.num_images for entries in (mine, theirs)]
    if n[0] != n[1] and mine[0].complete and theirs[0].complete:
        yield f"Differences are taken over the first {text.count(min(n))} images, which both have."
