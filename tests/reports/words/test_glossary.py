from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bench.cards import ROLES, unknown
from bench.describe import known_classifier, supplied
from bench.store.record import Record, Score
from reports.analysis.groups import ACCESS_ORDER, Entry, Group, group
from reports.words import glossary

THIN = ("robust_resnet152", "resnet152", "inception_v3")


def one(record: Record, classifier: str, n: int = 2_500, keys: Sequence[str] = ("lpips",)) -> Group:
    """A table of one record that has these metrics of a value; ``mine`` is also an extractor."""
    metrics = {key: Score(1.0) for key in keys}
    made = replace(record, classifier=classifier, num_images=n, metrics=metrics, weights={})
    cards = supplied(made)
    own = {key: replace(unknown(key), extractor="mine") for key in keys if key.endswith("_mine")}
    (found,) = group([Entry(replace(made, cards=replace(cards, metrics=cards.metrics | own)))])
    return found


@pytest.mark.parametrize("classifier", THIN)
def test_a_thin_classifier_is_called_so(records: list[Record], classifier: str) -> None:
    (warning,) = glossary.warnings(one(records[0], classifier))
    assert warning.startswith(f"{classifier} is a thin, 32x32 version of the published architecture")
    twice = [Entry(replace(records[0], classifier=name)) for name in ("mine", classifier, classifier)]
    assert glossary.caveats(twice) == [warning]


def test_others_are_not(records: list[Record]) -> None:
    assert glossary.warnings(one(records[0], "efficientnet_lite0")) == []
    assert glossary.caveats([Entry(replace(records[0], classifier="mine"))]) == []


def test_any_classifier_may_have_a_caveat(records: list[Record]) -> None:
    cards = replace(supplied(records[0]), classifier=replace(known_classifier("mine", ""), caveat="not what it seems."))
    assert glossary.caveats([Entry(replace(records[0], cards=cards))]) == ["mine is not what it seems."]


def test_few_images_have_no_distances(records: list[Record]) -> None:
    (warning,) = glossary.warnings(one(records[0], "mine", 2_047))
    assert "2,047 images" in warning
    assert glossary.warnings(one(records[0], "mine", 2_048)) == []


def test_another_distance_is_recommended_only_where_somebody_has_it(records: list[Record]) -> None:
    (told,) = glossary.warnings(one(records[0], "mine", keys=["fd_judge", "fd_mine", "kid_mine"]))
    (untold,) = glossary.warnings(one(records[0], "mine", keys=["fd_mine", "kid_mine"]))
    assert told == f"{untold} Read fd_judge instead."
    assert untold.startswith("fd_mine and kid_mine look through the very network that was inverted")


def test_controls_are_explained_in_the_order_of_their_rows(records: list[Record]) -> None:
    entries = [Entry(record) for record in reversed(records)]
    names = [name for name, _ in glossary.questions(entries)]
    (only,) = group(entries)
    assert names == [entry.label for entry in only.controls]
    assert len(names) == len(ROLES)
    assert all(question.endswith((".", "?")) for _, question in glossary.questions(entries))
    assert tuple(glossary.ACCESS) == ACCESS_ORDER
