"""Which images the gallery embeds: the same ones for every method of every classifier, and never picked by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reports.analysis.groups import Entry, Group
from reports.analysis.images import facts, image_ids, is_right, known_ids, names_classes
from reports.analysis.metrics import Metrics, metrics_of, picked
from reports.words import text

EMBEDDED = 64
RANDOM = 24  # of so many at least; what the other sets leave free is filled with more of these
SHOWN = 12  # a table begins with so many of them
WRONG = 8
FIRST = 8
ENDS = 2
ENOUGH = 500  # a shorter run does not narrow the choice of a longer one

Rows = tuple[int, ...]


@dataclass(frozen=True)
class Choice:
    """The images of a gallery.

    Attributes:
        rows: in published order; what follows counts in positions of this tuple.
        sets: name to positions in the order of the set: ``random``, ``wrong``, ``first``, ``ends``, ``all``.
        reasons: why each image is there.
        sentences: how the images were chosen, for the page.
    """

    rows: Rows
    sets: Mapping[str, Rows]
    reasons: tuple[str, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class _Filter:
    """Who is right about which of the first images; ``asked`` names the classifiers whose answers count."""

    right: NDArray[np.bool_]
    asked: tuple[str, ...]
    other_classes: tuple[str, ...]
    unknown: tuple[str, ...]


def choose(group: Group, groups: Sequence[Group], embedded: int = EMBEDDED) -> Choice:
    """The images for this group, which every other group of the dataset with enough images shows too.

    Args:
        group: whose gallery it is.
        groups: all of the page.
        embedded: about how many; of fewer than ``EMBEDDED`` each set has its share.
    """
    wrong, first = (max(1, amount * embedded // EMBEDDED) for amount in (WRONG, FIRST))
    peers = _peers(group, groups)
    reach = min(peer.num_images for peer in peers)
    asked = _filter(peers, groups, reach)
    drawn = _shuffled(group, range(reach))
    candidates = [row for row in drawn if asked.right[row]]
    num_ends = ENDS if embedded == EMBEDDED else int(embedded >= EMBEDDED // 2)
    ends = _ends(peers, reach, num_ends)
    sets: dict[str, list[int]] = {
        "wrong": [row for row in drawn if not asked.right[row]][:wrong],
        "first": list(range(min(first, reach))),
        "ends": list(dict.fromkeys(row for _, rows in ends for row in rows)),
    }
    sets = {"random": _random(candidates, {row for rows in sets.values() for row in rows}, embedded)} | sets
    chosen = dict.fromkeys(row for rows in sets.values() for row in rows)
    rest = [row for row in drawn if row not in chosen][: max(0, embedded - len(chosen))]
    rows = tuple(sorted([*chosen, *rest]))
    place = {row: position for position, row in enumerate(rows)}
    places = {name: tuple(place[row] for row in members) for name, members in (sets | {"all": list(rows)}).items()}
    reasons = tuple(_reason(row, sets, ends) for row in rows)
    return Choice(
        rows, places, reasons, tuple(_sentences(group, peers, asked, sets, num_ends if ends else 0, len(rows)))
    )


def _peers(group: Group, groups: Sequence[Group]) -> tuple[Group, ...]:
    """The groups that have a say in the choice: same images in the same order, and enough of them."""
    mine = known_ids(group)

    def same(other: Group) -> bool:
        theirs = known_ids(other)
        if other.dataset != group.dataset or not mine or not theirs:
            return False
        common = min(len(mine), len(theirs))
        return other.num_images >= _least(group) and mine[:common] == theirs[:common]

    return tuple(other for other in groups if other is group or same(other)) or (group,)


def _least(group: Group) -> int:
    """How many images a run must have to have a say; groups of equal answers choose the same images."""
    return min(ENOUGH, group.num_images)


def _filter(peers: Sequence[Group], groups: Sequence[Group], reach: int) -> _Filter:
    right, asked = np.ones(reach, np.bool_), []
    for peer in peers:
        found = is_right(peer)
        if found is not None:
            right &= found[:reach]
            asked.append(peer.classifier)
    others = [one for one in groups if one.dataset == peers[0].dataset and one.classifier not in asked]
    return _Filter(
        right,
        tuple(dict.fromkeys(asked)),
        tuple(dict.fromkeys(one.classifier for one in others if not _silent(one))),
        tuple(dict.fromkeys(one.classifier for one in others if _silent(one))),
    )


def _silent(group: Group) -> bool:
    """Whether it is the lack of answers to these images that keeps a classifier out of the filter."""
    return names_classes(group) or (not group.cards.classifier.classes and not facts(group))


def _shuffled(group: Group, rows: Iterable[int]) -> list[int]:
    """Rows in the order of the SHA-256 of their image's id: random, and yet the same in every report."""
    return sorted(rows, key=_digests(tuple(image_ids(group))).__getitem__)


