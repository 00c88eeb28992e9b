"""Conditions to findings and cases to verdicts: the same code for every claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose

import numpy as np

from bench.cards import MetricCard
from bench.metrics.bootstrap import paired_difference
from bench.store.record import Record
from reports.analysis.claims.evidence import Doubles, Evidence, ObstacleError, Series, command, title, told
from reports.analysis.claims.language import Case, Condition, Outcome, SameRecipe, Values, Verdict
from reports.analysis.groups import Entry
from reports.analysis.pairs import MIN_PAIRS, no_more_than, over_images, over_subsets, p_value


@dataclass(frozen=True, eq=False)
class Measure:
    """A mean of paired differences.

    Attributes:
        values, against: means of the two sides over the pairs.
        difference, low, high: mean of values less against, and its 95 % interval.
        n: number of pairs, images or subsets.
        p: two-sided p-value of no difference; None where so few decide nothing.
    """

    values: float
    against: float
    difference: float
    low: float
    high: float
    n: int
    p: float | None


@dataclass(frozen=True, eq=False)
class Finding:
    """What came of a condition; without a measure, why (in a sentence each, with the command that helps or nothing).

    ``absent``: a record that it needs was never made.
    """

    condition: Condition
    outcome: Outcome
    measure: Measure | None = None
    obstacles: tuple[tuple[str, str], ...] = ()
    entries: tuple[Entry, ...] = ()
    absent: bool = False


@dataclass(frozen=True, eq=False)
class Ruling:
    """What came of a case."""

    case: Case
    verdict: Verdict
    findings: tuple[Finding, ...]


def rule(case: Case, evidence: Evidence) -> Ruling:
    """Holds if every condition that decides is met, does not hold if one is refuted; else not decided.

    A case of which a part cannot be computed is not decided, whatever the other parts say; where that is for want of a
    record, it was not run.
    """
    findings = tuple(find(condition, evidence) for condition in case.conditions)
    deciding = [one for one in findings if one.condition.decides]
    not_run = any(one.absent for one in deciding)
    return Ruling(case, "not run" if not_run else verdict([one.outcome for one in deciding]), findings)


def verdict(outcomes: Sequence[Outcome]) -> Verdict:
    """What follows from the outcomes of the conditions that decide."""
    if "missing" in outcomes:
        return "not decided"
    if "refuted" in outcomes:
        return "does not hold"
    return "holds" if set(outcomes) == {"met"} else "not decided"


def find(condition: Condition, evidence: Evidence) -> Finding:
    """Measure a condition, or say everything that stands in the way."""
    sides = [side for side in (condition.values, condition.against) if isinstance(side, Values)]
    found: list[Series] = []
    obstacles: list[ObstacleError] = []
    for side in sides:
        try:
            found.append(evidence.series(side))
        except ObstacleError as obstacle:
            obstacles.append(obstacle)
    if not obstacles:
        try:
            return _measured(condition, found)
        except ObstacleError as obstacle:
            obstacles.append(obstacle)
    said = tuple((one.reason, one.command) for one in obstacles)
    return Finding(condition, "missing", obstacles=said, absent=any(one.absent for one in obstacles))


def _measured(condition: Condition, found: Sequence[Series]) -> Finding:
    """The paired difference of one or two series."""
    first, second, against = found[0], found[-1], condition.against
    n = min(len(first.values), len(second.values))
    values = first.values[:n]
    if isinstance(against, Values):
        _comparable(condition, against, first, second)
        other = second.values[:n]
    else:
        other = np.full_like(values, _number(condition, first))
    subsets_of = first.entry.record.num_images if condition.values.subsets else 0
    measure = _measure(condition, values, other, subsets_of)
    entries = tuple(dict.fromkeys(one.entry for one in found))
    tells = _tells(first.entry.metric(condition.values.column), measure)
    came = outcome(condition, measure.low, measure.high) if tells else "open"
    return Finding(condition, came, measure, entries=entries)


def _number(condition: Condition, series: Series) -> float:
    """A fixed number, or what guessing scores."""
    if condition.against != "chance":
        assert isinstance(condition.against, float)
        return condition.against
    if series.chance is None:
        where = told(condition.values)
        raise ObstacleError(
            f"The record of {where} does not say what guessing {title(condition.values.column)} scores."
        )
    return series.chance


def _measure(condition: Condition, values: Doubles, other: Doubles, subsets_of: int) -> Measure:
    """Means and difference over the pairs; ``subsets_of`` is N where they are subsets, else 0.

    Raises:
        ObstacleError: there are too few to decide on, or, where nothing is decided, fewer than two.
    """
    both = np.isfinite(values) & np.isfinite(other)
    values, other = values[both], other[both]
    if not condition.decides and len(values) > 1:
        found: tuple[float, float, float] | None = paired_difference(values, other)
    else:
        found = over_subsets(values, other, subsets_of) if subsets_of else over_images(values, other)
    if found is None:
        where = told(condition.values)
        raise ObstacleError(f"Of {where} there are fewer than {MIN_PAIRS} values, and so few decide nothing.")
    p = p_value(values, other, subsets_of)
    return Measure(float(values.mean()), float(other.mean()), *found, len(values), p)


def _tells(card: MetricCard, measure: Measure) -> bool:
    """Whether the difference is more than the resolution of what is measured."""
    return not no_more_than(card.least(measure.n), measure.difference, measure.low, measure.high)


def outcome(condition: Condition, low: float, high: float) -> Outcome:
    """Where an interval lies: on the claimed side of zero, on the other, or over it."""
    if condition.side == "apart":
        return "met" if low > 0 or high < 0 else "open"
    if low > 0:
        return "met" if condition.side == "above" else "refuted"
    if high < 0:
        return "met" if condition.side == "below" else "refuted"
    return "open"


def _making(record: Record, key: str) -> str:
    """By what a column is known to have been made: the score's own fingerprint, or the whole protocol's of a probe."""
    score = record.metrics.get(key) if record.probe is None else None
    return (score.fingerprint if score else None) or record.fingerprint


def _comparable(condition: Condition, against: Values, first: Series, second: Series) -> None:
    """Whether two cells may be compared.

    Raises:
        ObstacleError: protocols, seeds, N, the classifier's weights, the recipes or the images are not equal.
    """
    pair, a, b = f"{told(condition.values)} and {told(against)}", first.entry.record, second.entry.record
    first_made, second_made = _making(a, condition.values.column), _making(b, against.column)
    if first_made != second_made:
        raise ObstacleError(f"{pair} were scored by different protocols, {first_made} and {second_made}.")
    if a.seed != b.seed:
        raise ObstacleError(f"{pair} have different seeds, {a.seed} and {b.seed}.")
    if a.num_images != b.num_images and (condition.values.probe or condition.values.subsets):
        fewer = condition.values if a.num_images < b.num_images else against
        reason = f"{pair} have different numbers of images, {a.num_images:,} and {b.num_images:,}."
        raise ObstacleError(reason, command(fewer, max(a.num_images, b.num_images)))
    if a.classifier == b.classifier and a.weights.get(a.classifier) != b.weights.get(b.classifier):
        raise ObstacleError(f"{pair} looked at different weights of {a.classifier}.")
    if condition.recipe is not None and a is not b:
        _same_recipe(condition.recipe, pair, a, b)
    _same_galleries(condition, first, second)
    n = min(len(first.ids), len(second.ids))
    if not np.array_equal(first.ids[:n], second.ids[:n]):
        raise ObstacleError(f"{pair} speak of different images.")


def _same_galleries(condition: Condition, first: Series, second: Series) -> None:
    """Ranks depend on the number of originals, and so does what guessing scores; a run of whole galleries has all."""
    ranked = first.entry.metric(condition.values.column).depends_on == "gallery"
    mine, theirs = first.chance, second.chance
    if ranked and (mine is None or theirs is None or not isclose(mine, theirs)):
        numbers = [one.entry.record.num_images for one in (first, second)]
        raise ObstacleError(
            f"{title(condition.values.column)} of {told(condition.values)} and of what it is compared with are ranks "
            f"in galleries of different sizes, at {numbers[0]:,} and {numbers[1]:,} images."
        )


def _same_recipe(what: SameRecipe, pair: str, a: Record, b: Record) -> None:
    """Of two hashes those of all settings but the seed, where both records say them."""
    first, second = a.recipe or {}, b.recipe or {}
    key = "but_seed" if what == "hash" and "but_seed" in first and "but_seed" in second else what
    mine, theirs = first.get(key), second.get(key)
    if mine is None or theirs is None:
        raise ObstacleError(f"The records of {pair} do not say by which recipe both were trained.")
    if mine != theirs:
        raise ObstacleError(f"{pair} were trained by different recipes, {what} {mine} and {theirs}.")
