"""The answer to a probe's question: sentences from its card, filled with what the records measured."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from bench.cards import Answer, ProbeCard
from bench.probes.answers import ANSWERS
from reports.analysis.answers import EACH, LEAST, MOST, Side, levels, means, side
from reports.analysis.probe_groups import Series, Together
from reports.words import text

ORDER: tuple[Side, ...] = ("smaller", "larger", "open")
CHANGES = ("falls", "rises", "shows no change")
UNPAIRED = "cannot be compared image by image"
PERCENT = "\N{NO-BREAK SPACE}%"
TOLD = 2  # so many measures does a probe tell that says nothing about how to answer


def answers(card: ProbeCard, group: Together) -> tuple[str, ...]:
    """Its sentences over the records of a group; one whose values nobody has is left out.

    Probes of this package answer in the words of today, whenever their records were made.
    """
    told = (_sentence(one, group) for one in ANSWERS.get(card.name) or card.answers or _generic(group))
    return tuple(filter(None, told))


def _generic(group: Together) -> list[Answer]:
    """The first measures: from the first level to the last where levels are numbers, else level by level."""
    names, told = group.level_names, []
    numbered = len(names) > 1 and all(group.value(name) is not None for name in names)
    for key in group.level_keys[:TOLD]:
        title = group.metric(key).title
        if numbered:
            words = f"From {names[0]} to {names[-1]} {title} {{is}}, from {{0}} to {{1}}."
            told.append(Answer(words, ((key, names[0]), (key, names[-1])), CHANGES))
        else:
            told.append(Answer(f"{_begun(title)}: {{0}}.", ((key, EACH),)))
    spanning = [Answer(f"{_begun(group.metric(key).title)}: {{0}}.", ((key, ""),)) for key in group.overall_keys[:TOLD]]
    return [*told, *spanning]


def _sentence(answer: Answer, group: Together) -> str:
    filled = {str(k): _value(answer, group, *at) for k, at in enumerate(answer.values)}
    if not all(filled.values()):
        return ""
    if answer.sides:
        filled["is"] = _sides(answer, group)
    return re.sub(r"\{(\d|is)\}", lambda found: filled.get(found[1], found[0]), answer.words)


def _value(answer: Answer, group: Together, key: str, level: str) -> str:
    """A value of all records: one number, or the least and the most and whose they are."""
    meant = levels(group, key, level, answer.origin)
    if level in (EACH, LEAST, MOST):
        said = ((name, _span(group, key, name, named=False)) for name in meant)
        told = [f"{span} on {name}" if level == EACH else f"{name} ({span})" for name, span in said]
        return text.listing(told)
    return _span(group, key, level, named=not answer.sides)


def _span(group: Together, key: str, level: str, *, named: bool) -> str:
    found = sorted(means(group, key, level), key=lambda pair: pair[1])
    if not found:
        return ""
    (least, low), (most, high) = found[0], found[-1]
    first, last = (_number(one, key, number) for one, number in ((least, low), (most, high)))
    names = [_name(one, group.series) for one in (least, most)]
    if first == last:
        return first
    if named and all(names):
        return f"{first} ({names[0]}) to {last} ({names[1]})"
    return f"{first.removesuffix(PERCENT)}\N{EN DASH}{last}"


def _number(one: Series, key: str, number: float) -> str:
    """Shares in per cent, all else to the digits of its card."""
    card = one.entry.metric(key)
    if card.share:
        return f"{100 * number:.0f}{PERCENT}".replace("-", text.MINUS)
    return text.fixed(number, text.decimals(card, number))


def _name(one: Series, among: Sequence[Series]) -> str:
    """What tells a record from those beside it, its classifier or its method; empty where that takes more."""
    if len({other.classifier for other in among}) == len(among):
        return one.classifier
    return one.method if len({other.method for other in among}) == len(among) else ""


def _sides(answer: Answer, group: Together) -> str:
    """What the second value is to the first: for all records, or for how many."""
    ways = dict(zip(ORDER, answer.sides, strict=True)) | {"unpaired": UNPAIRED}
    counts = Counter(ways[side(answer, one)] for one in group.series)
    number = len(group.series)
    if len(counts) == 1:
        return next(iter(counts)) + {1: "", 2: " in both records"}.get(number, f" in all {number} records")
    (first, most), *others = counts.most_common()
    return text.listing([f"{first} in {most} of {number} records", *(f"{words} in {n}" for words, n in others)])


def _begun(words: str) -> str:
    return words[:1].upper() + words[1:]
