"""The page's first sentences: what it holds, and the findings that paired differences support. All from records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.record import Record
from reports import text
from reports.best import difference
from reports.claims.numbers import interval, places, signed
from reports.groups import Entry, Group
from reports.scores import Winners

PRAISE = {
    "lpips": "is closest to the originals",
    "reid_class_judge": "keeps their class for an independent judge most often",
}
FLOORS = {
    "same-class-random": "a random training image of the predicted class",
    "train-nearest": "the training image whose logits are nearest",
}


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
        f"of {text.listing(record.dataset for record in cells)} each, run {text.days(r.created for r in cells)}."
    )


def finding(group: Group, winners: Winners, anchor: str) -> Finding | None:
    """The headline of a group, or None where it has no ranked inverter with scores."""
    contenders = [entry for entry in group.contenders if entry.complete and _value(entry, "lpips") is not None]
    if not contenders:
        return None
    closest = min(contenders, key=lambda entry: _value(entry, "lpips") or 0.0)
    sentences = [
        _lead(winners, contenders),
        *(_against(closest, group.controls, method) for method in FLOORS),
        _gap(contenders, group.controls),
    ]
    where = f"{group.classifier} on {group.dataset}, {text.plural(group.num_images, 'image')}"
    return Finding(anchor, where, tuple(filter(None, sentences)))


def _lead(winners: Winners, contenders: Sequence[Entry]) -> str:
    """Who is better than every other; a lone method is only described."""
    if len(contenders) == 1:
        (only,) = contenders
        shown = [_shown(only, key) for key in PRAISE if _value(only, key) is not None]
        return f"{_named(only)} stands alone: {text.listing(shown)}."
    praised: dict[str, list[str]] = {}
    for key, words in PRAISE.items():
        winner = winners.get(key)
        if winner is not None:
            praised.setdefault(_named(winner), []).append(f"{words} ({_shown(winner, key)})")
    if not praised:
        return f"Of {len(contenders)} ranked inverters none is better than every other in {text.listing(PRAISE)}."
    leads = [f"{label} {text.listing(words)}" for label, words in praised.items()]
    others = "the other ranked inverter" if len(contenders) == 2 else f"each of the {len(contenders) - 1} others ranked"
    return f"Of the inverters, {'; '.join(leads)}, by paired differences from {others}."


def _named(entry: Entry) -> str:
    """The label; a method that sees more than the logits says so."""
    access = entry.record.access
    return entry.label if access == "logits" else f"{entry.label} ({access})"


def _against(entry: Entry, controls: Sequence[Entry], method: str) -> str:
    """Whether the closest inverter comes closer to the original than a control does."""
    control = _control(controls, method)
    found = difference("lpips", entry, control) if control is not None else None
    if found is None:
        return ""
    mean, low, high = found
    digits = places("lpips", mean, low, high)
    by = f"lpips {signed(mean, digits)} {interval(low, high, digits)} in paired differences"
    if high < 0:
        return f"{entry.label} comes closer to the original than {FLOORS[method]} ({by})."
    if low > 0:
        return f"{entry.label} stays further from the original than {FLOORS[method]} ({by})."
    return f"Between {entry.label} and {FLOORS[method]} no difference is shown ({by})."


def _control(controls: Sequence[Entry], method: str) -> Entry | None:
    return next((one for one in controls if one.record.method == method and one.complete), None)


def _gap(contenders: Sequence[Entry], controls: Sequence[Entry]) -> str:
    """Who convinces the classifier beyond the judge, and by more than natural pictures of the predicted class do."""
    natural = _control(controls, "same-class-random")
    if natural is None:
        return ""
    found = [(entry, difference("reid_gap", entry, natural)) for entry in contenders]
    wide = [f"{_named(entry)} ({_shown(entry, 'reid_gap')})" for entry, gap in found if gap is not None and gap[1] > 0]
    if not wide:
        return ""
    return (
        f"Beyond what it convinces the judge of, {text.listing(wide)} convinces the classifier, and by more than "
        f"natural pictures of the predicted class do ({_shown(natural, 'reid_gap')})."
    )


def _value(entry: Entry, key: str) -> float | None:
    score = entry.record.metrics.get(key)
    return score.value if score else None


def _shown(entry: Entry, key: str) -> str:
    score = entry.record.metrics[key]
    value = score.value or 0.0
    return f"{key} {text.number(key, value)}" + (f" {text.bounds(key, value, score.ci95)}" if score.ci95 else "")
