"""Verdicts once more, corrected for the number of conditions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reports.analysis.claims.board import board
from reports.analysis.claims.corrected import corrected
from reports.analysis.claims.language import Case, Condition, Outcome, Values
from reports.analysis.claims.markdown import markdown
from reports.analysis.claims.verdicts import Finding, Measure, Ruling, verdict
from tests.reports.analysis.claims.world import DECODER, GAN, S, V, World


def test_what_would_hold_by_chance_falls_to_the_correction(tmp_path: Path) -> None:
    """Two differences of 2.2 standard errors hold by themselves: p is 0.028 each, and 0.056 by Holm."""
    world = World()
    for method in (GAN, DECODER):
        other = world[method, V, ""].columns["ssim"]
        noise = world[method, S, ""].columns["ssim"] - other
        noise = (noise - noise.mean()) / noise.std()
        world[method, S, ""].columns["ssim"] = other + 0.05 * (noise + 2.2 / np.sqrt(500))
    made = board(world.entries(tmp_path))
    cases = {case.subject: case for case in next(claim for claim in made.claims if claim.number == "3a").cases}
    for method in (GAN, DECODER):
        assert (cases[method].verdict, cases[method].corrected) == ("holds", "not decided")
        assert cases[method].standing == "after Holm: not decided"
        assert cases[method].conditions[0].p.startswith("p 0.05")
    assert made.claims[0].cases[0].standing == "stands after Holm"
    assert made.standing == (
        "Of 36 decided verdicts, ours included, 34 stand after Holm's correction over all 75 deciding conditions, and "
        "32 after Bonferroni's."
    )
    (row,) = [line for line in markdown(made).splitlines() if "| biggan-logit |" in line and "SSIM" in line]
    assert row.endswith("| ✓ holds | ○ not decided |")


def ruling(*found: tuple[Outcome, float | None]) -> Ruling:
    """A case of conditions with these outcomes and p-values; without one nothing could be computed."""
    condition = Condition(Values("m", "c", "lpips"), 0.0, "below")
    findings = tuple(
        Finding(condition, outcome, None if p is None else Measure(0, 0, 0, 0, 0, 50, p)) for outcome, p in found
    )
    return Ruling(Case("", (condition,) * len(found)), verdict([outcome for outcome, _ in found]), findings)


def test_holms_correction_is_over_all_conditions_of_the_board() -> None:
    """Of three p-values the least counts thrice, the next twice: 0.01 stands by either way, 0.02 by Holm's alone."""
    rulings = [ruling(("met", 0.01)), ruling(("met", 0.02)), ruling(("refuted", 0.9))]
    found = corrected(rulings)
    assert (found.conditions, found.decided, found.stand_holm, found.stand_bonferroni) == (3, 3, 2, 1)
    assert [found.verdict(one) for one in rulings] == ["holds", "holds", "not decided"]
    adjusted = [found.holm[id(one.findings[0])] for one in rulings]
    assert adjusted == pytest.approx([0.03, 0.04, 0.9])


def test_a_case_falls_with_its_weakest_condition_and_stays_refuted_by_its_clearest() -> None:
    both = ruling(("met", 1e-9), ("met", 0.04))
    against = ruling(("refuted", 1e-9), ("met", 0.04))
    found = corrected([both, against])
    assert (both.verdict, found.verdict(both)) == ("holds", "not decided")
    assert (against.verdict, found.verdict(against)) == ("does not hold", "does not hold")


def test_what_was_not_decided_stays_so_and_what_has_no_p_value_counts_as_unclear() -> None:
    waiting, bare = ruling(("missing", None)), ruling(("met", None))
    found = corrected([waiting, bare])
    assert (found.conditions, found.decided, found.stand_holm) == (0, 1, 0)
    assert [found.verdict(one) for one in (waiting, bare)] == ["not decided", "not decided"]


def test_conditions_that_are_only_shown_make_no_correction_stricter() -> None:
    one = ruling(("met", 0.04), ("met", 0.04))
    shown = replace(one.findings[1], condition=replace(one.findings[1].condition, decides=False))
    found = corrected([replace(one, findings=(one.findings[0], shown))])
    assert found.conditions == 1
    assert found.stand_holm == 1
