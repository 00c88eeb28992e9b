"""The page's first sentences: what it holds, and the findings that paired differences support. All from records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.store.record import Record
from reports.analysis.best import difference
from reports.analysis.controls import leading
from reports.analysis.groups import Entry, Group, has_value
from reports.analysis.metrics import first, picked
from reports.analysis.ranks import Standing, Standings
from reports.words import text
from reports.words.controls import against
from reports.words.numbers import interval, places, signed
from reports.words.ranks import ground_of_lead, why

CLASS = "the originals' class"
AGREED = "agreed"
APART = "cannot be compared"
FLOOR = "a random training image of the predicted class"  # the control of the role ``class-floor``


@dataclass(frozen=True)
class Finding:
    """What a group's paired differences say; ``anchor`` leads to its numbers."""

    anchor: str
    where: str
    sentences: tuple[str, ...]


def holdings(records: Sequence[Record]) -> tuple[str, ...]:
    """What the page holds: methods, controls, classifiers, images; cells that have no scores; probes."""
    cells = [record for record in records if record.probe is None]
    probes = [record for record in records if record.probe is not None]
    sentences = [_cells(cells)] if cells else []
    gone = [(status, sum(record.status == status for record in cells)) for status in ("failed", "skipped")]
    counts = [f"{text.plural(number, 'cell')} {status}" for status, number in gone if number]
    if counts:
        sentences.append(f"{text.listing(counts)}; the tables say why.")
    if probes:
        kinds = text.listing(sorted({record.probe or "" for record in probes}))
        verb = "asks" if len(probes) == 1 else "ask"
        sentences.append(f"{text.plural(len(probes), 'probe record')} {verb} further: {kinds}.")
    return tuple(sentences)


def _cells(cells: Sequence[Record]) -> str:
    methods = list(dict.fromkeys(record.method for record in cells if record.kind == "inverter"))
    controls = {record.method for record in cells if record.kind == "control"}
    classifiers = list(dict.fromkeys(record.classifier for record in cells))
    images = [text.count(number) for number in sorted({record.num_images for record in cells}, reverse=True)]
    who = f"{text.plural(len(methods), 'inverter')} ({text.listing(methods)})" if methods else "no inverter"
    return (
        f"This page holds {who} and {text.plural(len(controls), 'control')} on "
        f"{text.plural(len(classifiers), 'classifier')} ({text.listing(classifiers)}): {text.listing(images)} images "
        f"of {text.listing(record.dataset for record in cells)}, run {text.days(r.created for r in cells)}."
    )


def finding(group: Group, ranked: Standings, anchor: str) -> Finding | None:
    """The headline of a group, or None where it has no ranked inverter with scores."""
    closest = first(group.metrics, "closest")
    contenders = [entry for entry in group.contenders if entry.complete and has_value(entry, closest)]
    if not contenders:
        return None
    leaders = leading(group, ranked)
    sentences = [
        *_lead(group, ranked, contenders),
        *against(group, leaders),
        *(_against_floor(closest, entry, group.control("class-floor")) for entry in leaders),
        _gap(first(group.metrics, "gap"), contenders, group.control("class-floor")),
    ]
    where = f"{group.classifier} on {group.dataset}, {text.plural(group.num_images, 'image')}"
    return Finding(anchor, where, tuple(filter(None, sentences)))


def _lead(group: Group, ranked: Standings, contenders: Sequence[Entry]) -> list[str]:
    """Who comes closest to the originals and by which metric, where others disagree, and who keeps the class."""
    near, kept = first(group.metrics, "closest"), first(group.metrics, "judge-class")
    if len({entry.record.method for entry in contenders}) == 1:
        shown = text.listing(_shown(contenders[0], key) for key in (near, kept) if has_value(contenders[0], key))
        return [f"{text.listing(map(_named, contenders))} stands alone: {shown}."]
    closest, keeps, title = ranked[near], ranked.get(kept), group.metric(near).title
    told = [
        _answer(closest, f"By {title}", "closest to the originals", "which inverter is closest to the originals"),
        _others(title, closest, [ranked[key] for key in picked(group.metrics, "likeness") if key in ranked]),
    ]
    if keeps is not None and keeps.entries:
        told.append(_answer(keeps, "By the judge", f"best at keeping {CLASS}", f"which keeps {CLASS} best"))
    return told


