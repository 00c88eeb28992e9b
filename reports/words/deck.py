"""What stands below the headline: the closest inverter against the strongest control, and what stays open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reports.analysis.controls import Match, leading, strongest
from reports.analysis.front import scored, silent, speaking
from reports.analysis.groups import Group
from reports.analysis.ranks import Standings
from reports.words import text
from reports.words.controls import FETCHED
from reports.words.headline import Where, where_of

NAMED = 2  # so many classifiers are named, of more the number must do


def deck(groups: Sequence[Group], found: Sequence[Standings]) -> tuple[str, ...]:
    """Sentences over the groups that speak; see ``headline``."""
    speak = speaking(groups)
    if not speak:
        return ()
    where, several = where_of(speak), False
    pairs: list[tuple[Group, Match]] = []
    for one, ranked in zip(groups, found, strict=True):
        closest = leading(one, ranked) if one in speak else []
        several = several or len(closest) > 1
        matches = [match for entry in closest if (match := strongest(one, entry)) is not None]
        pairs += [(one, match) for match in matches if match.compared]
    told, met = [match for _, match in pairs], len({id(one) for one, _ in pairs})
    methods = list(dict.fromkeys(one.inverter.record.method for one in told))
    who = methods[0] if len(methods) == 1 else "the closest inverters" if several else "the closest inverter"
    sentences = (
        _against(told, who, Where(met, where.noun)) if told else _nothing(speak),
        _memory(speak, who if told else "any inverter", where) if told else "",
        _partly(speak, where),
        _absent(groups, speak),
    )
    return tuple(filter(None, sentences))


def _against(told: Sequence[Match], who: str, where: Where) -> str:
    """Won, lost and level over the main metrics that can be compared."""
    controls = {one.control.record.method: one.control.cards.method.role for one in told}
    on = where.on(where.number)
    rival = f"the strongest control of each ({' or '.join(controls)})"
    if len(controls) == 1:
        ((name, role),) = controls.items()
        rival = (
            f"{name}{f' (memorising: {FETCHED})' if role == 'memory' else ''}, the strongest control{on and f' {on}'},"
        )
    won, level, lost = (sum(map(len, side)) for side in zip(*((m.won, m.open, m.lost) for m in told), strict=True))
    win, lose, are = ("win", "lose", "are") if who.endswith("inverters") else ("wins", "loses", "is")
    sums = [f"{win} {won} of {text.plural(won + level + lost, 'main metric')}", f"{lose} {lost}"]
    sums += [f"{are} level in {level}"] if level else []
    return f"Against {rival} {who} {text.listing(sums)}."


def _nothing(speak: Sequence[Group]) -> str:
    """Why there is no such line."""
    if not any(control.complete for one in speak for control in one.controls):
        return "No control was run, so what the class alone is worth is open."
    return "Nothing here can be compared with a control."


def _memory(speak: Sequence[Group], who: str, where: Where) -> str:
    """That memorising was not tried; empty where it was, everywhere."""
    without = [one for one in speak if one.control("memory") is None]
    if not without:
        return ""
    place = f" {where.on(len(without))}" if len(speak) > 1 else ""
    verb = "do" if who.endswith("inverters") else "does"
    return f"Memorising was not tried{place}: whether {who} {verb} more than fetch {FETCHED} is open."


def _partly(speak: Sequence[Group], where: Where) -> str:
    """Methods that ran on some of the groups only, and cannot lead on the others."""
    ran = Counter(method for one in speak for method in {entry.record.method for entry in scored(one)})
    order = dict.fromkeys(entry.record.method for one in speak for entry in scored(one))
    counts: dict[int, list[str]] = {}
    for method in order:
        if ran[method] < len(speak):
            counts.setdefault(ran[method], []).append(method)
    told = [f"{text.listing(counts[n])} on only {n}" for n in sorted(counts)]
    if not told:
        return ""
    told[0] = told[0].replace(" on only ", " ran on only ") + f" of the {where.number} {where.noun}"
    return f"{', '.join(told)}."


def _absent(groups: Sequence[Group], speak: Sequence[Group]) -> str:
    """Methods that ran on fewer images only: nothing above is said of them."""
    by_size: dict[tuple[int, ...], list[str]] = {}
    for method, sizes in silent(groups, speak).items():
        by_size.setdefault(tuple(sizes), []).append(method)
    told = [
        f"{text.listing(methods)}, which ran on {text.listing(map(text.count, sizes))} images only"
        for sizes, methods in by_size.items()
    ]
    return f"Not part of this: {'; '.join(told)}." if told else ""


def source(groups: Sequence[Group]) -> tuple[str, ...]:
    """What was measured where and when, and by which code: the facts of one line above the headline."""
    speak = speaking(groups) or list(groups)
    cells = [entry.record for one in speak for entry in one.entries if entry.complete]
    networks = list(dict.fromkeys(one.classifier for one in speak))
    sizes = text.listing(map(text.count, sorted({one.num_images for one in speak}, reverse=True)))
    revisions = sorted({str(one.environment["revision"])[:7] for one in cells if one.environment.get("revision")})
    facts = (
        text.listing(one.dataset for one in speak),
        f"{sizes} images" if sizes else "",
        text.listing(networks) if len(networks) <= NAMED else text.plural(len(networks), "classifier"),
        text.days(one.created for one in cells) if cells else "",
        f"{text.plural(len(revisions), 'revision')} of the code" if len(revisions) > 1 else "",
        f"revision {revisions[0]}" if len(revisions) == 1 else "",
    )
    return tuple(filter(None, facts))
