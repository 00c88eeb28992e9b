"""The leading inverter against the strongest control, in sentences and as a table: what it won and lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.config import RunConfig
from reports.analysis.controls import Match, strongest
from reports.analysis.groups import Entry, Group, main_keys, told_apart
from reports.analysis.metrics import first
from reports.analysis.pairs import MIN_PAIRS
from reports.analysis.ranks import FEW, ONE_NUMBER
from reports.words import text
from reports.words.markdown import markdown_lines
from reports.words.ranks import ground

FEW_LOGITS = 100
HOLM = "paired differences after Holm's correction over these metrics"
NAMED = 3  # so many metrics are named, of more the number must do
BY_CONSTRUCTION = "the logits of {} are nearest by construction"
FETCHED = "the training image whose logits are nearest"  # what the control of the role ``memory`` gives


def against(group: Group, inverters: Sequence[Entry]) -> list[str]:
    """Sentences: each inverter against its strongest control, and what stays open where memorising was not tried."""
    found = [(entry, strongest(group, entry)) for entry in inverters]
    sentences = [_score(group, one) for _, one in found if one is not None and one.compared]
    beside = [entry.label for entry, one in found if one is None or not one.compared]
    if beside:
        why = "none was run" if not any(one for _, one in found) else _why_not(group)
        sentences.append(f"{text.listing(beside)} cannot be held against a control: {why}.")
    return [*sentences, _missing(group, [entry.label for entry in inverters])]


def _score(group: Group, one: Match) -> str:
    """Won, lost and open, on what grounds, and what that means."""
    sums = [
        f"{verb} {len(keys)}{_names(_titles(group, keys))}"
        for verb, keys in (("wins", one.won), ("loses", one.lost), ("is level in", one.open))
        if keys
    ]
    sentence = (
        f"Of {text.plural(one.compared, 'main metric')} {one.inverter.label} {text.listing(sums)} against "
        f"{one.control.label}, the strongest control (by {ground(one.paired, HOLM)})"
    )
    sides = ((one.control.label, one.behind), (one.inverter.label, one.ahead))
    sets = [_favour(_titles(group, keys), whose) for whose, keys in sides if keys]
    return f"{'; '.join([sentence, *sets])}. {_meaning(group, one.control)}".rstrip()


def _favour(keys: Sequence[str], whose: str) -> str:
    numbers = "one number, favours" if len(keys) == 1 else "one number each, favour"
    return f"{text.listing(keys)}, {numbers} {whose}"


def against_markdown(found: Sequence[tuple[Group, Match]]) -> str:
    """A sentence over all groups for each control that is the strongest somewhere, a table, and what it means."""
    meant = meaning([group for group, _ in found])
    head = (
        "network",
        "strongest control",
        "logits",
        "won",
        "not separated",
        "lost",
        "one number each, in favour of the control",
    )
    rows = []
    names = told_apart([one for one, _ in found])
    for name, (one, match) in zip(names, found, strict=True):
        sets = f"{len(match.behind)} of {len(match.behind) + len(match.ahead)}"
        sides = (f"{len(keys)}{_names(keys)}" for keys in (match.won, match.open, match.lost))
        rows.append([name, match.control.label, str(one.cards.classifier.num_logits or text.DASH), *sides, sets])
    told = [_total(name, [one for one in found if one[1].control.label == name]) for name in _labels(found)]
    return "\n".join([*told, meant, "", *markdown_lines(head, rows)]) + "\n"


def _labels(found: Sequence[tuple[Group, Match]]) -> list[str]:
    return list(dict.fromkeys(match.control.label for _, match in found))


def _total(control: str, found: Sequence[tuple[Group, Match]]) -> str:
    """Won, lost and open over several classifiers, and over several datasets."""
    matches = [match for _, match in found]
    over, datasets = (
        text.plural(len({one.classifier for one, _ in found}), "classifier"),
        {one.dataset for one, _ in found},
    )
    if len(datasets) > 1:
        over += f" on {text.listing(sorted(datasets))}"
    won, unclear, lost, ahead, behind = (
        sum(len(keys) for keys in side)
        for side in zip(*((m.won, m.open, m.lost, m.ahead, m.behind) for m in matches), strict=True)
    )
    how = ground([paired for one in matches for paired in one.paired], f"{HOLM} of each classifier")
    compared, sets = won + unclear + lost, ahead + behind
    return (
        f"`{control}`, the strongest control, beats `{matches[0].inverter.label}` in {lost} of the {compared} main "
        f"metrics that can be compared ({over}; by {how}), is beaten in {won} "
        f"and not separated in {unclear}; of {sets} distances between sets, one number each, {behind} are in its "
        f"favour: {lost + behind} of {compared + sets} in all."
    )


def _names(keys: Sequence[str]) -> str:
    return f" ({text.listing(keys)})" if 0 < len(keys) <= NAMED else ""


def _titles(group: Group, keys: Iterable[str]) -> list[str]:
    """What people call these metrics."""
    return [group.metric(key).title for key in keys]


def meaning(groups: Sequence[Group], *, titles: bool = False) -> str:
    """What it is worth to beat the control that memorises; empty where none was run. Metrics by key, or by title."""
    one = next((one for one in groups if one.control("memory")), None)
    memory = one.control("memory") if one is not None else None
    if one is None or memory is None:
        return ""
    near = first(one.metrics, "target-class")
    logits = text.listing(_seeing(one, "logits", titles=titles))
    near = one.metric(near).title if near and titles else near
    nearly = f", and nearly so in {near}," if near else ""
    start = f" In {logits}{nearly} it has a head start: " if logits else " It has a head start: "
    return (
        "With few logits the nearest training image is nearly a draw from p(x | z). A sampler can then be expected to "
        f"do no more than equal {memory.record.method}; an averaging decoder may pass it"
        f"{_averages(one, titles=titles)}. Beating it means something where logits are many.{start}"
        f"{BY_CONSTRUCTION.format(memory.record.method)}."
    )


def _seeing(group: Group, what: str, *, titles: bool) -> list[str]:
    keys = [key for key in main_keys(group) if group.metric(key).sees == what]
    return _titles(group, keys) if titles else keys


def _averages(group: Group, *, titles: bool) -> str:
    """Where an average of possible originals does well: in what compares pixels."""
    pixels = text.listing(_seeing(group, "pixels", titles=titles))
    return f" in {pixels}" if pixels else ""


def _meaning(group: Group, control: Entry) -> str:
    """What equality with the control that memorises is worth at this number of logits."""
    if control.cards.method.role != "memory":
        return ""
    logits = group.cards.classifier.num_logits
    ceiling = (
        "no more than equality can be expected of a faithful draw from p(x | z); an averaging decoder may pass it"
        f"{_averages(group, titles=True)}"
    )
    if not logits:
        told = f"For a sampler, with few logits, {ceiling}; where logits are many, beating it means something"
    elif logits <= FEW_LOGITS:
        told = f"For a sampler, at {logits} logits, {ceiling}"
    else:
        told = f"At {text.count(logits)} logits it is no ceiling, and beating it means something"
    return f"{told}; {BY_CONSTRUCTION.format(control.record.method)}."


def _why_not(group: Group) -> str:
    return FEW if group.num_images < MIN_PAIRS else ONE_NUMBER


def _missing(group: Group, labels: Sequence[str]) -> str:
    """That memorising was not tried, what that leaves open, and what to type; empty where it was."""
    if group.control("memory") is not None:
        return ""
    found = [one.record for one in group.controls if one.cards.method.role == "memory"]
    who, status, advice = f"The control that fetches {FETCHED}", "not run", f"Type: {_command(group)}"
    if found:
        who, status = f"{found[0].method}, elsewhere the strongest control,", found[0].status
        _, typed, command = (found[0].reason or "").rpartition("Type: ")
        advice = f"Type: {command}" if typed else "The table says why."
    return f"{who} was {status}: whether {text.listing(labels)} does more than fetch {FETCHED} stays open. {advice}"


def _command(group: Group) -> str:
    """The run of an inverter of the group, which adds the controls beside it."""
    card, aliases = group.cards.classifier, group.cards.dataset.aliases
    known = card.place is not None or ":" in group.classifier or group.classifier in aliases
    method = next(entry.record.method for entry in group.contenders)
    dataset = "" if group.dataset == RunConfig.dataset else f" --dataset {group.dataset}"
    return (
        f"bench run --method {method} --classifier {group.classifier if known else 'FILE.py:FUNCTION'}{dataset} "
        f"--num-images {group.num_images}"
    )