@lru_cache(maxsize=8)  # most groups have the same images
def _digests(names: tuple[str, ...]) -> list[bytes]:
    return [hashlib.sha256(name.encode()).digest() for name in names]


def _random(candidates: Sequence[int], others: set[int], embedded: int) -> list[int]:
    """The first candidates: ``RANDOM`` of ``EMBEDDED``, and more until all sets together make the images wanted."""
    taken: dict[int, None] = {}
    fewest, together = max(min(SHOWN, embedded), RANDOM * embedded // EMBEDDED), set(others)
    for row in candidates:
        if len(taken) >= fewest and len(together) >= embedded:
            break
        taken[row] = None
        together.add(row)
    return list(taken)


def contenders(peers: Sequence[Group], key: str) -> list[Entry]:
    """Every inverter of these groups that starts from the logits and has values of this metric."""
    return [entry for peer in peers for entry in peer.contenders if entry.complete and key in entry.per_image]


@lru_cache(maxsize=8)  # most groups have the same peers
def _ends_metrics(peers: tuple[Group, ...]) -> Metrics:
    metrics = metrics_of(entry for peer in peers for entry in peer.complete)
    return {key: metrics[key] for key in picked(metrics, "ends")}


def _ends(peers: tuple[Group, ...], reach: int, num_ends: int) -> list[tuple[str, list[int]]]:
    """For each metric that is picked for it the rows with the best and the worst mean over the contenders."""
    found = []
    for title, order in _orders(peers, reach):
        amount = min(num_ends, len(order) // 2)
        found.append((f"among the best by {title}", order[:amount]))
        found.append((f"among the worst by {title}", order[len(order) - amount :][::-1]))
    return [(reason, rows) for reason, rows in found if rows]


@lru_cache(maxsize=8)
def _orders(peers: tuple[Group, ...], reach: int) -> list[tuple[str, list[int]]]:
    """The title of each of these metrics, and the rows from the best mean to the worst."""
    found = []
    for key, card in _ends_metrics(peers).items():
        values = [np.asarray(entry.per_image[key][:reach], np.float64) for entry in contenders(peers, key)]
        mean = np.mean(values, axis=0) if values else np.empty(0)
        worst = -mean if card.higher_is_better else mean
        order = np.argsort(worst, kind="stable")
        found.append((card.title, order[np.isfinite(worst[order])].tolist()))
    return found


def _reason(row: int, sets: Mapping[str, Sequence[int]], ends: Sequence[tuple[str, Sequence[int]]]) -> str:
    said = {"random": "drawn at random", "wrong": "classified wrongly", "first": "early in the published order"}
    reasons = [words for name, words in said.items() if row in sets[name]]
    reasons += [reason for reason, rows in ends if row in rows]
    return ", ".join(reasons) or "drawn to fill the sheet"


def _sentences(
    group: Group,
    peers: tuple[Group, ...],
    asked: _Filter,
    sets: Mapping[str, Sequence[int]],
    num_ends: int,
    embedded: int,
) -> list[str]:
    """What a reader must know about the choice."""
    shared = text.listing(one.classifier for one in peers if _least(one) == _least(group))
    said = [
        f"{text.plural(embedded, 'image')} of the first {text.count(len(asked.right))} of {group.dataset}, the same "
        f"for every method and control of {shared}."
    ]
    said += _said_of_filter(group.dataset, asked, len(sets["random"]), len(sets["wrong"]))
    if num_ends:
        titles = text.listing(card.title for key, card in _ends_metrics(peers).items() if contenders(peers, key))
        said.append(
            f"Best and worst: {text.plural(num_ends, 'image')} at either end by {titles}, each by its mean "
            "over all inverters that start from the logits."
        )
    return said


def _said_of_filter(dataset: str, asked: _Filter, num_random: int, num_wrong: int) -> list[str]:
    drawn = f"Random: {text.count(num_random)}"
    if not asked.asked:
        return [
            f"{drawn}, drawn by a hash of the image's id. No classifier here names the classes of {dataset}, so the "
            "paper's filter (images that every classifier gets right) cannot be asked."
        ]
    names, several = text.listing(asked.asked), len(asked.asked) > 1
    num_right = int(asked.right.sum())
    said = [
        f"{drawn} of the {text.plural(num_right, 'image')} that {names} {'all get' if several else 'gets'} right "
        "(the paper's filter: every classifier of the report), drawn by a hash of the image's id.",
        f"Misclassified: {text.count(num_wrong)} of the {text.count(len(asked.right) - num_right)} that "
        f"{'at least one of them' if several else names} gets wrong, drawn in the same way.",
    ]
    if asked.other_classes:
        said.append(
            f"Left out of the filter, because their logits name other classes than those of {dataset}: "
            f"{text.listing(asked.other_classes)}."
        )
    if asked.unknown:
        said.append(
            "Left out of the filter, because no run beside this report has their answers to all of these images: "
            f"{text.listing(asked.unknown)}."
        )
    return said
