from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bench.cards import Answer, ProbeCard
from bench.describe import known_probe
from bench.store.record import Score
from reports.analysis.probe_groups import Together, together
from reports.words.answers import answers
from tests.reports.analysis.test_answers import MOVED, entry
from tests.reports.probe_records import KINDS, everybody, grouped, levels_of, make_record
from tests.reports.probe_records import entry as invented

CHANGES = ("falls", "rises", "stays")


def told(group: Together, *given: Answer) -> tuple[str, ...]:
    return answers(ProbeCard("wobble", answers=given), group)


@pytest.mark.parametrize("kind", KINDS)
def test_every_probe_answers_its_question_in_words_for_people(kind: str) -> None:
    """Each of its sentences is there, names measures by their titles, and leaves no blank open."""
    card, group = known_probe(kind), everybody(kind)
    said = answers(card, group)
    assert len(said) == len(card.answers) >= 1
    for sentence in said:
        assert sentence.endswith(".")
        assert not re.search(r"[{}]|\b[a-z]+_(judge|target|neutral|input|step|move)", sentence)
    values = {at for one in card.answers for at in one.values}
    levels = {name for name, _ in levels_of(kind)} | {"", "*", "<", ">"}
    assert {level for _, level in values} <= levels


def test_records_of_earlier_versions_answer_in_the_words_of_today() -> None:
    group, old = everybody("noise"), ProbeCard("noise", answers=(Answer("Old: {0}.", (("diversity", ""),)),))
    assert answers(old, group) == answers(known_probe("noise"), group)
    (said,) = answers(replace(old, name="noise-of-others"), group)
    assert said.startswith("Old: ")


def test_records_that_disagree_are_counted(tmp_path: Path) -> None:
    means = [(0, 0.1, 0.4), (0, 0.1, 0.5), (0, 0.4, 0.1), (0, 0.2, 0.2)]
    (group,) = together(entry(tmp_path / str(k), one) for k, one in enumerate(means))
    moved = replace(MOVED, words="Contrast {is}, from {0} to {1}.", sides=CHANGES)
    assert told(group, moved) == (
        "Contrast rises in 2 of 4 records, stays in 1 and falls in 1, from 0.100–0.400 to 0.100–0.500.",
    )
    (two,) = together(entry(tmp_path / f"both {k}", one) for k, one in enumerate(means[:2]))
    assert told(two, moved) == ("Contrast rises in both records, from 0.100 to 0.400–0.500.",)
    (one,) = together([entry(tmp_path / "one", means[0])])
    assert told(one, moved) == ("Contrast rises, from 0.100 to 0.400.",)


def test_without_pairs_no_side_is_taken() -> None:
    moved = Answer("It {is}: {0}, {1}.", (("contrast", "shift -2"), ("contrast", "shift 2")), CHANGES)
    (sentence,) = told(grouped(invented("shift")), moved)
    assert sentence.startswith("It cannot be compared image by image: 0.")


def test_extremes_are_named_where_a_name_is_short() -> None:
    one = Answer("{0}", (("class_judge_draws", ""),))
    noise = {name: make_record("noise", name) for name in ("resnet152", "inception_v3", "robust_resnet152")}
    values = dict(zip(noise, (0.734, 0.5, 0.6), strict=True))
    group = grouped(*(
        replace(invented("noise"), record=replace(record, metrics={"class_judge_draws": Score(values[name], None, 9)}))
        for name, record in noise.items()
    ))  # fmt: skip
    assert told(group, one) == ("50\u00a0% (inception_v3) to 73\u00a0% (resnet152)",)
    assert "(" not in told(everybody("noise"), one)[0]


def test_a_sentence_without_values_is_left_out() -> None:
    gone = Answer("Never: {0}.", (("contrast", "no such level"),))
    assert told(grouped(invented("shift")), gone) == ()


def test_a_probe_that_says_nothing_tells_its_first_measures() -> None:
    bare = ProbeCard("wobble")
    first, second, *_ = answers(bare, grouped(invented("shift")))
    assert first.startswith("From shift -2 to shift 2 LPIPS to neutral cannot be compared image by image, from 0.")
    assert "class as neutral, judge" in second
    each = answers(bare, grouped(invented("ood")))[0]
    assert re.fullmatch(r"LPIPS: [\d.]+ on cifar10, [\d.]+ on photographs and [\d.]+ on fashion-mnist\.", each)
    assert answers(bare, grouped(invented("noise")))[-2].startswith("Diversity: 0.")
