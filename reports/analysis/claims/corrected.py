"""Verdicts once more, corrected for the number of conditions that decide over the whole board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.analysis.claims.language import Outcome, Verdict
from reports.analysis.claims.verdicts import Finding, Ruling, verdict
from reports.analysis.pairs import holm

LEVEL = 0.05  # the chance that any condition of the board comes out on either side by chance alone
DECIDED: tuple[Verdict, ...] = ("holds", "does not hold")

PValues = Mapping[int, float]  # by the id of a finding


@dataclass(frozen=True, eq=False)
class Corrected:
    """Adjusted p-values of the deciding conditions that could be computed, and what becomes of the verdicts.

    Attributes:
        holm: adjusted p-values.
        conditions: how many there are.
        decided: cases that hold or do not, before any correction.
        stand_holm, stand_bonferroni: how many of these keep their verdict.
    """

    holm: PValues
    conditions: int
    decided: int
    stand_holm: int
    stand_bonferroni: int

    def verdict(self, ruling: Ruling) -> Verdict:
        """Of a case, by Holm's correction."""
        return _under(ruling, self.holm)


def corrected(rulings: Sequence[Ruling]) -> Corrected:
    """The verdicts of a board, corrected over all of its deciding conditions."""
    found = [one for ruling in rulings for one in ruling.findings if one.condition.decides]
    plain = {id(one): one.measure.p for one in found if one.measure is not None and one.measure.p is not None}
    stepwise = dict(zip(plain, holm(list(plain.values())), strict=True))
    single = {name: min(1.0, p * len(plain)) for name, p in plain.items()}
    decided = [ruling for ruling in rulings if ruling.verdict in DECIDED]
    stand = [sum(_under(one, adjusted) == one.verdict for one in decided) for adjusted in (stepwise, single)]
    return Corrected(stepwise, len(plain), len(decided), *stand)


def _under(ruling: Ruling, adjusted: PValues) -> Verdict:
    """The verdict where a condition counts only if its adjusted p-value lies below the level."""
    if ruling.verdict not in DECIDED:
        return ruling.verdict
    return verdict([_outcome(one, adjusted) for one in ruling.findings if one.condition.decides])


def _outcome(finding: Finding, adjusted: PValues) -> Outcome:
    clear = adjusted.get(id(finding), 1.0) < LEVEL
    return "open" if finding.outcome in ("met", "refuted") and not clear else finding.outcome
