"""The claims board as strings, for templates that hold no arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from reports.analysis.claims.corrected import DECIDED
from reports.analysis.claims.language import Outcome, Verdict

NOTES = (
    "What this is: thin networks at 32x32 with 10 logits (1,000 for efficientnet_lite0), these weights, not a "
    "retraining, not ImageNet. A claim that does not hold here may hold for the networks of the paper, and the other "
    "way round.",
    "A case holds if each of its conditions is met: the 95 % bootstrap interval of the mean difference over images "
    "(for the kernel distance, the interval that its shared subsets give) lies wholly on the claimed side of zero. If "
    "all conditions could be computed and one interval lies wholly on the other side, it does not hold. All else is "
    "not decided: an interval over zero, a difference below what its metric can tell, records that may not be "
    "compared, fewer than 50 values. Where a record was never made, the case was not run.",
    "Intervals over images speak for these weights, not for a retraining. Each is a 95 % interval by itself; the "
    "verdict after Holm counts a condition only if its p-value, adjusted for the number of all deciding conditions of "
    "the board that could be computed, lies below 0.05. It was added later and is no part of the rules.",
    "All bars of one metric have one scale. What is shown only is grey.",
    "The rules were committed before any cell or probe that they name was run on test, except biggan-logit and the "
    "controls on robust_resnet152: those scores were known, and probes of that cell had been tried on 12 to 20 images.",
    "Two changes came before the records that they concern: claim 5 got a condition that is shown and decides nothing, "
    "and kernel distances a wider interval. Two more came when all records were known, and changed no verdict: a "
    "difference below what its metric can tell decides nothing, and what was never run is told apart.",
)
SIDES = {"below": "must lie below 0", "above": "must lie above 0", "apart": "must leave 0 out"}
OUTCOMES: dict[Outcome, str] = {"met": "met", "refuted": "refuted", "open": "open", "missing": "not computed"}
VERDICTS: tuple[Verdict, ...] = ("holds", "does not hold", "not decided", "not run")


@dataclass(frozen=True)
class Bar:
    """A difference and its interval around zero, in per cent of the drawing's width."""

    low: str
    high: str
    value: str


@dataclass(frozen=True)
class ConditionRow:
    """One condition as printed; ``difference`` and what follows are empty where nothing could be computed."""

    measure: str
    first: str
    second: str
    side: str
    outcome: Outcome
    word: str
    decides: bool
    first_value: str = ""
    second_value: str = ""
    difference: str = ""
    interval: str = ""
    n: str = ""
    p: str = ""
    bar: Bar | None = None

    @property
    def look(self) -> str:
        """What decides its colour."""
        return self.outcome if self.decides else "shown"


@dataclass(frozen=True)
class CaseRow:
    """One case: its verdicts, why it is not decided and what to type, its conditions, the recipes of its weights."""

    subject: str
    remark: str
    verdict: Verdict
    corrected: Verdict
    conditions: tuple[ConditionRow, ...]
    reasons: tuple[str, ...]
    commands: tuple[str, ...]
    recipes: tuple[str, ...]

    @property
    def computed(self) -> bool:
        """Whether there is any number to show."""
        return any(one.difference for one in self.conditions)

    @property
    def folded(self) -> bool:
        """Whether there is nothing to show but how to run it."""
        return self.verdict == "not run" and not self.computed

    @property
    def standing(self) -> str:
        """What the correction leaves of the verdict; empty where there was nothing to correct."""
        if self.verdict not in DECIDED:
            return ""
        return "stands after Holm" if self.corrected == self.verdict else f"after Holm: {self.corrected}"


@dataclass(frozen=True)
class ClaimRows:
    """One claim."""

    number: str
    statement: str
    reading: str
    ours: bool
    confounder: str
    cases: tuple[CaseRow, ...]

    @property
    def told(self) -> tuple[CaseRow, ...]:
        """Cases with something to show."""
        return tuple(case for case in self.cases if not case.folded)

    @property
    def folded(self) -> tuple[CaseRow, ...]:
        """Cases that were not run."""
        return tuple(case for case in self.cases if case.folded)


@dataclass(frozen=True)
class NotRun:
    """The cases that nobody has run: what they are in a line, of which claims, and what runs them."""

    line: str
    claims: tuple[ClaimRows, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """Everything that the board prints; ``totals`` counts cases by verdict."""

    claims: tuple[ClaimRows, ...]
    totals: tuple[tuple[Verdict, str], ...]
    standing: str
    not_run: NotRun | None
    notes: tuple[str, ...] = NOTES

    @property
    def told(self) -> tuple[ClaimRows, ...]:
        """Claims with something to show."""
        return tuple(claim for claim in self.claims if claim.told)
