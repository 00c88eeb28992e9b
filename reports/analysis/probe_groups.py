"""Which probe records may stand in one figure, and how each is called and drawn everywhere on the probe pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.cards import MetricCard, unknown
from bench.store.record import Level, Record, Score
from reports.analysis.groups import Entry, classifier_rank
from reports.analysis.metrics import Metrics, metrics_of

Key = tuple[str, int, str, str]  # dataset, N, fingerprint, and the weights of a classifier that has several
Trait = tuple[str, str]

SIGNS = 8  # so many colours, and as many markers, does ``plotting`` have


@dataclass(frozen=True, eq=False)
class Series:
    """One record among those beside it.

    Attributes:
        entry: the record and its folder.
        classifier, method: the two lines of its name; the method's says what tells it from its twins.
        colour: position in ``plotting.SERIES``, a classifier's own on every page.
        marker: position in ``plotting.MARKERS``, a method's own within the group.
        robust: drawn solid and filled; standard classifiers are dashed and hollow.
    """

    entry: Entry
    classifier: str
    method: str
    colour: int
    marker: int
    robust: bool

    @property
    def label(self) -> str:
        """Both lines in one."""
        return f"{self.classifier} · {self.method}"

    def level(self, name: str) -> Level | None:
        """One of the record's levels by name."""
        return next((level for level in self.entry.record.levels if level.name == name), None)

    def score(self, level: str | None, key: str) -> Score | None:
        """A measure at a level, or across all of them (None); None where the record does not hold it."""
        if level is None:
            return self.entry.record.metrics.get(key)
        found = self.level(level)
        return found.metrics.get(key) if found else None


@dataclass(frozen=True, eq=False)
class Together:
    """Complete records of one probe that may be drawn together: same dataset, N, protocol and weights.

    ``weights`` names the classifier and its weights where records hold others of it, and is empty elsewhere.
    """

    dataset: str
    num_images: int
    fingerprint: str
    weights: str
    series: tuple[Series, ...]

    @cached_property
    def metrics(self) -> Metrics:
        """Of every measure that they hold."""
        return metrics_of(one.entry for one in self.series)

    def metric(self, key: str) -> MetricCard:
        """The card of a measure, a bare one where no record holds it."""
        return self.metrics.get(key) or unknown(key)

    @property
    def level_names(self) -> list[str]:
        """Every level that any of them has, in the order of the record that has most."""
        held = sorted((one.entry.record.levels for one in self.series), key=len, reverse=True)
        return list(dict.fromkeys(level.name for levels in held for level in levels))

    @property
    def level_keys(self) -> list[str]:
        """Every measure that any level holds."""
        levels = (level for one in self.series for level in one.entry.record.levels)
        return list(dict.fromkeys(key for level in levels for key in level.metrics))

    @property
    def overall_keys(self) -> list[str]:
        """Every measure across the levels."""
        return list(dict.fromkeys(key for one in self.series for key in one.entry.record.metrics))

    def value(self, level: str) -> float | None:
        """A level as a number; None where it is none, or where records disagree."""
        values = {found.value for found in (one.level(level) for one in self.series) if found}
        return values.pop() if len(values) == 1 else None


def together(entries: Iterable[Entry]) -> list[Together]:
    """Complete records of one probe by dataset, N, fingerprint and weights: never two of these in one figure.

    Classifiers stand side by side, each with weights of its own. One that occurs with several stands apart with each.
    """
    complete = [entry for entry in entries if entry.complete]
    weights: dict[tuple[object, ...], set[str]] = {}
    for entry in complete:
        weights.setdefault((*_protocol(entry.record), entry.record.classifier), set()).add(_sha256(entry.record))
    members: dict[Key, list[Entry]] = {}
    for entry in complete:
        record = entry.record
        several = len(weights[*_protocol(record), record.classifier]) > 1
        apart = f"{record.classifier} weights {_sha256(record)[:12] or 'not recorded'}" if several else ""
        members.setdefault((*_protocol(record), apart), []).append(entry)
    keys = sorted(members, key=lambda key: (key[0], -key[1], *key[2:]))
    return [Together(*key, series=_series(members[key])) for key in keys]


def _protocol(record: Record) -> tuple[str, int, str]:
    return record.dataset, record.num_images, record.fingerprint


def _sha256(record: Record) -> str:
    return record.weights.get(record.classifier, "")


def _series(entries: Sequence[Entry]) -> tuple[Series, ...]:
    """Records by method, and by classifier within it."""
    methods = sorted({entry.record.method for entry in entries})
    colours = _colours(entries)
    ordered = sorted(entries, key=_rank)
    return tuple(
        Series(
            entry=entry,
            classifier=entry.record.classifier,
            method=_method(entry, ordered),
            colour=colours[entry.record.classifier] % SIGNS,
            marker=methods.index(entry.record.method) % SIGNS,
            robust=entry.cards.classifier.robust is not None,
        )
        for entry in ordered
    )


def _colours(entries: Sequence[Entry]) -> dict[str, int]:
    """The project's classifiers have colours of their own, others share what is left, from the last one on."""
    places = {entry.record.classifier: entry.cards.classifier.place for entry in entries}
    others = sorted(name for name, place in places.items() if place is None)
    left = [colour for colour in reversed(range(SIGNS)) if colour not in places.values()] or [0]
    return {name: left[others.index(name) % len(left)] if place is None else place for name, place in places.items()}


def _rank(entry: Entry) -> tuple[object, ...]:
    record = entry.record
    return record.method, classifier_rank(entry), record.preset, record.seed, record.key


def _method(entry: Entry, entries: Sequence[Entry]) -> str:
    """The method's name, with whatever tells apart two records of one method and classifier."""
    record = entry.record
    twins = [e for e in entries if e is not entry and _pair(e) == _pair(entry)]
    mine = _traits(entry)
    told = [
        words for name, words in mine if any(dict(_traits(twin))[name] != words for twin in twins)
    ]  # fmt: skip
    if any(_traits(twin) == mine for twin in twins):
        told.append(record.key)
    return f"{record.method} ({', '.join(told)})" if told else record.method


def _pair(entry: Entry) -> tuple[str, str]:
    return entry.record.classifier, entry.record.method


def _traits(entry: Entry) -> tuple[Trait, ...]:
    record = entry.record
    seeds = ("seed", f"seed {record.seed}"), ("training seed", f"training seed {record.training_seed}")
    return ("preset", record.preset), *seeds, ("device", record.cost.device)
