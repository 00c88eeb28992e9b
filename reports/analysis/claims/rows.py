"""The claims board as strings, for templates that hold no arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.analysis.claims.corrected import DECIDED
from reports.analysis.claims.language import Outcome, Verdict

BETWEEN = "one classifier against another"
SIDES = {"below": "must lie below 0", "above": "must lie above 0", "apart": "must leave 0 out"}
OUTCOMES: dict[Outcome, str] = {"met": "met", "refuted": "refuted", "open": "open", "missing": "not computed"}
DECISIVE: dict[Verdict, Outcome] = {"holds": "met", "does not hold": "refuted", "not decided": "open"}
VERDICTS: tuple[Verdict, ...] = ("holds", "does not hold", "not decided", "not run")


@dataclass(frozen=True)
class Bar:
    """A difference and its interval around zero, in per cent of the drawing's width."""

    low: str
    high: str
    value: str


@dataclass(frozen=True)
class ConditionRow:
    """One condition as printed; ``difference`` and what follows are empty where nothing could be computed.

    ``measure`` is what people call it, ``key`` the column, ``direction`` what is better in it, as a sign and in words.
    """

    key: str
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
    direction: tuple[str, str] = ("", "")

    @property
    def look(self) -> str:
        """What decides its colour."""
        return self.outcome if self.decides else "shown"


@dataclass(frozen=True)
class CaseRow:
    """One case: its verdicts, why it is not decided and what to type, its conditions, the recipes of its weights.

    ``classifiers`` are those that it reads, the first one less the second where it compares two.
    """

    subject: str
    classifiers: tuple[str, ...]
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
    def effect(self) -> ConditionRow | None:
        """The condition that the verdict follows from, the first one of several; None where none was computed."""
        deciding = [one for one in self.conditions if one.decides and one.difference]
        wanted = DECISIVE.get(self.verdict)
        return next((one for one in deciding if one.outcome == wanted), next(iter(deciding), None))

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
class Mark:
    """A case in the matrix: what its cell adds to the names of row and column, and the case."""

    label: str
    case: CaseRow


@dataclass(frozen=True)
class MatrixRow:
    """A claim with the cases of each column, in the order of the columns."""

    claim: ClaimRows
    cells: tuple[tuple[Mark, ...], ...]


@dataclass(frozen=True)
class Matrix:
    """Claims by what they were asked of: a column a classifier, and a last one for comparisons of two."""

    dataset: str
    columns: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


def matrix(claims: Sequence[ClaimRows], dataset: str) -> Matrix | None:
    """The claims that have something to show; None where none has."""
    told = [claim for claim in claims if claim.told]
    cases = [case for claim in told for case in claim.cases]
    columns = list(dict.fromkeys(_column(case) for case in sorted(cases, key=lambda case: len(case.classifiers))))
    rows = (
        MatrixRow(claim, tuple(tuple(_mark(case) for case in claim.cases if _column(case) == name) for name in columns))
        for claim in told
    )
    return Matrix(dataset, tuple(columns), tuple(rows)) if told else None


def _column(case: CaseRow) -> str:
    return case.classifiers[0] if len(case.classifiers) == 1 else BETWEEN


def _mark(case: CaseRow) -> Mark:
    """The subject without the classifier, which the column says, or with both where two are compared."""
    told = [part for part in case.subject.split(", ") if part not in case.classifiers]
    between = [f"{case.classifiers[0]} \N{MINUS SIGN} {case.classifiers[1]}"] if len(case.classifiers) > 1 else []
    return Mark(", ".join([*told, *between]), case)


@dataclass(frozen=True)
class Board:
    """Everything that the board prints; ``totals`` counts cases of the paper's claims by verdict, ``own`` of ours."""

    claims: tuple[ClaimRows, ...]
    totals: tuple[tuple[Verdict, str], ...]
    own: tuple[tuple[Verdict, str], ...]
    standing: str
    not_run: NotRun | None
    notes: tuple[str, ...]
    matrix: Matrix | None

    @property
    def told(self) -> tuple[ClaimRows, ...]:
        """Claims with something to show."""
        return tuple(claim for claim in self.claims if claim.told)
