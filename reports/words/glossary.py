"""The words of the report: the bands of its tables, directions, what each control answers, caveats."""

from __future__ import annotations

from collections.abc import Iterable

from bench.cards import LAST, ROLES
from bench.metrics.base import MIN_SET_IMAGES
from bench.store.reader import Left
from reports.analysis.groups import Entry, Group, classifier_rank, held
from reports.analysis.metrics import picked
from reports.words.seeds import pictures

BANDS = ("Inverters", "Given features in place of logits, and not ranked", "Controls: floors and ceilings")

DIRECTIONS = {
    True: ("↑", "higher is better"),
    False: ("↓", "lower is better"),
    None: ("", "no direction is better in itself"),
}

ACCESS: dict[str, str] = {
    "logits": "nothing but the logits",
    "white-box": "the logits, and the classifier with its gradients",
    "features": "the penultimate features in place of the logits, and the classifier with its gradients",
    "original": "the original image (controls only)",
}


def bands(group: Group) -> list[tuple[str, list[Entry]]]:
    """Rows that stand together, with their titles, without bands that nobody stands in."""
    return [(title, entries) for title, entries in zip(BANDS, group.bands, strict=True) if entries]


def caveats(cells: Iterable[Left]) -> list[str]:
    """What their classifiers must not be mistaken for, in the order of the tables."""
    ordered = sorted(cells, key=classifier_rank)
    cards = (one.cards.classifier for one in ordered)
    return list(dict.fromkeys(f"{card.name} is {card.caveat}" for card in cards if card.caveat))


def questions(cells: Iterable[Left]) -> list[tuple[str, str]]:
    """What each control answers, in the order of the rows."""
    controls = {one.record.method: one.cards.method for one in cells if one.record.kind == "control"}
    ordered = sorted(controls.values(), key=lambda card: ROLES.index(card.role) if card.role in ROLES else LAST)
    return [(card.name, card.question) for card in ordered]


def warnings(group: Group) -> list[str]:
    """What a reader of these scores must know beforehand."""
    found = [*caveats(group.entries), *pictures(group)]
    if group.num_images < MIN_SET_IMAGES:
        found.append(
            f"With {group.num_images:,} images the set-level distances are not defined (they need {MIN_SET_IMAGES:,}) "
            "and stand as a dash."
        )
    same = [key for key, card in group.metrics.items() if card.extractor == group.classifier]
    others = [key for key in picked(group.metrics, "distance") if key not in same and held(key, group)]
    if same:
        found.append(
            f"{' and '.join(same)} look through the very network that was inverted, which favours what that network "
            "likes to see." + (f" Read {others[0]} instead." if others else "")
        )
    return found
