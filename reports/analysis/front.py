"""What the first screen says: which groups speak in it, which columns it has, and who leads in how many groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reports.analysis.groups import Entry, Group, has_value, main_keys
from reports.analysis.ranks import Standing, Standings

COLUMNS = 5
SEEN = ("features", "pixels", "classes", "ranks", "logits")  # a column for each kind of comparison, in this order
PICKED = ("closest", "judge-class", "ends")  # the roles of the metric that stands for its kind


@dataclass(frozen=True)
class Verdict:
    """Who leads in a metric, over all groups that speak.

    Attributes:
        key: of the metric.
        leads: in how many groups each method is certainly better than every other, most first.
        ties: in how many groups nothing separates these methods at the first place, most first.
        groups: number of groups, those among them in which nothing could be compared.
    """

    key: str
    leads: Mapping[str, int]
    ties: Mapping[tuple[str, ...], int]
    groups: int

    @property
    def compared(self) -> int:
        """In how many groups something could be compared."""
        return sum(self.leads.values()) + sum(self.ties.values())


def speaking(groups: Sequence[Group]) -> list[Group]:
    """Of each classifier and dataset the groups with the most images, among those that have ranked inverters."""
    able = [one for one in groups if scored(one)]
    most: dict[tuple[str, str], int] = {}
    for one in able:
        place = one.dataset, one.classifier
        most[place] = max(one.num_images, most.get(place, 0))
    return [one for one in able if one.num_images == most[one.dataset, one.classifier]]


def silent(groups: Sequence[Group], speaks: Sequence[Group]) -> dict[str, list[int]]:
    """Ranked methods that none of the speaking groups holds, with the numbers of images that they ran on."""
    known = {entry.record.method for one in speaks for entry in scored(one)}
    found: dict[str, set[int]] = {}
    for one in groups:
        for entry in scored(one):
            if entry.record.method not in known:
                found.setdefault(entry.record.method, set()).add(one.num_images)
    return {method: sorted(sizes) for method, sizes in found.items()}


def foremost(groups: Sequence[Group]) -> Group | None:
    """The first of the groups with the most images, by which the page begins."""
    return max(speaking(groups), key=lambda one: one.num_images, default=None)


def scored(group: Group) -> list[Entry]:
    """Its ranked inverters with scores."""
    return [entry for entry in group.contenders if entry.complete]


def columns(groups: Iterable[Group]) -> list[str]:
    """The metrics of the first screen: one of each kind of comparison, filled up with others of the main table.

    Each has a direction and a value for each image, and some ranked inverter has a value.
    """
    able: dict[str, Group] = {}
    for one in groups:
        for key in main_keys(one):
            card = one.metric(key)
            if card.higher_is_better is not None and card.level == "image" and _held(key, one):
                able.setdefault(key, one)
    first = {seen: _standing_for(seen, able) for seen in SEEN}
    chosen = [key for key in first.values() if key is not None]
    return [*chosen, *(key for key in able if key not in chosen)][:COLUMNS]


def _held(key: str, group: Group) -> bool:
    return any(has_value(entry, key) for entry in scored(group))


def _standing_for(seen: str, able: Mapping[str, Group]) -> str | None:
    """The first metric of a kind by its roles."""
    kind = [key for key, one in able.items() if one.metric(key).sees == seen]
    return next((key for role in PICKED for key in kind if role in able[key].metric(key).roles), None)


def verdicts(found: Sequence[Standings], keys: Iterable[str]) -> list[Verdict]:
    """Who leads in each of these metrics, over the groups' standings."""
    return [_verdict(key, [one[key] for one in found if key in one], len(found)) for key in keys]


def _verdict(key: str, standings: Sequence[Standing], groups: int) -> Verdict:
    leads: Counter[str] = Counter()
    ties: Counter[tuple[str, ...]] = Counter()
    for one in standings:
        if one.outcome == "lead":
            leads[one.leaders[0].record.method] += 1
        elif one.outcome == "tie":
            ties[tuple(dict.fromkeys(entry.record.method for entry in one.first))] += 1
    return Verdict(key, dict(leads.most_common()), dict(ties.most_common()), groups)
