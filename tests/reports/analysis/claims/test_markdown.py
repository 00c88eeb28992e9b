"""The board as a Markdown table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reports.analysis.claims.markdown import markdown
from reports.analysis.claims.rows import Board, CaseRow, ClaimRows, ConditionRow, NotRun


def test_the_readme_has_a_row_a_case(made: Board) -> None:
    rows = [line for line in markdown(made).splitlines() if line.startswith("|")]
    cases = [case for claim in made.claims for case in claim.told]
    assert len(rows) == 2 + len(cases)
    assert {row.count(" | ") for row in rows} == {4}
    for row, case in zip(rows[2:], cases, strict=True):
        assert f" {case.verdict} | " in row
        assert not case.standing or row.endswith(f" {case.corrected} |")
        for one in case.conditions:
            assert one.difference in row
            assert one.interval.strip("[]") in row
    text = markdown(made)
    assert ", ".join(f"{verdict} {number}" for verdict, number in made.totals) in text
    assert "LPIPS: biggan-logit − dosovitskiy-brox-2016a: +0.2000" in text
    assert "500 images ✗<br>" in text
    assert "class over draws, judge: value − bound 0.5: +0.3000" in text
    assert "16 images (shown only)" in text
    assert "(ours)" in text
    assert "the paper's own comparison" in text
    assert "<script>" not in text


CONDITION = ConditionRow(
    "lpips",
    "LPIPS",
    "a|b",
    "c",
    "must lie below 0",
    "refuted",
    "refuted",
    True,
    "0.1",
    "0.3",
    "−0.2",
    "[−0.3, −0.1]",
    "500 images",
)
CASE = CaseRow("a|b", ("c",), "remark", "does not hold", "not decided", (CONDITION,), (), (), ())


def board_of(*cases: CaseRow, **more: Any) -> Board:
    claim = ClaimRows("1", "*Bold* claim", "", ours=False, confounder="", cases=cases)
    return Board((claim,), (("holds", "0"), ("does not hold", "1")), (), "", more.get("not_run"), ("note",), None)


def test_text_shows_as_it_stands_and_the_claim_once() -> None:
    first, second = [
        line for line in markdown(board_of(CASE, replace(CASE))).splitlines() if line.startswith("| **1**")
    ]
    assert first == (
        r"| **1** \*Bold\* claim | a&#124;b *(remark)* | LPIPS: a&#124;b − c: −0.2 \[−0.3, −0.1\], 500 images ✗ "
        "| ✗ does not hold | ○ not decided |"
    )
    assert second.startswith(r"| **1** | a&#124;b")


def test_what_nobody_ran_is_a_line_with_its_commands_and_no_row() -> None:
    idle = replace(CASE, verdict="not run", corrected="not run", conditions=())
    text = markdown(
        board_of(idle, not_run=NotRun("one case of claim 1 was not run", (), ("bench run x", "bench run y")))
    )
    assert "|" not in text
    assert "One case of claim 1 was not run. What runs them: `bench run x`, `bench run y`." in text
    assert "Of 1 cases of the paper's claims: holds 0, does not hold 1." in text
    assert text.endswith("- note\n")


def test_what_is_shown_only_says_so_in_place_of_a_mark() -> None:
    shown = replace(CASE, conditions=(replace(CONDITION, decides=False),), reasons=("It is <open>.",))
    (row,) = [line for line in markdown(board_of(shown)).splitlines() if line.startswith("| **1**")]
    assert r"500 images (shown only)<br>It is &lt;open&gt;." in row
