"""Which groups speak in the first sentence, in which metrics, and who leads in how many of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.cards import MetricCard
from bench.describe import supplied
from bench.store.record import Record, Score
from reports.analysis.front import columns, foremost, silent, speaking, verdicts
from reports.analysis.groups import Entry, group
from reports.analysis.ranks import standings


def cell(record: Record, method: str, value: float, **changes: Any) -> Entry:
    """A lower value is better; intervals of a tenth to either side."""
    score = {"lpips": Score(value, (value - 0.1, value + 0.1), 100, None, False)}
    made: dict[str, Any] = {
        "method": method,
        "kind": "inverter",
        "access": "logits",
        "metrics": score,
        "num_images": 100,
    } | changes
    return Entry(replace(record, **made))


@pytest.fixture
def record(records: list[Record]) -> Record:
    return next(one for one in records if one.method == "biggan-logit")


def test_the_groups_with_the_most_images_of_each_classifier_speak(record: Record) -> None:
    groups = group(
        [
            cell(record, "a", 1.0),
            cell(record, "a", 1.0, num_images=60),
            cell(record, "only-there", 1.0, num_images=60),
            cell(record, "a", 1.0, classifier="other", num_images=60),
            cell(record, "floor", 1.0, classifier="controls-alone", kind="control", num_images=900),
        ]
    )
    speak = speaking(groups)
    assert [(one.classifier, one.num_images) for one in speak] == [("robust_resnet152", 100), ("other", 60)]
    assert foremost(groups) is speak[0]
    assert silent(groups, speak) == {"only-there": [60]}


def test_without_inverters_nobody_speaks(record: Record) -> None:
    groups = group([cell(record, "floor", 1.0, kind="control"), cell(record, "a", 1.0, access="features")])
    assert (speaking(groups), foremost(groups), columns(groups)) == ([], None, [])


def test_a_column_for_each_kind_of_comparison(records: list[Record]) -> None:
    keys = columns(group(Entry(one) for one in records))
    (one,) = group(Entry(one) for one in records)
    assert [one.metric(key).sees for key in keys] == ["features", "pixels", "classes", "ranks", "logits"]
    assert keys[0] == "lpips"
    assert "judge" in keys[2]


def test_a_metric_from_outside_fills_up_what_is_left(record: Record) -> None:
    cards = {
        key: MetricCard(key, key, "", better, "image", headline=k, sees="smell")
        for k, (key, better) in enumerate({"up": True, "neither": None, "down": False}.items())
    }
    metrics = {key: Score(0.5, (0.4, 0.6), 100, None, card.higher_is_better) for key, card in cards.items()}
    known = supplied(record)
    made = replace(record, metrics=metrics, cards=replace(known, metrics=cards))
    assert columns(group([Entry(made)])) == ["up", "down"]


def test_leads_and_ties_are_counted_over_groups(record: Record) -> None:
    groups = group(
        [
            cell(record, "a", 0.0),
            cell(record, "b", 1.0),
            cell(record, "a", 0.5, classifier="two"),
            cell(record, "b", 0.5, classifier="two"),
            cell(record, "a", 0.5, classifier="lone"),
        ]
    )
    (found,) = verdicts([standings(one) for one in groups], ["lpips"])
    assert (found.leads, found.ties, found.compared, found.groups) == ({"a": 1}, {("a", "b"): 1}, 2, 3)
