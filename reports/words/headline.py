"""The first sentence of the page: who leads in what, or that nobody does. True by construction: made of standings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bench.cards import MetricCard
from reports.analysis.controls import Match, match
from reports.analysis.front import Verdict, columns, scored, speaking, verdicts
from reports.analysis.groups import Group
from reports.analysis.metrics import metrics_of
from reports.analysis.ranks import Standings
from reports.words import text

QUESTION = "What do the logits still know about the image?"  # where nobody can answer it
SAID = 3  # so many columns are told one by one; the others only where somebody else leads in them
NUMBERS = ("no", "one", "two", "three", "four", "five")
CLOSE = "is closest by {}"
# What leading in a metric means, and in what methods tie, by what it sees; of others the title must do.
PHRASES = {
    "features": (CLOSE, "by {}"),
    "pixels": (CLOSE, "by {}"),
    "classes": ("keeps the class most often", "in keeping the class"),
    "ranks": ("best leads back to the very image", "in leading back to the very image"),
    "logits": ("matches the logits best", "in matching the logits"),
}
OTHER = ("leads in {}", "in {}")


@dataclass(frozen=True)
class Where:
    """The groups that speak: how many, and what a reader calls them."""

    number: int
    noun: str  # in the plural

    def on(self, count: int) -> str:
        """On how many of them, as an adverb that follows a blank; empty where there is only one."""
        if self.number == 1:
            return ""
        if count < self.number:
            return f"on {count} of {self.number} {self.noun}"
        return f"on both {self.noun}" if count == 2 else f"on all {count} {self.noun}"


def headline(groups: Sequence[Group], found: Sequence[Standings]) -> str:
    """Who leads in what over the groups that speak (``analysis.front.speaking``).

    Args:
        groups: all of the page.
        found: the standings of each.
    """
    speak = speaking(groups)
    if not speak:
        return "No inverter with scores can be ranked here." if groups else QUESTION
    known = {id(one): ranked for one, ranked in zip(groups, found, strict=True)}
    keys = columns(speak)
    told, where = verdicts([known[id(one)] for one in speak], keys), where_of(speak)
    cards = metrics_of(entry for one in speak for entry in one.complete)
    compared = [one for one in told if one.compared]
    if compared:
        return _sentence(_ranked(compared, where, cards, rest=len(keys) > len(compared)))
    methods = {entry.record.method for one in speak for entry in scored(one)}
    if max(len({entry.record.method for entry in scored(one)}) for one in speak) > 1:
        reasons = [reason for one in speak for key in keys for reason in known[id(one)][key].reasons]
        return _sentence(f"nothing here can be ranked: {text.listing(reasons) or 'no metric has a direction'}")
    if len(methods) > 1:
        return f"No inverter meets another {where.on(where.number)}: nothing can be ranked."
    return _sentence(_alone(speak, keys, where))


def where_of(groups: Sequence[Group]) -> Where:
    """Classifiers where each group has one of its own and all share their images; else comparisons."""
    own = len({one.classifier for one in groups}) == len(groups) and len({one.dataset for one in groups}) == 1
    return Where(len(groups), "classifiers" if own else "comparisons")


def _sentence(words: str) -> str:
    """Ended by a full stop; a method's name at the beginning keeps its spelling."""
    starts = ("no ", "nothing ", "only ", "on ", "the ")
    return f"{words[0].upper()}{words[1:]}." if words.startswith(starts) else f"{words}."


def _ranked(told: Sequence[Verdict], where: Where, cards: Mapping[str, MetricCard], *, rest: bool) -> str:
    """Of metrics in which something could be compared; ``rest`` where there are others."""
    leaders = list(dict.fromkeys(method for one in told for method in one.leads))
    if not leaders:
        return _tied(told, where, rest=rest)
    if len(leaders) == 1 and all(sum(one.leads.values()) == one.groups for one in told):
        return f"{leaders[0]} leads in {_measures(len(told), 'all', rest=rest)}{_blank(where.on(where.number))}"
    if len(leaders) == 1:
        return f"only {leaders[0]} leads: {_clauses(told, where, cards, {leaders[0]: 'it'})}"
    return f"no inverter leads everywhere: {_clauses(told, where, cards)}"


def _measures(number: int, which: str, *, rest: bool) -> str:
    """All of so many measures, or any of them; those of them that could be compared where there are others."""
    word = NUMBERS[number] if number < len(NUMBERS) else text.count(number)
    many = f"all {word}" if which == "all" else f"any of {word}"
    pair = "both" if which == "all" else "either"
    told = {1: "the one measure", 2: f"{pair} measure{'s' if which == 'all' else ''}"}.get(number, f"{many} measures")
    return f"{told} that could be compared" if rest else told


def _blank(words: str) -> str:
    return f" {words}" if words else ""


