"""Which metrics some records have, by their cards: in which order, and which of them is picked for what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bench.cards import MetricCard
from bench.store.reader import Left

Metrics = Mapping[str, MetricCard]


def metrics_of(cells: Iterable[Left]) -> Metrics:
    """Of every key that these records hold, family by family, in the order of their places."""
    found: dict[str, MetricCard] = {}
    for one in cells:
        held = (one.record.metrics, *(level.metrics for level in one.record.levels))
        found = {key: one.metric(key) for scores in held for key in scores} | found
    families: dict[str, int] = {}
    for card in found.values():
        families[card.family] = min(card.place, families.get(card.family, card.place))
    ordered = sorted(found.values(), key=lambda card: (families[card.family], card.family, card.place, card.key))
    return {card.key: card for card in ordered}


def picked(metrics: Metrics, role: str) -> list[str]:
    """The keys that are picked for something, in their order; see ``bench.cards.MetricCard``."""
    return [key for key, card in metrics.items() if role in card.roles]


def first(metrics: Metrics, role: str) -> str:
    """The first of them, or empty where there is none."""
    return next(iter(picked(metrics, role)), "")


def headlines(metrics: Metrics, held: Iterable[str]) -> list[str]:
    """The columns of the main table; one whose extractor must be fetched is among them where somebody has a value."""
    values = set(held)
    places = {key: card.headline for key, card in metrics.items() if not card.fetched or key in values}
    return sorted((key for key, place in places.items() if place is not None), key=lambda key: (places[key] or 0, key))
