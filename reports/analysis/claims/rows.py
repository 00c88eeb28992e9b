"""The claims board as strings, for templates that hold no arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from reports.analysis.claims.corrected import DECIDED
from reports.analysis.claims.language import Outcome, Verdict

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
    notes: tuple[str, ...]

    @property
    def told(self) -> tuple[ClaimRows, ...]:
        """Claims with something to show."""
        return tuple(claim for claim in self.claims if claim.told)
