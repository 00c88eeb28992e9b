"""The rules as data: they name what exists, and each is decided by known answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.classifiers.providers.zoo import TARGETS
from bench.metrics.registry import metrics
from bench.probes.manipulate import Perturb, Scale, Shift
from bench.probes.measures import known
from bench.probes.noise import Noise
from bench.probes.ood import OutOfDistribution
from bench.registry import CONTROLS, INVERTERS, registered
from reports.analysis.claims import rules
from reports.analysis.claims.evidence import Evidence
from reports.analysis.claims.language import Case, Values
from reports.analysis.claims.rules import CLAIMS
from reports.analysis.claims.verdicts import rule
from tests.reports.analysis.claims.world import DECODER, GAN, ONEHOT, RANDOM, E, Name, R, S, V, World

CASES = {"1": 4, "2": 2, "3a": 2, "3b": 2, "4a": 4, "4b": 1, "5": 6, "6a": 4, "6b": 2, "7a": 4, "7b": 2, "8": 2, "9": 1}
MRR = "reid_within_class_judge_mrr"


def named() -> list[Values]:
    conditions = [condition for claim in CLAIMS for case in claim.cases for condition in case.conditions]
    return [side for one in conditions for side in (one.values, one.against) if isinstance(side, Values)]


def case(number: str, subject: str) -> Case:
    return next(
        case for claim in CLAIMS if claim.number == number for case in claim.cases if case.subject == subject
    )  # fmt: skip


def test_every_case_is_there() -> None:
    assert {claim.number: len(claim.cases) for claim in CLAIMS} == CASES
    assert [claim.number for claim in CLAIMS if claim.ours] == ["9"]


def test_rules_name_what_exists() -> None:
    methods = {*registered(INVERTERS), *registered(CONTROLS)}
    for values in named():
        assert values.method in methods
        assert values.classifier in TARGETS
        assert values.column in (known() if values.probe else metrics())


@pytest.mark.parametrize(
    ("probe", "names"), [(Shift, rules.SHIFT), (Scale, rules.SCALE), (Perturb, ("perturb 0", *rules.PERTURB))]
)
def test_levels_are_those_of_the_probe_in_rising_order(
    probe: type[Shift] | type[Scale] | type[Perturb], names: tuple[str, ...]
) -> None:
    assert names == tuple(f"{probe.name} {value:g}" for value in sorted(probe.values))


def test_probes_record_what_is_asked_of_them() -> None:
    keys = {
        "noise": Noise.overall,
        "ood": OutOfDistribution.measures,
        "shift": Shift.measures,
        "scale": Scale.measures,
        "perturb": Perturb.measures,
    }
    for values in named():
        assert not values.probe or values.column in keys[values.probe]
        assert (values.probe == "noise") == (values.levels == ("all",))


def test_recipes_are_asked_for_where_two_trainings_are_compared() -> None:
    for claim in CLAIMS:
        for condition in (condition for case in claim.cases for condition in case.conditions):
            other = condition.against
            if not isinstance(other, Values) or other.method == RANDOM:
                assert condition.recipe is None
            elif other.classifier != condition.values.classifier or other.method == ONEHOT:
                assert condition.recipe == "hash"
            elif other.method != condition.values.method:
                assert condition.recipe == "name"
            else:
                assert condition.recipe is None


def test_all_claims_hold_in_a_world_made_for_it(tmp_path: Path) -> None:
    evidence = Evidence(World().entries(tmp_path))
    for claim in CLAIMS:
        for one in claim.cases:
            assert rule(one, evidence).verdict == "holds", (claim.number, one.subject)


# What to add to which column of which cell so that a claim's effect vanishes; twice that much turns it round.
REVERSALS: tuple[tuple[str, str, Name, str, float, tuple[str, ...]], ...] = (
    ("1", R, (GAN, R, ""), "lpips", 0.1, ()),
    ("1", E, (DECODER, E, ""), "reid_class_judge", 0.5, ()),
    ("2", GAN, (GAN, R, ""), "lpips", 0.1, ()),
    ("2", DECODER, (DECODER, S, ""), MRR, 0.1, ()),
    ("3a", GAN, (GAN, V, ""), "ssim", 0.1, ()),
    ("4a", V, (GAN, V, "noise"), "diversity", -0.3, ("all",)),
    ("4a", S, (GAN, S, "noise"), "class_judge_draws", -0.3, ("all",)),
    ("4b", GAN, (GAN, R, ""), "diversity", 0.1, ()),
    ("5", f"{GAN}, {S}", (RANDOM, S, ""), "lpips", -0.3, ()),
    ("5", f"{DECODER}, {V}", (DECODER, V, ""), MRR, -0.18, ()),
    ("7a", f"{GAN}, {R}", (GAN, R, "perturb"), "class_judge_neutral", 0.375, ("perturb 2",)),
    ("7a", f"{DECODER}, {S}", (DECODER, S, "perturb"), "class_judge_neutral", -0.375, ("perturb 0.25",)),
    ("7b", GAN, (GAN, S, "perturb"), "lpips_neutral", -0.4, ("perturb 1",)),
    ("7b", DECODER, (DECODER, S, "perturb"), "class_judge_neutral", 0.4, ("perturb 0.5",)),
    ("8", GAN, (GAN, R, "ood"), "reid_instance_target_mrr", -0.18, ("fashion-mnist",)),
    ("8", DECODER, (DECODER, R, "ood"), "lpips", 0.1, ("fashion-mnist",)),
    ("9", R, (ONEHOT, R, ""), "lpips", -0.2, ()),
    ("9", R, (GAN, R, ""), MRR, -0.1, ()),
)


@pytest.mark.parametrize(("number", "subject", "name", "column", "amount", "levels"), REVERSALS)
def test_each_condition_can_fail(
    number: str, subject: str, name: Name, column: str, amount: float, levels: tuple[str, ...], tmp_path: Path
) -> None:
    world, one = World(), case(number, subject)
    for verdict in ("not decided", "does not hold"):
        world[name].add(column, amount, levels)
        assert rule(one, world.for_case(tmp_path / verdict, one)).verdict == verdict


@pytest.mark.parametrize(
    ("probe", "column", "last"), [("shift", "contrast", "shift 2"), ("scale", "sharpness", "scale 4")]
)
def test_ranges_over_the_levels_are_compared(probe: str, column: str, last: str, tmp_path: Path) -> None:
    world, one = World(), case("6b", DECODER)
    world[DECODER, S, probe].columns[column] = world[DECODER, R, probe].columns[column]
    assert rule(one, world.for_case(tmp_path / "same", one)).verdict == "not decided"
    world[DECODER, S, probe].add(column, 1, (last,))
    assert rule(one, world.for_case(tmp_path / "more", one)).verdict == "does not hold"


def test_the_kernel_distance_is_taken_subset_by_subset(tmp_path: Path) -> None:
    world = World()
    cell = world[GAN, V, ""]
    for verdict in ("not decided", "does not hold"):
        score = cell.record.metrics["kid_efficientnet_lite0"]
        moved = replace(score, subsets=tuple(x + 0.1 for x in score.subsets or ()))
        cell.change(metrics=cell.record.metrics | {"kid_efficientnet_lite0": moved})
        one = case("3b", GAN)
        ruling = rule(one, world.for_case(tmp_path / verdict, one))
        assert ruling.verdict == verdict
        assert ruling.findings[0].measure is not None
        assert ruling.findings[0].measure.n == 100


def test_a_change_to_either_side_is_a_change(tmp_path: Path) -> None:
    world = World()
    cell, column = world[GAN, S, "shift"], "contrast"
    for amount, verdict in ((-0.2, "not decided"), (-0.2, "holds")):
        cell.add(column, amount, ("shift 2",))
        one = case("6a", f"{GAN}, {S}")
        ruling = rule(one, world.for_case(tmp_path / verdict, one))
        assert ruling.verdict == verdict
    found = ruling.findings[0].measure
    assert found is not None
    assert found.high < 0


def test_photographs_are_shown_and_decide_nothing(tmp_path: Path) -> None:
    world = World()
    world[GAN, R, "ood"].add("lpips", 0.9, ("photographs",))
    one = case("8", GAN)
    ruling = rule(one, world.for_case(tmp_path, one))
    assert ruling.verdict == "holds"
    assert [one.outcome for one in ruling.findings] == ["met", "met", "met", "refuted"]
    assert [one.measure.n for one in ruling.findings if one.measure] == [500, 500, 16, 16]


def test_only_misclassified_images_speak_for_claim_5(tmp_path: Path) -> None:
    world = World()
    cell = world[GAN, R, ""]
    wrong = cell.columns["label"] != cell.columns["prediction_target_original"]
    cell.columns["lpips"] = np.where(wrong, 0.1, 0.99)
    one = case("5", f"{GAN}, {R}")
    ruling = rule(one, world.for_case(tmp_path, one))
    found = ruling.findings[0].measure
    assert found is not None
    assert ruling.verdict == "holds"
    assert (found.n, round(found.values, 6)) == (125, 0.1)
