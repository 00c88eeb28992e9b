"""Which probe records stand in one figure, how each is called there, and its colour and marker."""

from __future__ import annotations

from typing import Any

from reports.analysis.probe_groups import SIGNS, together
from tests.reports.probe_records import CLASSIFIERS, METHODS, entry, everybody, grouped, make_record


def test_classifiers_have_their_own_colours_on_every_page_and_methods_their_markers() -> None:
    all_of_them = {(one.classifier, one.method): one for one in everybody("shift").series}
    assert len({one.colour for one in all_of_them.values()}) == len(CLASSIFIERS)
    assert [all_of_them[CLASSIFIERS[0], method].marker for method in METHODS] == [0, 1]
    alone = grouped(entry("noise", CLASSIFIERS[2])).series[0]
    assert alone.colour == all_of_them[CLASSIFIERS[2], METHODS[0]].colour
    assert [one.robust for one in everybody("shift").series] == [name == CLASSIFIERS[0] for name in CLASSIFIERS] * 2


def test_others_share_the_colours_that_are_left_from_the_last_one_on() -> None:
    names = [f"mine-{k}" for k in range(SIGNS)]
    colours = {
        one.classifier: one.colour for one in grouped(*(entry("shift", name) for name in (*CLASSIFIERS, *names))).series
    }
    own = {colours[name] for name in CLASSIFIERS}
    left = [colour for colour in reversed(range(SIGNS)) if colour not in own]
    assert [colours[name] for name in names] == [left[k % len(left)] for k in range(SIGNS)]


def test_records_stand_by_method_and_then_by_classifier() -> None:
    found = [(one.method, one.classifier) for one in everybody("shift").series]
    assert found == [(method, classifier) for method in METHODS for classifier in CLASSIFIERS]
    assert everybody("shift").series[0].label == f"{CLASSIFIERS[0]} · {METHODS[0]}"


def test_twins_say_what_tells_them_apart_and_as_a_last_resort_their_key() -> None:
    def methods(*entries_of: dict[str, Any]) -> list[str]:
        return [one.method for one in grouped(*(entry("shift", **more) for more in entries_of)).series]

    assert methods({"seed": 0}, {"seed": 1}) == ["biggan-logit (seed 0)", "biggan-logit (seed 1)"]
    assert methods({"preset": "fast"}, {"preset": "paper", "seed": 3}) == [
        "biggan-logit (fast, seed 0)",
        "biggan-logit (paper, seed 3)",
    ]
    assert methods({"key": "k1"}, {"key": "k2"}) == ["biggan-logit (k1)", "biggan-logit (k2)"]


def test_scores_are_found_by_level_and_across_them() -> None:
    record = make_record("noise")
    (one,) = grouped(entry("noise")).series
    assert one.score("draw 1", "lpips") == record.levels[0].metrics["lpips"]
    assert one.score(None, "diversity") == record.metrics["diversity"]
    assert (one.score("draw 99", "lpips"), one.score("draw 1", "unheard"), one.level("draw 99")) == (None, None, None)


def test_a_group_knows_its_levels_and_measures_and_the_values_that_all_agree_about() -> None:
    other = make_record("shift", "resnet152")
    moved = tuple(type(one)(one.name, (one.value or 0) + (one.name == "shift 2"), one.metrics) for one in other.levels)
    group = grouped(entry("shift"), entry("shift", "resnet152", levels=moved))
    assert group.level_names == ["shift -2", "shift -1", "shift 0", "shift 1", "shift 2"]
    assert group.level_keys == list(other.levels[0].metrics)
    assert group.overall_keys == []
    assert (group.value("shift 1"), group.value("shift 2"), group.value("nowhere")) == (1, None, None)
    assert (group.metric("contrast").title, group.metric("unheard").title) == ("contrast", "unheard")


def test_only_complete_records_of_one_protocol_n_dataset_and_weights_stand_together() -> None:
    entries = [
        entry("shift"),
        entry("shift", "resnet152", status="failed"),
        entry("shift", num_images=100),
        entry("shift", dataset="folder:x"),
        entry("shift", protocol={"fingerprint": "another"}),
        entry("shift", "resnet152", weights={"resnet152": "bb" * 32}),
        entry("shift", "resnet152", weights={"resnet152": "cc" * 32}),
    ]
    found = [
        (one.dataset, one.num_images, one.fingerprint[:7], one.weights, len(one.series)) for one in together(entries)
    ]
    assert found == [
        ("cifar10", 250, "05974f7", "", 1),
        ("cifar10", 250, "05974f7", "resnet152 weights bbbbbbbbbbbb", 1),
        ("cifar10", 250, "05974f7", "resnet152 weights cccccccccccc", 1),
        ("cifar10", 250, "another", "", 1),
        ("cifar10", 100, "05974f7", "", 1),
        ("folder:x", 250, "05974f7", "", 1),
    ]
