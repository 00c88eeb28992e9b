"""The line against the strongest control, what is open, who is not part of it, and where it all comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bench.store.record import Record
from reports.analysis.groups import Entry, group
from reports.analysis.ranks import standings
from reports.words.deck import deck, source
from tests.reports.words.test_headline import CLASS, LPIPS, PSNR, cells


def said(entries: list[Entry]) -> tuple[str, ...]:
    groups = group(entries)
    return deck(groups, [standings(one) for one in groups])


def control(name: str, record: Record, row: Mapping[str, float], classifier: str = "robust_resnet152") -> Entry:
    (made,) = cells(record, {"*": row}, classifier)
    return Entry(replace(made.record, method=name))


INVERTERS = {"a": {LPIPS: 3.0, PSNR: 1.0, CLASS: 2.0}, "b": {LPIPS: 1.0, PSNR: 3.0, CLASS: 2.0}}


def test_won_lost_and_level_against_the_strongest_control(records: list[Record]) -> None:
    memory = control("train-nearest", records[0], {LPIPS: 1, PSNR: 3, CLASS: 2})
    weak = control("ridge", records[0], {LPIPS: 0, PSNR: 0, CLASS: 0})
    assert said([*cells(records[0], INVERTERS), memory, weak]) == (
        "Against train-nearest (memorising: the training image whose logits are nearest), the strongest control, a "
        "wins 1 of 3 main metrics, loses 1 and is level in 1.",
    )


def test_over_several_classifiers(records: list[Record]) -> None:
    entries = []
    for name in ("one", "two"):
        entries += [*cells(records[0], INVERTERS, name), control("ridge", records[0], {LPIPS: 9, PSNR: 9}, name)]
    first, second = said(entries)
    assert first == "Against ridge, the strongest control on both classifiers, a wins 0 of 4 main metrics and loses 4."
    assert second.startswith("Memorising was not tried on both classifiers: whether a does more than fetch")


def test_different_controls_and_ties_are_told_as_such(records: list[Record]) -> None:
    tied = {"a": {LPIPS: 3.0}, "b": {LPIPS: 3.0}}
    entries = [
        *cells(records[0], tied, "one"),
        *cells(records[0], INVERTERS, "two"),
        control("ridge", records[0], {LPIPS: 9}, "one"),
        control("class-mean", records[0], {LPIPS: 9}, "two"),
    ]
    assert said(entries)[0].startswith(
        "Against the strongest control of each (ridge or class-mean) the closest inverters win 0 of 3 main metrics and "
        "lose 3"
    )


def test_no_controls_is_said(records: list[Record]) -> None:
    assert said(cells(records[0], INVERTERS)) == ("No control was run, so what the class alone is worth is open.",)
    few = [*cells(records[0], INVERTERS, n=20), *cells(records[0], {"*": {LPIPS: 1}}, n=20)]
    assert said(few) == ("Nothing here can be compared with a control.",)


def test_who_ran_on_fewer_images_is_named(records: list[Record]) -> None:
    entries = [*cells(records[0], INVERTERS), *cells(records[0], {"late": {LPIPS: 9}}, n=60)]
    assert said(entries)[-1] == "Not part of this: late, which ran on 60 images only."


def test_the_source_says_what_was_measured_and_by_which_code(records: list[Record]) -> None:
    groups = group(Entry(one) for one in records)
    assert source(groups) == ("cifar10", "60 images", "robust_resnet152", "2025-11-22", "revision 0c81c25")
    assert source([]) == ()
    assert deck([], []) == ()


def test_who_ran_on_some_classifiers_only_is_named(records: list[Record]) -> None:
    entries = [*cells(records[0], INVERTERS, "one"), *cells(records[0], INVERTERS | {"new": {LPIPS: 9}}, "two")]
    assert "new ran on only 1 of the 2 classifiers." in said(entries)
    assert not any("only" in sentence for sentence in said(cells(records[0], INVERTERS, "one")))


def test_many_classifiers_are_counted(records: list[Record]) -> None:
    groups = group(one for name in "abc" for one in cells(records[0], INVERTERS, name))
    assert source(groups)[2] == "3 classifiers"
    assert source(groups[:2])[2] == "a and b"
