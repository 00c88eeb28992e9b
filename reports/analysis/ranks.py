"""Who is certainly better than whom in a metric: a rank interval for each inverter; leads, ties, what has no ranks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

from reports.analysis.best import paired
from reports.analysis.groups import Entry, Group, has_value
from reports.analysis.pairs import MIN_PAIRS, holm, no_more_than

LEVEL = 0.05
Outcome = Literal["lead", "tie", "not comparable"]

NO_RIVAL = "no other method to compare with"
UNDIRECTED = "no direction is better in itself"
ONE_NUMBER = "one number for all images: no paired values"
FEW = f"fewer than {MIN_PAIRS} images"


@dataclass(frozen=True)
class Rank:
    """The places that a row may hold: 1 + number certainly better, to 1 + number of rivals - number certainly worse.

    Rivals are the other methods, whose rows of several seeds or presets count as one. What nothing separates shares its
    interval.
    """

    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.low}" if self.low == self.high else f"{self.low}-{self.high}"


@dataclass(frozen=True)
class Compared:
    """Two methods in one metric.

    Attributes:
        better: whether the first has the better mean.
        p: of no difference, over pairs; without pairs 0 where the 95 % intervals do not touch, else 1.
        paired: whether there were pairs.
    """

    better: bool
    p: float
    paired: bool


@dataclass(frozen=True, eq=False)
class Standing:
    """What a metric says about the methods that have a value of it.

    Attributes:
        key: of the metric.
        entries: those with a value.
        ranks: of each of them; none at all where nothing could be compared.
        compared: the pairs that could be compared.
        reasons: why some or all of them could not be compared; none where all could.
    """

    key: str
    entries: Sequence[Entry]
    ranks: Mapping[Entry, Rank]
    compared: Mapping[tuple[Entry, Entry], Compared] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()

    @property
    def first(self) -> list[Entry]:
        """Those that nobody is certainly better than."""
        return [entry for entry, rank in self.ranks.items() if rank.low == 1]

    @property
    def leaders(self) -> list[Entry]:
        """The method that is certainly better than every other: its row, or its rows of several seeds or presets."""
        return [entry for entry, rank in self.ranks.items() if rank.high == 1]

    @property
    def num_methods(self) -> int:
        """Number of inverters with a value: a method's rows of several seeds or presets are one."""
        return len({entry.record.method for entry in self.entries})

    @property
    def outcome(self) -> Outcome:
        """A lead, a tie for the first place, or no comparison at all."""
        if not self.ranks:
            return "not comparable"
        return "lead" if self.leaders else "tie"


Standings = Mapping[str, Standing]


def standings(group: Group, keys: Iterable[str] | None = None) -> dict[str, Standing]:
    """Of these metrics, or of every one of the group, over its ranked inverters."""
    return {key: standing(key, group.contenders) for key in (group.metrics if keys is None else keys)}


def standing(key: str, entries: Iterable[Entry]) -> Standing:
    """Who is certainly better than whom: Holm's p-value over all pairs of methods below 0.05.

    Differences are taken image by image, or KID subset by subset. Where paired values are missing, two 95 % intervals
    that do not touch decide, which is stricter: no correction is made to them. A method's own seeds and presets do not
    compete with each other; against a rival they count as one, which is better where one of them is, and worse where
    all of them are.
    """
    scored = [entry for entry in entries if entry.complete and has_value(entry, key)]
    pairs = [(a, b) for a, b in combinations(scored, 2) if a.record.method != b.record.method]
    found = {pair: compared(key, *pair) for pair in pairs}
    known = {pair: one for pair, one in found.items() if isinstance(one, Compared)}
    reasons = tuple(dict.fromkeys(one for one in found.values() if isinstance(one, str)))
    if not pairs:
        reasons = (NO_RIVAL,)
    if not known:
        return Standing(key, scored, {}, reasons=reasons)
    adjusted = holm([one.p for one in known.values()])
    certain = {pair for pair, p in zip(known, adjusted, strict=True) if p < LEVEL}
    wins = [(a, b) if known[a, b].better else (b, a) for a, b in certain]
    return Standing(key, scored, {entry: _rank(entry, scored, wins) for entry in scored}, known, reasons)


def _rank(entry: Entry, scored: Sequence[Entry], wins: Sequence[tuple[Entry, Entry]]) -> Rank:
    """By the (better, worse) pairs that are certain."""
    rows = Counter(one.record.method for one in scored)
    above = {better.record.method for better, worse in wins if worse is entry}
    beaten = Counter(worse.record.method for better, worse in wins if better is entry)
    below = [method for method, number in beaten.items() if number == rows[method]]
    return Rank(1 + len(above), len(rows) - len(below))


def compared(key: str, a: Entry, b: Entry) -> Compared | str:
    """Two entries that both have a value, by what their records allow; or why they cannot be compared.

    What lies below the metric's resolution is no difference, however certain it be.
    """
    first, second = a.record.metrics[key], b.record.metrics[key]
    if first.higher_is_better is None:
        return UNDIRECTED
    sign = 1 if first.higher_is_better else -1
    info, pair = a.metric(key), paired(key, a, b)
    p = pair.p_value() if pair is not None else None
    if pair is not None and p is not None:
        equal = pair.below(info.least(pair.subsets_of or len(pair.a)))
        return Compared(sign * pair.mean > 0, 1.0 if equal else p, paired=True)
    if first.ci95 is None or second.ci95 is None:
        return ONE_NUMBER
    n = min(first.n, second.n)
    if n < MIN_PAIRS:
        return FEW
    low, high = first.ci95[0] - second.ci95[1], first.ci95[1] - second.ci95[0]
    difference = (first.value or 0.0) - (second.value or 0.0)
    same = low <= 0 <= high or no_more_than(info.least(n), difference, low, high)
    return Compared(sign * difference > 0, float(same), paired=False)
