"""The board as printed: every number is the computed one, every reason and command is there, all text is escaped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reports.claims.board import NOTES, Board, board
from reports.claims.evidence import Evidence
from reports.claims.markdown import markdown
from reports.claims.rules import CLAIMS
from reports.claims.verdicts import rule
from reports.groups import Entry
from reports.render import _environment
from tests.reports.claims.world import DECODER, GAN, R, S, World
from tests.reports.page import Page


def html(board: Board) -> Page:
    module = _environment().get_template("_claims.html").module
    return Page(str(module.claims_board(board)))  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    world = World()
    world[GAN, R, ""].add("lpips", 0.3)  # claims 1 and 2 fail, 5 too
    del world.cells[DECODER, S, "perturb"]
    world[GAN, S, "noise"].change(status="failed", reason="<script>alert(1)</script>")
    return world.entries(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def made(entries: list[Entry]) -> Board:
    return board(entries)


def test_verdicts_are_counted(made: Board) -> None:
    verdicts = [case.verdict for claim in made.claims for case in claim.cases]
    assert len(verdicts) == 36
    assert made.totals == tuple((name, str(verdicts.count(name))) for name, _ in made.totals)
    assert dict(made.totals)["does not hold"] != "0"


def test_every_number_is_the_computed_one(made: Board, entries: list[Entry]) -> None:
    evidence, checked = Evidence(entries), 0
    for claim, rows in zip(CLAIMS, made.claims, strict=True):
        for case, row in zip(claim.cases, rows.cases, strict=True):
            for finding, shown in zip(rule(case, evidence).findings, row.conditions, strict=True):
                assert shown.outcome == finding.outcome
                if finding.measure is None:
                    assert shown.difference == ""
                    continue
                low, high = shown.interval.strip("[]").split(", ")
                digits = len(low.partition(".")[2])
                pairs = {
                    shown.first_value: finding.measure.values,
                    shown.second_value: finding.measure.against,
                    shown.difference: finding.measure.difference,
                    low: finding.measure.low,
                    high: finding.measure.high,
                }
                for printed, computed in pairs.items():
                    assert float(printed.replace("−", "-")) == pytest.approx(computed, abs=0.5001 * 10**-digits)
                assert shown.n.split()[0] == f"{finding.measure.n:,}"
                checked += 1
    assert checked > 70


def test_the_page_shows_all_of_it_and_escapes_it(made: Board) -> None:
    page = html(made)
    text = " ".join(page.root.text.split())
    for claim in made.claims:
        assert claim.statement in text
        assert claim.reading in text
        for case in claim.cases:
            for printed in (case.verdict, *case.reasons, *case.commands, *case.recipes):
                assert printed in text
            for one in case.conditions:
                for part in (one.first_value, one.second_value, one.difference, one.interval, one.n):
                    assert part in text
    for note in NOTES:
        assert note in text
    assert not page.root.all("script")
    assert "failed: <script>alert(1)</script>." in text
    assert [int(tag.text) for tag in page.root.first("ul", class_="claim-totals").all("strong")] == [
        int(number) for _, number in made.totals
    ]


def test_verdicts_differ_by_word_and_shape_not_by_colour_alone(made: Board) -> None:
    shapes: dict[str, set[str]] = {}
    for tag in html(made).root.all("span", class_="claim-verdict"):
        drawing = "".join(f"{one.name} {one.attributes.get('d')}" for one in tag.first("svg").children)
        shapes.setdefault(tag.text.strip(), set()).add(drawing)
    assert set(shapes) == {"holds", "does not hold", "not decided"}
    assert len(set.union(*shapes.values())) == 3


def test_a_case_says_why_it_is_not_decided(made: Board) -> None:
    cases = [case for claim in made.claims for case in claim.cases]
    for case in cases:
        assert bool(case.reasons) == (case.verdict == "not decided")
    waiting = next(claim for claim in made.claims if claim.number == "7b").cases[1]
    assert waiting.commands == (
        "bench probe perturb --method dosovitskiy-brox-2016a --classifier resnet152 --num-images 500",
    )


def test_an_interval_over_zero_is_named(tmp_path: Path) -> None:
    world = World()
    world[GAN, R, ""].add("lpips", 0.1)
    case = next(claim for claim in board(world.entries(tmp_path)).claims if claim.number == "2").cases[0]
    assert (case.verdict, case.reasons) == ("not decided", ("The interval of lpips holds zero.",))


def test_without_records_all_is_waiting() -> None:
    empty = board([])
    assert empty.computed == ()
    assert len(empty.waiting) == len(CLAIMS)
    page = html(empty)
    assert not page.root.all("table")
    assert "bench probe ood --method biggan-logit --classifier resnet152 --num-images 500" in page.root.text


def test_the_readme_has_a_row_a_case(made: Board) -> None:
    rows = [line for line in markdown(made).splitlines() if line.startswith("|")]
    cases = [case for claim in made.claims for case in claim.cases]
    assert len(rows) == 2 + len(cases)
    assert {row.count(" | ") for row in rows} == {3}
    for row, case in zip(rows[2:], cases, strict=True):
        assert row.endswith(f" {case.verdict} |")
        for one in case.conditions:
            assert one.difference in row
            assert one.interval.strip("[]") in row
    text = markdown(made)
    assert ", ".join(f"{verdict} {number}" for verdict, number in made.totals) in text
    assert "lpips: biggan-logit − dosovitskiy-brox-2016a: +0.2000" in text
    assert "500 images ✗<br>" in text
    assert "class_judge_draws: value − bound 0.5: +0.3000" in text
    assert "16 images (shown only)" in text
    assert "(ours)" in text
    assert "the paper's own comparison" in text
    assert "<script>" not in text


def test_a_recipe_stands_beside_its_case(made: Board, tmp_path: Path) -> None:
    first = made.claims[0].cases[0]
    assert first.recipes == ("biggan-logit: cpu, abc", "dosovitskiy-brox-2016a: cpu, def")
    assert replace(first, conditions=()).computed is False
