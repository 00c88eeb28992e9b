"""The board as printed: every number is the computed one, every reason and command is there, all text is escaped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.probes.measures import known
from reports.analysis.claims.board import board
from reports.analysis.claims.evidence import Evidence
from reports.analysis.claims.markdown import markdown
from reports.analysis.claims.rows import Board
from reports.analysis.claims.rules import CLAIMS, NOTES
from reports.analysis.claims.verdicts import rule
from reports.analysis.groups import Entry
from reports.page.render import TEMPLATES, _environment
from tests.reports.analysis.claims.world import DECODER, GAN, R, World
from tests.reports.html_page import Page


def html(board: Board) -> Page:
    module = _environment().get_template("_claims.html").module
    return Page(str(module.claims_board(board)))  # type: ignore[attr-defined]


def test_verdicts_are_counted(made: Board) -> None:
    """Those of the paper's claims, and apart from them those of ours."""
    number = 0
    for totals, ours in ((made.totals, False), (made.own, True)):
        verdicts = [case.verdict for claim in made.claims for case in claim.cases if claim.ours is ours]
        assert totals == tuple((name, str(verdicts.count(name))) for name, _ in totals)
        number += len(verdicts)
    assert number == 36
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
                card = finding.entries[0].metric(shown.key)
                assert shown.direction[0] == {True: "↑", False: "↓", None: ""}[card.higher_is_better]
                checked += 1
    assert checked > 70


def test_the_page_shows_all_of_it_and_escapes_it(made: Board) -> None:
    page = html(made)
    text = " ".join(page.root.text.split())
    for claim in made.claims:
        assert claim.statement in text
        assert claim.reading in text
        assert claim.confounder in text
        for case in claim.told:
            for printed in (case.verdict, case.standing, *case.reasons, *case.commands, *case.recipes):
                assert printed in text
            for one in case.conditions:
                for part in (one.first_value, one.second_value, one.difference, one.interval, one.n, one.p):
                    assert part in text
    for note in NOTES:
        assert note in text
    assert not page.root.all("script")
    assert "failed: <script>alert(1)</script>." in text
    assert [int(tag.text) for tag in page.root.first("ul", class_="claim-totals").all("strong")] == [
        int(number) for _, number in made.totals
    ]


def test_each_case_stands_once_in_the_matrix_and_leads_to_its_evidence(made: Board) -> None:
    page = html(made)
    table = page.root.first("table", class_="claim-matrix")
    marks = table.all("li")
    cases = [case for claim in made.told for case in claim.cases]
    assert len(marks) == len(cases)
    text = " ".join(table.text.split())
    for case in cases:
        if case.effect is not None:
            assert f"{case.effect.difference} {case.effect.measure}" in text
    ids = {tag.attributes.get("id") for tag in page.root.all("section")}
    for mark in marks:
        assert mark.first("a").attributes["href"].removeprefix("#") in ids


def test_no_key_of_a_metric_can_be_read_and_each_is_in_a_tooltip(made: Board) -> None:
    page = html(made)
    shown = re.findall(r"[a-z0-9_]+", page.root.text)
    assert not {key for key in known() if "_" in key or key in ("lpips", "psnr", "ssim")} & set(shown)
    tips = {tag.attributes.get("title") for tag in page.root.all("span")}
    keys = {one.key for claim in made.told for case in claim.told for one in case.conditions}
    assert keys <= tips


def test_verdicts_differ_by_word_and_shape_not_by_colour_alone(made: Board) -> None:
    shapes: dict[str, set[str]] = {}
    for tag in html(made).root.all("span", class_="claim-verdict"):
        drawing = "".join(f"{one.name} {one.attributes.get('d')}" for one in tag.first("svg").children)
        shapes.setdefault(tag.text.strip(), set()).add(drawing)
    assert set(shapes) == {"holds", "does not hold", "not decided", "not run"}
    assert len(set.union(*shapes.values())) == 4


def test_a_case_says_why_it_is_not_decided(made: Board) -> None:
    cases = [case for claim in made.claims for case in claim.cases]
    for case in cases:
        assert bool(case.reasons) == (case.verdict in ("not decided", "not run"))
    waiting = next(claim for claim in made.claims if claim.number == "7b").cases[1]
    assert waiting.commands == (
        "bench probe perturb --method dosovitskiy-brox-2016a --classifier resnet152 --num-images 500",
    )


