"""Which records may stand in one table: same images, N, classifier and weights, and scores of the same making."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cards import LAST, ROLES, Cards, MetricCard, unknown
from bench.store.reader import Left, originals_of
from bench.store.record import Record
from bench.store.table import Columns
from reports.analysis.metrics import Metrics, headlines, metrics_of
from reports.analysis.seeds import counted, mean_columns, merged

ACCESS_ORDER = ("logits", "white-box", "features", "original")  # of the rows; others come after these


@lru_cache(maxsize=64)
def _interned(ids: tuple[str, ...]) -> tuple[str, ...]:
    return ids


@dataclass(frozen=True, eq=False)
class Entry(Left):
    """What a run left, with the label of its row; where this is several seeds' (``cells``), the record holds means."""

    label: str = ""
    cells: tuple[Entry, ...] = ()

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The ids of its images in their order; two that are the same object compare at once."""
        return _interned(tuple(map(str, self.per_image.get("image_id", ()))))

    @cached_property
    def per_image(self) -> Columns:
        """What lies beside the record, of several cells beside the first one's, as its pictures do."""
        return self.cells[0].per_image if self.cells else super().per_image

    @cached_property
    def values(self) -> Columns:
        """``per_image`` with the means over all cells; without them, what lies beside the record."""
        return mean_columns(self.cells) if self.cells else self.per_image

    @property
    def every(self) -> tuple[Entry, ...]:
        """The cells of this row, one or several, each with a label of its own."""
        return tuple(replace(one, label=f"{one.record.method} ({_numbers(one.record)})") for one in self.cells) or (
            self,
        )


@dataclass(frozen=True, eq=False)
class Group:
    """Records that may be compared with each other, in the order of their rows."""

    dataset: str
    classifier: str
    fingerprint: str
    num_images: int
    classifier_sha256: str
    entries: tuple[Entry, ...]

    @cached_property
    def inverters(self) -> list[Entry]:
        """The methods under test."""
        return [entry for entry in self.entries if entry.record.kind == "inverter"]

    @cached_property
    def controls(self) -> list[Entry]:
        """The floors and ceilings."""
        return [entry for entry in self.entries if entry.record.kind == "control"]

    @cached_property
    def contenders(self) -> list[Entry]:
        """The inverters that start from the logits: those that are ranked."""
        return [entry for entry in self.inverters if entry.record.access != "features"]

    @property
    def bands(self) -> tuple[list[Entry], list[Entry], list[Entry]]:
        """Rows that stand together: contenders, inverters that are given features, controls."""
        apart = [entry for entry in self.inverters if entry.record.access == "features"]
        return self.contenders, apart, self.controls

    @cached_property
    def complete(self) -> list[Entry]:
        """Every row with scores, in the order of the bands."""
        return [entry for band in self.bands for entry in band if entry.complete]

    @cached_property
    def metrics(self) -> Metrics:
        """Of every key that any record holds, in the order of the tables."""
        return metrics_of(self.complete)

    def metric(self, key: str) -> MetricCard:
        """The card of a metric, a bare one where no record holds it."""
        return self.metrics.get(key) or unknown(key)

    def control(self, role: str) -> Entry | None:
        """The control that has this role in sentences, with scores."""
        return next((one for one in self.controls if one.complete and one.cards.method.role == role), None)

    @property
    def cards(self) -> Cards:
        """Of the classifier and the dataset; those of a complete record where there is one."""
        return next(iter((*self.complete, *self.entries))).cards

    @cached_property
    def originals(self) -> NDArray[np.uint8] | None:
        """(>= N, H, W, 3), memory-mapped, from the dataset's folder among the runs."""
        return originals_of(self.entries)


def has_value(entry: Entry, key: str) -> bool:
    """Whether the record holds a value of this metric."""
    score = entry.record.metrics.get(key)
    return score is not None and score.value is not None


def held(key: str, group: Group) -> bool:
    """Whether some record has a value of this metric."""
    return any(has_value(entry, key) for entry in group.complete)


def main_keys(group: Group) -> list[str]:
    """The columns of the main table."""
    return headlines(group.metrics, (key for key in group.metrics if held(key, group)))


Key = tuple[str, str, str, int, str]  # dataset, classifier, the order of its images, N, the classifier's weights


def group(entries: Iterable[Entry]) -> list[Group]:
    """Sort the cells of ``bench run`` into groups; probes answer other questions and are left out.

    Where two cells hold a score of different makings, by their fingerprints, they stand in different groups. A failed
    or skipped cell knows less about itself than a complete one: it joins every group of complete cells that it may
    belong to, or stands with its like. Where it was completed later, under another key since its weights are there by
    now, it is left out.
    """
    entries = [entry for entry in entries if entry.record.probe is None]
    ended = [one.record for one in entries if one.complete]
    entries = [one for one in entries if one.complete or not any(_overtaken(one.record, done) for done in ended)]
    groups: dict[Key, list[list[Entry]]] = {}
    for entry in entries:
        if entry.complete:
            beside = groups.setdefault(_key(entry.record), [])
            home = next((one for one in beside if not any(_clash(entry, other) for other in one)), None)
            beside.append([entry]) if home is None else home.append(entry)
    complete = list(groups)
    for entry in entries:
        if not entry.complete:
            key = _key(entry.record)
            for like in [other for other in complete if _may_join(key, other)] or [key]:
                for one in groups.setdefault(like, [[]]):
                    one.append(entry)
    found = [_group(key, one) for key, beside in groups.items() for one in beside]
    return sorted(found, key=_group_rank)