def _answer(standing: Standing, by: str, best: str, what: str) -> str:
    """A lead, a tie, or no comparison: three different answers."""
    if standing.outcome == "not comparable":
        return f"{by} it cannot be said {what}: {why(standing)} ({title_of(standing)})."
    if standing.outcome == "tie":
        shown = [_shown(entry, standing.key) for entry in standing.first]
        shared = [f"{_named(entry)} ({words})" for entry, words in zip(standing.first, shown, strict=True)]
        return f"{by} no single inverter is {best}: nothing separates {text.listing(shared)}."
    leaders = standing.leaders
    shown = [f"{_named(entry)} ({_shown(entry, standing.key)})" for entry in leaders]
    rivals = standing.num_methods - 1
    others = "the other ranked inverter" if rivals == 1 else f"each of the {rivals} others ranked"
    how = ground_of_lead(standing)
    return f"{by} {text.listing(shown)} {'is' if len(leaders) == 1 else 'are'} {best}, ahead of {others} by {how}."


def title_of(one: Standing) -> str:
    """What people call the metric, by the card of a method that has it."""
    return one.entries[0].metric(one.key).title if one.entries else one.key


def _others(title: str, closest: Standing, standings: Sequence[Standing]) -> str:
    """Whether the other measures of likeness see it alike: who leads and who ties there."""
    heads: dict[str, list[str]] = {}
    for one in standings:
        if one.entries:
            heads.setdefault(_head(one, closest), []).append(title_of(one))
    told = "; ".join(_measures(title, text.listing(keys), len(keys), head) for head, keys in heads.items())
    return f"{told[:1].upper()}{told[1:]}." if heads else ""


def _measures(title: str, names: str, number: int, head: str) -> str:
    """What these measures say, in words that fit their number."""
    if head == AGREED:
        return f"{names} {'agrees' if number == 1 else 'agree'} with {title}"
    return f"{names} {head}" if head.startswith(APART) else f"in {names} {head}"


def _head(one: Standing, closest: Standing) -> str:
    if one.outcome == "not comparable":
        return f"{APART} ({why(one)})"
    if one.outcome == "tie":
        return f"nothing separates {text.listing(map(_named, one.first))}"
    if one.leaders == closest.leaders:
        return AGREED
    return f"{text.listing(map(_named, one.leaders))} {'leads' if len(one.leaders) == 1 else 'lead'}"


def _named(entry: Entry) -> str:
    """The label; a method that sees more than the logits says so."""
    access = entry.record.access
    return entry.label if access == "logits" else f"{entry.label} ({access})"


def _against_floor(key: str, entry: Entry, control: Entry | None) -> str:
    """Whether a leading inverter comes closer to the original than the class alone does."""
    found = difference(key, entry, control) if control is not None else None
    if found is None:
        return ""
    mean, low, high = found
    digits = places(entry.metric(key), mean, low, high)
    by = f"{entry.metric(key).title} {signed(mean, digits)} {interval(low, high, digits)} in paired differences"
    if high < 0:
        return f"{entry.label} comes closer to the original than {FLOOR} ({by})."
    if low > 0:
        return f"{entry.label} stays further from the original than {FLOOR} ({by})."
    return f"Between {entry.label} and {FLOOR} no difference is shown ({by})."


def _gap(key: str, contenders: Sequence[Entry], natural: Entry | None) -> str:
    """Who convinces the classifier beyond the judge, and by more than natural pictures of the predicted class do."""
    if natural is None:
        return ""
    found = [(entry, difference(key, entry, natural)) for entry in contenders]
    wide = [f"{_named(entry)} ({_shown(entry, key)})" for entry, gap in found if gap is not None and gap[1] > 0]
    if not wide:
        return ""
    whose, verb = ("it convinces", "convinces") if len(wide) == 1 else ("they convince", "convince")
    return (
        f"Beyond what {whose} the judge of, {text.listing(wide)} {verb} the classifier, and by more than natural "
        f"pictures of the predicted class do ({_shown(natural, key)})."
    )


def _shown(entry: Entry, key: str) -> str:
    score, card = entry.record.metrics[key], entry.metric(key)
    return f"{card.title} {text.number(card, score.value or 0.0, score.ci95)} {text.bounds(score.ci95)}".rstrip()
