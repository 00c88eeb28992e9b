"""What each metric means, for its popover: definition, formula, what good means, floor and ceiling by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.analysis.groups import Entry, Group, has_value
from reports.analysis.metrics import metrics_of
from reports.words import glossary, text


@dataclass(frozen=True)
class Line:
    """What a metric is worth in one group: by guessing, by the class alone, and for the original itself."""

    where: str
    chance: str
    floor: str
    ceiling: str


@dataclass(frozen=True)
class About:
    """A metric; formula and meaning are empty where its card has none."""

    key: str
    title: str
    definition: str
    formula: str
    direction: str
    good: str
    lines: tuple[Line, ...]


def abouts(groups: Sequence[Group], shorts: Mapping[int, str]) -> tuple[About, ...]:
    """Of every metric of the page; ``shorts`` names each group by its number, from 0."""
    cards = metrics_of(entry for one in groups for entry in one.complete)
    return tuple(
        About(
            key=card.key,
            title=card.title,
            definition=card.definition,
            formula=card.formula,
            direction=glossary.DIRECTIONS[card.higher_is_better][1],
            good=card.good,
            lines=tuple(filter(None, (_line(card.key, one, shorts[number]) for number, one in enumerate(groups)))),
        )
        for card in cards.values()
    )


def _line(key: str, group: Group, where: str) -> Line | None:
    floor, ceiling = _value(key, group.control("class-floor")), _value(key, group.control("ceiling"))
    chance = _chance(key, group)
    return Line(where, chance, floor, ceiling) if {chance, floor, ceiling} != {text.DASH} else None


def _value(key: str, entry: Entry | None) -> str:
    if entry is None or not has_value(entry, key):
        return text.DASH
    score = entry.record.metrics[key]
    return text.number(entry.metric(key), score.value or 0.0, score.ci95)


def _chance(key: str, group: Group) -> str:
    """What guessing scores, where it is the same for all."""
    found = {
        text.chance(entry.metric(key), score.chance)
        for entry in group.complete
        if (score := entry.record.metrics.get(key)) is not None and score.chance is not None
    }
    return found.pop() if len(found) == 1 else text.DASH