def test_an_interval_over_zero_is_named(tmp_path: Path) -> None:
    world = World()
    world[GAN, R, ""].add("lpips", 0.1)
    case = next(claim for claim in board(world.entries(tmp_path)).claims if claim.number == "2").cases[0]
    assert (case.verdict, case.reasons) == ("not decided", ("The interval of LPIPS holds zero.",))


def test_without_records_all_is_one_line_of_what_was_not_run() -> None:
    empty = board([])
    assert empty.told == ()
    assert empty.totals == (("holds", "0"), ("does not hold", "0"), ("not decided", "0"), ("not run", "35"))
    assert empty.own[-1] == ("not run", "1")
    assert empty.standing == ""
    assert empty.not_run is not None
    assert len(empty.not_run.claims) == len(CLAIMS)
    page = html(empty)
    assert not page.root.all("table")
    assert empty.matrix is None
    (details,) = page.root.all("details")
    assert details.first("summary").text.startswith("36 cases of claims 1, 2, 3a")
    commands = details.first("pre").text.split("\n")
    assert "bench probe ood --method biggan-logit --classifier resnet152 --num-images 500" in commands
    assert len(commands) == len(set(commands))
    lines = markdown(empty).splitlines()
    assert not [line for line in lines if line.startswith("|")]
    assert sum(line.startswith("36 cases of claims") and commands[0] in line for line in lines) == 1


def test_not_run_is_told_apart_from_not_decided(tmp_path: Path) -> None:
    world = World()
    world[GAN, R, ""].add("lpips", 0.1)  # claim 2 of the GAN: over zero
    del world.cells[DECODER, R, ""]  # claim 2 of the decoder: never run
    made = board(world.entries(tmp_path))
    claim = next(claim for claim in made.claims if claim.number == "2")
    assert [case.verdict for case in claim.cases] == ["not decided", "not run"]
    assert [case.subject for case in claim.told] == [GAN]
    assert claim.folded[0].commands == (f"bench run --method {DECODER} --classifier {R}",)
    text = " ".join(html(made).root.first("table", class_="claim-table").text.split())
    assert "There is no record" not in text


def test_a_metric_has_one_scale_for_all_its_bars(made: Board, entries: list[Entry]) -> None:
    """The half length of a bar is the same multiple of its interval's wherever the column occurs."""
    evidence, factors = Evidence(entries), dict[str, set[float]]()
    for claim, rows in zip(CLAIMS, made.claims, strict=True):
        for case, row in zip(claim.cases, rows.cases, strict=True):
            for finding, shown in zip(rule(case, evidence).findings, row.conditions, strict=True):
                found = finding.measure
                if found is not None and shown.bar is not None and found.high - found.low > 1e-3:
                    drawn = float(shown.bar.high.strip("%")) - float(shown.bar.low.strip("%"))
                    factors.setdefault(finding.condition.values.column, set()).add(drawn / (found.high - found.low))
                    assert 0 <= float(shown.bar.low.strip("%")) <= float(shown.bar.high.strip("%")) <= 100
    assert len(factors["lpips"]) > 5
    for column, found_factors in factors.items():
        assert max(found_factors) == pytest.approx(min(found_factors), rel=0.05), column


def test_what_is_shown_only_is_grey_whatever_came_of_it(made: Board) -> None:
    looks = {one.look for claim in made.claims for case in claim.cases for one in case.conditions if not one.decides}
    assert looks == {"shown"}
    style = (TEMPLATES / "claims.css").read_text(encoding="utf-8")
    assert ".claim-shown, .claim-shown .claim-bar, .claim-shown .claim-number { color: var(--muted); }" in style


def test_a_known_confounder_stands_at_its_claim(made: Board) -> None:
    confounded = [claim for claim in made.claims if claim.confounder]
    assert [claim.number for claim in confounded] == ["2"]
    assert "follows the judge" in confounded[0].confounder
    assert "Known confounder: the rank among the own class follows the judge" in markdown(made)
