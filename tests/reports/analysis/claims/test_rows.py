"""The board as strings: what stands open, what is folded, what keeps its verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reports.analysis.claims.rows import BETWEEN, Board, CaseRow, ClaimRows, ConditionRow, matrix


def test_a_recipe_stands_beside_its_case(made: Board, tmp_path: Path) -> None:
    first = made.claims[0].cases[0]
    assert first.recipes == ("biggan-logit: cpu, abc", "dosovitskiy-brox-2016a: cpu, def")
    assert replace(first, conditions=()).computed is False


CONDITION = ConditionRow("lpips", "LPIPS", "a", "b", "", "met", "met", decides=True, difference="+0.1")
CASE = CaseRow("s", ("c",), "", "holds", "holds", (CONDITION,), (), (), ())


def test_a_condition_looks_like_its_outcome_unless_it_is_only_shown() -> None:
    assert (CONDITION.look, replace(CONDITION, decides=False).look) == ("met", "shown")


def test_a_case_is_folded_where_nobody_ran_it_and_no_number_is_there() -> None:
    bare = replace(CONDITION, difference="")
    for verdict, conditions, folded in (
        ("holds", (CONDITION,), False),
        ("not run", (bare, CONDITION), False),  # one side was run: its numbers are shown
        ("not run", (bare,), True),
        ("not decided", (bare,), False),  # it was run, and says why it is not decided
    ):
        case = replace(CASE, verdict=verdict, conditions=conditions)  # type: ignore[arg-type]
        assert (case.folded, case.computed) == (folded, CONDITION in conditions)


def test_the_correction_is_told_only_of_what_was_decided() -> None:
    assert CASE.standing == "stands after Holm"
    assert replace(CASE, corrected="not decided").standing == "after Holm: not decided"
    assert replace(CASE, verdict="not decided", corrected="not decided").standing == ""


def test_claims_and_boards_tell_what_is_not_folded() -> None:
    idle = replace(CASE, verdict="not run", conditions=())
    claim = ClaimRows("1", "", "", ours=False, confounder="", cases=(CASE, idle))
    assert (claim.told, claim.folded) == ((CASE,), (idle,))
    nothing = replace(claim, number="2", cases=(idle,))
    assert Board((claim, nothing), (), (), "", None, (), None).told == (claim,)


def test_the_effect_is_that_of_the_condition_that_the_verdict_follows_from() -> None:
    met, shown = CONDITION, replace(CONDITION, decides=False, difference="+0.9")
    refuted = replace(CONDITION, outcome="refuted", difference="-0.2")
    opened = replace(CONDITION, outcome="open", difference="+0.3")
    for verdict, conditions, effect in (
        ("holds", (shown, met), met),
        ("does not hold", (met, refuted), refuted),
        ("not decided", (met, opened), opened),
        ("not run", (replace(met, difference="", outcome="missing"), met), met),
        ("not decided", (shown,), None),
    ):
        assert replace(CASE, verdict=verdict, conditions=conditions).effect is effect  # type: ignore[arg-type]


def test_every_case_has_its_place_in_the_matrix() -> None:
    alone, other = replace(CASE, subject="m, c"), replace(CASE, subject="n, d", classifiers=("d",))
    both = replace(CASE, subject="m", classifiers=("c", "d"))
    first = ClaimRows("1", "", "", ours=False, confounder="", cases=(both,))
    second = ClaimRows("2", "", "", ours=False, confounder="", cases=(alone, other, replace(alone, subject="c")))
    idle = ClaimRows("3", "", "", ours=False, confounder="", cases=(replace(CASE, verdict="not run", conditions=()),))
    made = matrix((first, second, idle), "photos")
    assert made is not None
    assert (made.dataset, made.columns) == ("photos", ("c", "d", BETWEEN))
    assert [row.claim.number for row in made.rows] == ["1", "2"]
    labels = [[[mark.label for mark in cell] for cell in row.cells] for row in made.rows]
    assert labels == [[[], [], ["m, c − d"]], [["m", ""], ["n"], []]]
    assert matrix((idle,), "photos") is None
