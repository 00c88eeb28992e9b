"""Metrics by their cards: in which order, and which is picked for what."""

from __future__ import annotations

from dataclasses import replace

from bench.cards import Cards, MetricCard
from bench.describe import supplied
from bench.store.record import Level, Record, Score
from reports.analysis.groups import Entry
from reports.analysis.metrics import first, headlines, metrics_of, picked


def card(key: str, family: str, place: int, **more: object) -> MetricCard:
    return MetricCard(key, key, key, None, "image", family, place=place, **more)  # type: ignore[arg-type]


def entry(*cards: MetricCard) -> Entry:
    record = Record("m", "c", "cifar10", 9, 0, metrics={one.key: Score(1.0) for one in cards})
    known = supplied(record)
    return Entry(replace(record, cards=replace(known, metrics={one.key: one for one in cards})))


def test_families_stand_together_in_the_order_of_their_first_members() -> None:
    late, early, other, also = card("z", "A", 9), card("a", "A", 1), card("m", "B", 5), card("b", "B", 5)
    found = metrics_of([entry(late, other), entry(early, also, other)])
    assert list(found) == ["a", "z", "b", "m"]


def test_the_first_record_says_what_a_metric_is_and_levels_count() -> None:
    one, another = card("a", "A", 1, digits=1), card("a", "A", 1, digits=7)
    assert metrics_of([entry(one), entry(another)])["a"].digits == 1
    probe = replace(entry(one).record, probe="noise", levels=(Level("draw 1", 1.0, {"unheard": Score(2.0)}),))
    assert list(metrics_of([Entry(probe)])) == ["a", "unheard"]


def test_metrics_are_picked_by_their_roles_in_their_order() -> None:
    cards = [card("a", "A", 1, roles=("likeness",)), card("b", "A", 2, roles=("likeness", "ends")), card("c", "A", 3)]
    metrics = metrics_of([entry(*cards)])
    assert picked(metrics, "likeness") == ["a", "b"]
    assert (first(metrics, "ends"), first(metrics, "closest")) == ("b", "")


def test_what_must_be_fetched_is_in_the_main_table_where_somebody_has_it() -> None:
    cards = [card("b", "A", 1, headline=0), card("a", "A", 2, headline=0), card("f", "A", 3, headline=1, fetched=True)]
    metrics = metrics_of([entry(*cards, card("apart", "A", 4))])
    assert headlines(metrics, ["a"]) == ["a", "b"]
    assert headlines(metrics, ["a", "f"]) == ["a", "b", "f"]


def test_a_metric_without_a_card_goes_by_its_key() -> None:
    record = entry(card("a", "A", 1)).record
    assert isinstance(record.cards, Cards)
    assert metrics_of([Entry(replace(record, metrics={"new": Score(1.0)}))])["new"].title == "new"