def _tied(told: Sequence[Verdict], where: Where, *, rest: bool) -> str:
    """Nobody leads anywhere; who ties is named where it is the same everywhere."""
    sets = {names for one in told for names in one.ties}
    (who,) = [text.listing(one) for one in sets] if len(sets) == 1 else ["the first"]
    measures = _measures(len(told), "any", rest=rest)
    return f"no inverter leads: nothing separates {who} in {measures}{_blank(where.on(where.number))}"


def _clauses(
    told: Sequence[Verdict],
    where: Where,
    cards: Mapping[str, MetricCard],
    names: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Each of the first columns, and others where somebody leads who is not yet named; equal counts together."""
    leads: dict[int, list[tuple[str, str]]] = {}
    others: list[str] = []
    named: set[str] = set()
    for place, one in enumerate(told):
        method, count = next(iter(one.leads.items()), ("", 0))
        majority = count * 2 > one.groups
        if place >= SAID and (not majority or method in named):
            continue
        if majority:
            named.add(method)
            leads.setdefault(count, []).append((names.get(method, method), phrase(cards[one.key])))
        else:
            others.append(_undecided(one, where, cards[one.key]))
    parts = [" ".join(filter(None, (where.on(count), _joined(leads[count])))) for count in sorted(leads, reverse=True)]
    return "; ".join([*parts, *others])


def phrase(card: MetricCard) -> str:
    """What leading in it means, as a verb with its object."""
    return PHRASES.get(card.sees, OTHER)[0].format(card.title)


def _joined(pairs: Iterable[tuple[str, str]]) -> str:
    """Subjects with their verbs; what a method does in several metrics stands together, 'is closest' but once."""
    by_method: dict[str, list[str]] = {}
    for method, words in pairs:
        by_method.setdefault(method, []).append(words)
    close, clauses, said = CLOSE.format(""), [], False
    for method, told in by_method.items():
        near = [one.removeprefix(close) for one in told if one.startswith(close)]
        rest = [one for one in told if not one.startswith(close)]
        start = f"{'by' if said and not rest else close.strip()} {text.listing(near)}" if near else ""
        said = bool(near) and not rest
        clauses.append(f"{method} {text.listing(filter(None, (start, *rest)))}")
    return _serial(clauses)


def _serial(clauses: Sequence[str]) -> str:
    """With a comma before the last 'and' where there are more than two, or one holds an 'and' of its own."""
    if len(clauses) < 2 or (len(clauses) == 2 and not any(" and " in one for one in clauses)):
        return text.listing(clauses)
    return f"{', '.join(clauses[:-1])}, and {clauses[-1]}"


def _undecided(one: Verdict, where: Where, card: MetricCard) -> str:
    """A metric in which no method leads in most groups: who leads in how many, who ties everywhere, or nobody."""
    if one.leads:
        (first, most), *others = one.leads.items()
        rest = "".join(f", {method} on {count}" for method, count in others)
        open_on = sum(one.ties.values())
        rest += f", with {open_on} undecided" if open_on else ""
        return f"{first} {phrase(card)} on {most} of {where.number}{rest}"
    who, count = next(iter(one.ties.items()))
    tied = PHRASES.get(card.sees, OTHER)[1].format(card.title)
    if count == one.groups:
        return f"nothing separates {text.listing(who)} {tied}{_blank(where.on(count))}"
    return f"in {card.title} nobody leads"


def _alone(speak: Sequence[Group], keys: Sequence[str], where: Where) -> str:
    """A lone method against what the class alone is worth, over all groups that know it."""
    name = scored(speak[0])[0].record.method
    floors = [(one, one.control("class-floor")) for one in speak]
    found = [match(scored(one)[0], floor, keys) for one, floor in floors if floor is not None]
    start = f"{name}, the only inverter here,"
    if not found:
        return f"{start} meets no control that knows the class alone"
    if not any(one.compared for one in found):
        return f"{start} cannot be told from the class alone: nothing could be compared"
    if len(found) > 1:
        return f"{start} beats the class alone in {_of(found)} {where.on(len(found))}"
    return f"{start} {_against_floor(found[0], metrics_of([found[0].inverter, found[0].control]))}"


def _of(found: Sequence[Match]) -> str:
    return f"{sum(len(one.won) for one in found)} of {sum(one.compared for one in found)} scores"


def _against_floor(one: Match, cards: Mapping[str, MetricCard]) -> str:
    """What it won, lost and left open, by title."""
    won, lost, unclear = (text.listing(cards[key].title for key in keys) for keys in (one.won, one.lost, one.open))
    told = (
        f"beats the class alone in {won}" if won else "",
        f"{'loses' if won else 'loses to the class alone'} in {lost}" if lost else "",
        f"is level with {'it' if won or lost else 'the class alone'} in {unclear}" if unclear else "",
    )
    return text.listing(filter(None, told))
