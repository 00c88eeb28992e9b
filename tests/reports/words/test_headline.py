"""The headline over tables of invented values: leads, ties, a lone method, nothing comparable, several classifiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bench.metrics.registry import metrics
from bench.store.record import Record, Score
from reports.analysis.groups import Entry, group
from reports.analysis.ranks import standings
from reports.words.headline import QUESTION, headline

N = 100
LPIPS, PSNR, CLASS, WITHIN, LOGITS = "lpips", "psnr", "reid_class_judge", "reid_within_class_judge_mrr", "logit_error"
Table = Mapping[str, Mapping[str, float]]  # method: key: goodness, of which one more is certainly better


def cells(record: Record, table: Table, classifier: str = "robust_resnet152", n: int = N) -> list[Entry]:
    """Records without values image by image: intervals of a tenth to either side decide. ``*`` marks the floor."""
    found = []
    for name, row in table.items():
        scores = {}
        for key, goodness in row.items():
            better = metrics()[key].card.higher_is_better
            value = goodness if better else -goodness
            scores[key] = Score(value, (value - 0.1, value + 0.1), n, None, better)
        floor = name == "*"
        method, kind = ("same-class-random", "control") if floor else (name, "inverter")
        made = replace(record, method=method, kind=kind, access="logits", metrics=scores, num_images=n)  # type: ignore[arg-type]
        found.append(Entry(replace(made, classifier=classifier, weights={})))
    return found


def said(entries: list[Entry]) -> str:
    groups = group(entries)
    return headline(groups, [standings(one) for one in groups])


ONE: dict[str, tuple[Table, str]] = {
    "each leads in something": (
        {"a": {LPIPS: 3, PSNR: 1, CLASS: 2}, "b": {LPIPS: 1, PSNR: 3, CLASS: 1}, "c": {LPIPS: 2, PSNR: 2, CLASS: 3}},
        "No inverter leads everywhere: a is closest by LPIPS, b by PSNR, and c keeps the class most often.",
    ),
    "one leads in two of three": (
        {"a": {LPIPS: 3, PSNR: 1, CLASS: 3}, "b": {LPIPS: 1, PSNR: 3, CLASS: 1}},
        "No inverter leads everywhere: a is closest by LPIPS and keeps the class most often, and b is closest by PSNR.",
    ),
    "a leader of a later column is named": (
        {
            "a": {LPIPS: 3, PSNR: 3, CLASS: 3, WITHIN: 3, LOGITS: 1},
            "b": {LPIPS: 1, PSNR: 1, CLASS: 1, WITHIN: 1, LOGITS: 3},
        },
        "No inverter leads everywhere: a is closest by LPIPS and PSNR and keeps the class most often, "
        "and b matches the logits best.",
    ),
    "one leads everywhere": (
        {"a": {LPIPS: 3, PSNR: 3, CLASS: 3}, "b": {LPIPS: 1, PSNR: 1, CLASS: 1}},
        "a leads in all three measures.",
    ),
    "one leads, elsewhere a tie": (
        {"a": {LPIPS: 3, CLASS: 3}, "b": {LPIPS: 1, CLASS: 3}},
        "Only a leads: it is closest by LPIPS; nothing separates a and b in keeping the class.",
    ),
    "what could not be compared does not count": (
        {"a": {LPIPS: 3, PSNR: 3, CLASS: 1}, "b": {LPIPS: 1, PSNR: 1}},
        "a leads in both measures that could be compared.",
    ),
    "ties alone": (
        {"a": {LPIPS: 3, PSNR: 3}, "b": {LPIPS: 3, PSNR: 3}},
        "No inverter leads: nothing separates a and b in either measure.",
    ),
    "ties of different sets": (
        {"a": {LPIPS: 3, PSNR: 3}, "b": {LPIPS: 3, PSNR: 3}, "c": {LPIPS: 3, PSNR: 1}},
        "No inverter leads: nothing separates the first in either measure.",
    ),
    "alone, won and lost": (
        {"a": {LPIPS: 3, PSNR: 1, CLASS: 2}, "*": {LPIPS: 1, PSNR: 3, CLASS: 2}},
        "a, the only inverter here, beats the class alone in LPIPS, loses in PSNR and is level with it in {class}.",
    ),
    "alone, lost alone": (
        {"a": {LPIPS: 1}, "*": {LPIPS: 3}},
        "a, the only inverter here, loses to the class alone in LPIPS.",
    ),
    "alone without a floor": (
        {"a": {LPIPS: 1}},
        "a, the only inverter here, meets no control that knows the class alone.",
    ),
}


@pytest.mark.parametrize(("table", "sentence"), ONE.values(), ids=ONE)
def test_one_classifier(records: list[Record], table: Table, sentence: str) -> None:
    assert said(cells(records[0], table)) == sentence.replace("{class}", metrics()[CLASS].card.title)


A, B, TIED = {"a": {LPIPS: 3}, "b": {LPIPS: 1}}, {"a": {LPIPS: 1}, "b": {LPIPS: 3}}, {"a": {LPIPS: 2}, "b": {LPIPS: 2}}
SEVERAL: dict[str, tuple[list[Table], str]] = {
    "the same everywhere": ([A, A], "a leads in the one measure on both classifiers."),
    "on most": ([A, A, A, TIED], "Only a leads: on 3 of 4 classifiers it is closest by LPIPS."),
    "split": (
        [A, A, B, TIED],
        "No inverter leads everywhere: a is closest by LPIPS on 2 of 4, b on 1, with 1 undecided.",
    ),
    "one that compares nothing is no tie": (
        [A, B, {"a": {LPIPS: 3}}],
        "No inverter leads everywhere: a is closest by LPIPS on 1 of 3, b on 1.",
    ),
    "tied everywhere": (
        [TIED, TIED, TIED],
        "No inverter leads: nothing separates a and b in the one measure on all 3 classifiers.",
    ),
    "alone on each": (
        [{"a": {LPIPS: 3}, "*": {LPIPS: 1}}, {"a": {LPIPS: 1}, "*": {LPIPS: 3}}],
        "a, the only inverter here, beats the class alone in 1 of 2 scores on both classifiers.",
    ),
    "another alone on each": (
        [{"a": {LPIPS: 3}}, {"b": {LPIPS: 3}}],
        "No inverter meets another on both classifiers: nothing can be ranked.",
    ),
}


@pytest.mark.parametrize(("tables", "sentence"), SEVERAL.values(), ids=SEVERAL)
def test_several_classifiers(records: list[Record], tables: list[Table], sentence: str) -> None:
    entries = [one for k, table in enumerate(tables) for one in cells(records[0], table, f"net-{k}")]
    assert said(entries) == sentence


def test_a_lead_over_fewer_images_is_never_told(records: list[Record]) -> None:
    """c leads on 60 images; on 100, where it did not run, a does."""
    entries = [*cells(records[0], A), *cells(records[0], {"a": {LPIPS: 1}, "c": {LPIPS: 9}}, n=60)]
    assert said(entries) == "a leads in the one measure."


def test_nothing_comparable_says_why_and_is_no_tie(records: list[Record]) -> None:
    few = said(cells(records[0], A, n=20))
    assert few == "Nothing here can be ranked: fewer than 50 images."
    (control,) = cells(records[0], {"*": {LPIPS: 1}})
    assert said([control]) == "No inverter with scores can be ranked here."
    assert headline([], []) == QUESTION


def test_several_datasets_are_comparisons_and_no_classifiers(records: list[Record]) -> None:
    other = [Entry(replace(one.record, dataset="folder:other", cards=None)) for one in cells(records[0], A)]
    assert said([*cells(records[0], A), *other]) == "a leads in the one measure on both comparisons."


def test_two_seeds_of_a_method_lead_as_one(records: list[Record]) -> None:
    twin = [Entry(replace(one.record, seed=1)) for one in cells(records[0], {"a": {LPIPS: 3}})]
    assert said([*cells(records[0], A), *twin]) == "a leads in the one measure."