def _overtaken(record: Record, done: Record) -> bool:
    """Whether a complete cell is what was typed for another one, and later; a seed of a training was typed, or not."""
    asked, given = ((one.method, one.seed, one.preset, one.precision) for one in (record, done))
    seeds = (None, done.training_seed)
    later = record.created < done.created and asked == given and record.training_seed in seeds
    return later and _may_join(_key(record), _key(done))


def told_apart(groups: Sequence[Group], pattern: str = "{}") -> list[str]:
    """Each group by its classifier, as ``pattern`` writes it; with its dataset where others have it on another one."""
    found = {(one.classifier, one.dataset) for one in groups}
    several = {name for name, count in Counter(name for name, _ in found).items() if count > 1}
    return [
        pattern.format(one.classifier) + (f" on {one.dataset}" if one.classifier in several else "") for one in groups
    ]


def _group(key: Key, entries: list[Entry]) -> Group:
    dataset, classifier, _, num_images, sha256 = key
    return Group(
        dataset, classifier, entries[0].record.fingerprint, num_images, sha256, tuple(_labelled(merged(entries)))
    )


def _key(record: Record) -> Key:
    sha256 = record.weights.get(record.classifier, "")
    order = str(record.protocol.get("order") or record.fingerprint)
    return record.dataset, record.classifier, order, record.num_images, sha256


def _clash(a: Entry, b: Entry) -> bool:
    """Whether both hold some score, made in different ways."""
    return any(not same_making(key, a.record, b.record) for key in a.record.metrics.keys() & b.record.metrics.keys())


def same_making(key: str, a: Record, b: Record) -> bool:
    """Whether two records' scores of a metric were made in the same way; where one has no value, nothing clashes."""
    first, second = a.metrics.get(key), b.metrics.get(key)
    if first is None or second is None or first.value is None or second.value is None:
        return True
    return (first.fingerprint or a.fingerprint) == (second.fingerprint or b.fingerprint)


def _may_join(key: Key, other: Key) -> bool:
    """Whether all that an incomplete cell knows agrees: it may lack the order or its classifier's weights."""
    return all(mine in (theirs, "") for mine, theirs in zip(key, other, strict=True))


def _group_rank(one: Group) -> tuple[Any, ...]:
    return one.dataset, *classifier_rank(one.entries[0]), -one.num_images, one.fingerprint, one.classifier_sha256


def classifier_rank(one: Left) -> tuple[int, str]:
    """The project's classifiers in their order, then others by name."""
    place = one.cards.classifier.place
    return LAST if place is None else place, one.record.classifier


def _position(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _row_rank(entry: Entry) -> tuple[Any, ...]:
    record = entry.record
    inverter, role = record.kind == "inverter", entry.cards.method.role or ""
    rank = _position(ACCESS_ORDER, record.access) if inverter else _position(ROLES, role)
    return record.kind == "control", rank, record.method, record.preset, record.seed, record.key


def _labelled(entries: list[Entry]) -> list[Entry]:
    """Entries in the order of the rows; a method that occurs twice says what tells its rows apart."""
    return [replace(entry, label=_label(entry, entries)) for entry in sorted(entries, key=_row_rank)]


def _label(entry: Entry, entries: list[Entry]) -> str:
    record, several = entry.record, counted(entry)
    twins = [e.record for e in entries if e.record.method == record.method and e is not entry]
    if not twins:
        return record.method
    traits = {
        "preset": record.preset,
        "precision": record.precision,
        "seed": "" if several else f"seed {record.seed}",
        "recipe": f"recipe {(record.recipe or {}).get('name')}",
        "training_seed": "" if several else _trained(record),
        "device": record.cost.device,
    }
    told = [several, *(words for name, words in traits.items() if any(_differ(twin, record, name) for twin in twins))]
    if not any(told) or any(not any(_differ(twin, record, name) for name in traits) for twin in twins):
        told.append(record.key[:8])
    return f"{record.method} ({', '.join(filter(None, told))})"


def _numbers(record: Record) -> str:
    return f"seed {record.seed}" if record.training_seed is None else f"seed {record.seed}, {_trained(record)}"


def _trained(record: Record) -> str:
    return f"training seed {record.training_seed}"


def _differ(a: Record, b: Record, name: str) -> bool:
    """Whether a trait tells two rows apart; of a cell that was skipped the recipe is not known."""
    first, second = _trait(a, name), _trait(b, name)
    return first != second and (name != "recipe" or None not in (first, second))


def _trait(record: Record, name: str) -> object:
    if name == "recipe":
        return (record.recipe or {}).get("name")
    return record.cost.device if name == "device" else getattr(record, name)
