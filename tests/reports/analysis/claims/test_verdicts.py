"""Intervals, verdicts, and every reason for not deciding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.metrics.bootstrap import mean_ci, paired_difference
from bench.store.record import Level, Score
from reports.analysis.claims.evidence import Evidence
from reports.analysis.claims.language import CHANCE, Case, Condition, Values
from reports.analysis.claims.rules import CLAIMS
from reports.analysis.claims.verdicts import Finding, find, outcome, rule
from tests.reports.analysis.claims.world import DECODER, GAN, N, R, S, World, ids, run_cell

KID = "kid_efficientnet_lite0"
FIRST = Values(GAN, R, "lpips")
METHODS = Condition(FIRST, Values(DECODER, R, "lpips"), "below", "name")
CLASSIFIERS = Condition(FIRST, Values(GAN, S, "lpips"), "below", "hash")
NOISE = Condition(
    Values(GAN, R, "diversity", "noise", ("all",)), Values(GAN, S, "diversity", "noise", ("all",)), "below"
)
RANKS = Condition(Values(GAN, R, "reid_within_class_judge_mrr"), CHANCE, "above")


def judged(condition: Condition, world: World, root: Path) -> Finding:
    return find(condition, world.for_case(root, Case("", (condition,))))


@pytest.mark.parametrize(
    ("side", "low", "high", "expected"),
    [
        ("above", 0.1, 0.2, "met"), ("above", -0.2, -0.1, "refuted"), ("above", -0.1, 0.1, "open"),
        ("above", 0.0, 0.2, "open"), ("above", 0.0, 0.0, "open"),
        ("below", 0.1, 0.2, "refuted"), ("below", -0.2, -0.1, "met"), ("below", -0.2, 0.0, "open"),
        ("apart", 0.1, 0.2, "met"), ("apart", -0.2, -0.1, "met"), ("apart", -0.1, 0.1, "open"),
        ("apart", 0.0, 0.2, "open"), ("apart", -0.2, 0.0, "open"),
    ],
)  # fmt: skip
def test_where_an_interval_lies(side: str, low: float, high: float, expected: str) -> None:
    condition = replace(METHODS, side=side)  # type: ignore[arg-type]
    assert outcome(condition, low, high) == expected


def test_the_interval_is_that_of_the_metrics(tmp_path: Path) -> None:
    world = World()
    found = judged(METHODS, world, tmp_path).measure
    a, b = (world[method, R, ""].columns["lpips"].astype(np.float32) for method in (GAN, DECODER))
    assert found is not None
    assert (found.difference, found.low, found.high) == paired_difference(a, b)
    assert (found.values, found.against) == (a.mean(dtype=np.float64), b.mean(dtype=np.float64))
    assert found.n == N


def test_against_a_number_and_against_chance(tmp_path: Path) -> None:
    world = World()
    values = world[GAN, R, ""].columns["reid_within_class_judge_mrr"].astype(np.float32).astype(np.float64)
    for against, number in ((CHANCE, 0.02), (0.28, 0.28)):
        found = judged(replace(RANKS, against=against), world, tmp_path).measure
        assert found is not None
        assert (found.difference, found.low, found.high) == mean_ci(values - number)
        assert found.against == pytest.approx(number)


def test_images_without_a_value_are_left_out_in_pairs(tmp_path: Path) -> None:
    world = World()
    world[GAN, R, ""].columns["lpips"][:10] = np.nan
    world[DECODER, R, ""].columns["lpips"][5:20] = np.nan
    found = judged(METHODS, world, tmp_path).measure
    assert found is not None
    assert found.n == N - 20
    for left in (69, 21):  # of which 20 are left out
        world[GAN, R, ""].columns["lpips"][left:] = np.nan
        assert "fewer than 50 values" in str(judged(METHODS, world, tmp_path).obstacles)


def test_one_refuted_condition_is_enough_and_one_missing_leaves_it_open(tmp_path: Path) -> None:
    world = World()
    refuted, met = replace(METHODS, side="above"), METHODS
    absent = replace(METHODS, against=Values("nobody", R, "lpips"))
    weak = replace(METHODS, against=FIRST)
    for conditions, verdict in (
        ((met,), "holds"),
        ((met, refuted), "does not hold"),
        ((weak, refuted), "does not hold"),
        ((met, weak), "not decided"),
        ((refuted, absent), "not run"),
        ((met, replace(refuted, decides=False)), "holds"),
        ((met, replace(absent, decides=False)), "holds"),
    ):
        case = Case("", conditions)
        assert rule(case, world.for_case(tmp_path, case)).verdict == verdict


Change = Callable[[World], object]
OBSTACLES: dict[str, tuple[Condition, Change, str, str]] = {
    "no record": (
        METHODS, lambda w: w.cells.pop((DECODER, R, "")),
        "There is no record of dosovitskiy-brox-2016a on robust_resnet152.",
        "bench run --method dosovitskiy-brox-2016a --classifier robust_resnet152",
    ),
    "no probe": (
        NOISE, lambda w: w.cells.pop((GAN, S, "noise")),
        "There is no record of probe noise of biggan-logit on resnet152.",
        "bench probe noise --method biggan-logit --classifier resnet152 --num-images 500",
    ),
    "failed": (
        METHODS, lambda w: w[DECODER, R, ""].change(status="skipped", reason="No weights."),
        "dosovitskiy-brox-2016a on robust_resnet152 was skipped: No weights.",
        "bench run --method dosovitskiy-brox-2016a --classifier robust_resnet152",
    ),
    "few images": (
        METHODS, lambda w: w.cells.update({(GAN, R, ""): run_cell(GAN, R, 490)}),
        "biggan-logit on robust_resnet152 has 490 images, and less than 500 decide nothing.",
        "bench run --method biggan-logit --classifier robust_resnet152",
    ),
    "protocols": (
        METHODS, lambda w: w[GAN, R, ""].change(protocol={"fingerprint": "beef"}),
        "different protocols, beef and f00d.", "",
    ),
    "seeds": (METHODS, lambda w: w[GAN, R, ""].change(seed=3), "different seeds, 3 and 0.", ""),
    "probes of unequal N": (
        NOISE, lambda w: w[GAN, R, "noise"].change(num_images=1000), "different numbers of images, 1,000 and 500.",
        "bench probe noise --method biggan-logit --classifier resnet152 --num-images 1000",
    ),
    "kernel distances of unequal N": (
        Condition(Values(GAN, R, KID, subsets=True), Values(GAN, S, KID, subsets=True), "below", "hash"),
        lambda w: w[GAN, R, ""].change(num_images=2500), "different numbers of images, 2,500 and 500.",
        "bench run --method biggan-logit --classifier resnet152 --num-images 2500",
    ),
    "weights": (
        METHODS, lambda w: w[GAN, R, ""].change(weights={R: "others"}), "different weights of robust_resnet152.", ""
    ),
    "recipe's hash": (
        CLASSIFIERS, lambda w: w[GAN, S, ""].change(recipe={"name": "cpu", "hash": "xyz"}),
        "different recipes, hash abc and xyz.", "",
    ),
    "recipe's name": (
        METHODS, lambda w: w[DECODER, R, ""].change(recipe={"name": "gpu", "hash": "def"}),
        "different recipes, name cpu and gpu.", "",
    ),
    "no recipe": (CLASSIFIERS, lambda w: w[GAN, S, ""].change(recipe=None), "by which recipe", ""),
    "no columns": (
        METHODS, lambda w: w[GAN, R, ""].columns.clear(),
        "No per-image values lie beside the record of biggan-logit on robust_resnet152.",
        "bench run --method biggan-logit --classifier robust_resnet152 --force",
    ),
    "no such column": (
        METHODS, lambda w: setattr(w[GAN, R, ""], "lacks", ("lpips",)), "hold no LPIPS.",
        "bench run --method biggan-logit --classifier robust_resnet152 --force",
    ),
    "other images": (
        METHODS, lambda w: w[GAN, R, ""].columns.update(image_id=ids(N, "mine")), "speak of different images.", ""
    ),
    "null": (
        METHODS, lambda w: w[GAN, R, ""].change(metrics={"lpips": Score(None, note="It broke.")}),
        "LPIPS of biggan-logit on robust_resnet152 is null: It broke.",
        "bench run --method biggan-logit --classifier robust_resnet152",
    ),
    "level not there": (
        Condition(Values(GAN, R, "lpips", "ood", ("fashion-mnist",)), 1.0, "below"),
        lambda w: w[GAN, R, "ood"].change(
            levels=(Level("fashion-mnist", None, {"lpips": Score(None, note="bench data fetch fashion-mnist")}),)
        ),
        "level fashion-mnist is null: bench data fetch fashion-mnist.",
        "bench probe ood --method biggan-logit --classifier robust_resnet152 --num-images 500",
    ),
    "chance": (
        RANKS, lambda w: w[GAN, R, ""].change(metrics={"reid_within_class_judge_mrr": Score(0.3)}),
        "does not say what guessing Found within class (MRR) scores.", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_stands_in_the_way_is_said_in_a_sentence(name: str, tmp_path: Path) -> None:
    condition, change, reason, command = OBSTACLES[name]
    world = World()
    assert judged(condition, world, tmp_path / "before").outcome != "missing"
    change(world)
    finding = judged(condition, world, tmp_path / "after")
    assert finding.outcome == "missing"
    ((said, typed),) = finding.obstacles
    assert reason in said
    assert said.endswith(".")
    assert typed == command


def test_trainings_that_differ_in_their_seed_alone_are_of_one_recipe(tmp_path: Path) -> None:
    """By the hash of all other settings, where both records say it."""
    world, recipe = World(), {"name": "cpu", "hash": "abc", "but_seed": "same", "seed": 1}
    world[GAN, R, ""].change(recipe=recipe)
    world[GAN, S, ""].change(recipe=recipe | {"hash": "xyz", "seed": 2})
    assert judged(CLASSIFIERS, world, tmp_path / "seeds").outcome != "missing"
    world[GAN, S, ""].change(recipe=recipe | {"hash": "xyz", "but_seed": "other"})
    (said, _), *_ = judged(CLASSIFIERS, world, tmp_path / "others").obstacles
    assert "different recipes, hash same and other." in said
    world[GAN, S, ""].change(recipe={"name": "cpu", "hash": "abc"})  # of an earlier version
    assert judged(CLASSIFIERS, world, tmp_path / "earlier").outcome != "missing"


def test_unequal_n_of_bench_run_meets_on_the_common_prefix(tmp_path: Path) -> None:
    world = World()
    world.cells[DECODER, R, ""] = run_cell(DECODER, R, 900)
    found = judged(METHODS, world, tmp_path).measure
    assert found is not None
    assert found.n == N
    a, b = world[GAN, R, ""].columns["lpips"], world[DECODER, R, ""].columns["lpips"][:N]
    assert found.difference == pytest.approx(np.mean(a - b), abs=1e-7)


def test_ranks_in_galleries_of_different_sizes_are_not_compared(tmp_path: Path) -> None:
    world = World()
    column = "reid_within_class_judge_mrr"
    condition = replace(METHODS, values=Values(GAN, R, column), against=Values(DECODER, R, column))
    assert judged(condition, world, tmp_path / "before").outcome != "missing"
    cell = world[GAN, R, ""]
    cell.change(metrics=cell.record.metrics | {column: replace(cell.record.metrics[column], chance=0.05)})
    assert "galleries of different sizes" in str(judged(condition, world, tmp_path / "after").obstacles)


def test_a_difference_below_the_resolution_decides_nothing(tmp_path: Path) -> None:
    """The same values but for rounding: an interval that leaves zero out by 1e-6 is no effect."""
    world = World()
    world[DECODER, R, ""].columns["lpips"] = world[GAN, R, ""].columns["lpips"] + 1e-6
    found = judged(METHODS, world, tmp_path)
    assert found.measure is not None
    assert found.measure.high < 0
    assert found.outcome == "open"


def test_nothing_at_all_decides_nothing() -> None:
    for claim in CLAIMS:
        for case in claim.cases:
            ruling = rule(case, Evidence([]))
            assert ruling.verdict == "not run"
            typed = [command for one in ruling.findings for _, command in one.obstacles]
            assert len(typed) >= len(case.conditions)
            assert all(command.startswith("bench ") for command in typed)


def test_everything_that_is_missing_is_said() -> None:
    assert [command for _, command in find(CLASSIFIERS, Evidence([])).obstacles] == [
        "bench run --method biggan-logit --classifier robust_resnet152",
        "bench run --method biggan-logit --classifier resnet152",
    ]
