"""The claims board: every claim with its cases, as strings, for a template that holds no arithmetic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reports import text
from reports.claims.evidence import Evidence, is_set_level
from reports.claims.language import Claim, Condition, Outcome, Values, Verdict
from reports.claims.numbers import interval, places, plain, signed
from reports.claims.rules import CLAIMS
from reports.claims.verdicts import Finding, Measure, Ruling, rule
from reports.groups import Entry

NOTES = (
    "What this is: thin networks at 32x32 with 10 logits (1,000 for efficientnet_lite0), these weights, not a "
    "retraining, not ImageNet. A claim that does not hold here may hold for the networks of the paper, and the other "
    "way round.",
    "A case holds if each of its conditions is met: the 95 % bootstrap interval of the mean difference over images "
    "(for the kernel distance, the interval that its shared subsets give) lies wholly on the claimed side of zero. If "
    "all conditions could be computed and one interval lies wholly on the other side, it does not hold. All else is "
    "not decided: an interval over zero, a missing record, records that may not be compared, fewer than 50 values.",
    "Intervals over images speak for these weights, not for a retraining. Each is a 95 % interval; they are not "
    "corrected for the number of claims.",
    "The rules were committed before any cell or probe that they name was run on test, except biggan-logit and the "
    "controls on robust_resnet152: those scores were known, and probes of that cell had been tried on 12 to 20 images.",
    "Two changes came later: claim 5 got a condition that is shown and not decided upon, and kernel distances a wider "
    "interval, before any record that claim 3b reads was there.",
)
SIDES = {"below": "must lie below 0", "above": "must lie above 0", "apart": "must leave 0 out"}
OUTCOMES: dict[Outcome, str] = {"met": "met", "refuted": "refuted", "open": "open", "missing": "not computed"}
VERDICTS: tuple[Verdict, ...] = ("holds", "does not hold", "not decided")


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
    bar: Bar | None = None


@dataclass(frozen=True)
class CaseRow:
    """One case: its verdict, why it is not decided and what to type, its conditions, the recipes of its weights."""

    subject: str
    remark: str
    verdict: Verdict
    conditions: tuple[ConditionRow, ...]
    reasons: tuple[str, ...]
    commands: tuple[str, ...]
    recipes: tuple[str, ...]

    @property
    def computed(self) -> bool:
        """Whether there is any number to show."""
        return any(one.difference for one in self.conditions)


@dataclass(frozen=True)
class ClaimRows:
    """One claim."""

    number: str
    statement: str
    reading: str
    ours: bool
    cases: tuple[CaseRow, ...]

    @property
    def computed(self) -> bool:
        """Whether there is any number to show."""
        return any(case.computed for case in self.cases)


@dataclass(frozen=True)
class Board:
    """Everything that the board prints; ``totals`` counts cases by verdict."""

    claims: tuple[ClaimRows, ...]
    totals: tuple[tuple[Verdict, str], ...]
    notes: tuple[str, ...] = NOTES

    @property
    def computed(self) -> tuple[ClaimRows, ...]:
        """Claims with a number to show."""
        return tuple(claim for claim in self.claims if claim.computed)

    @property
    def waiting(self) -> tuple[ClaimRows, ...]:
        """Claims for which there is no record yet."""
        return tuple(claim for claim in self.claims if not claim.computed)


def board(entries: Sequence[Entry]) -> Board:
    """Judge every claim by these entries: cells of ``bench run`` and ``bench probe`` with their per-image values.

    Raises:
        DataError: a file beside a record is damaged.
    """
    evidence = Evidence(entries)
    claims = tuple(_claim(claim, evidence) for claim in CLAIMS)
    counts = Counter(case.verdict for claim in claims for case in claim.cases)
    return Board(claims, tuple((verdict, text.count(counts[verdict])) for verdict in VERDICTS))


def _claim(claim: Claim, evidence: Evidence) -> ClaimRows:
    cases = tuple(_case(rule(case, evidence)) for case in claim.cases)
    return ClaimRows(claim.number, claim.statement, claim.reading, claim.ours, cases)


def _case(ruling: Ruling) -> CaseRow:
    deciding = [one for one in ruling.findings if one.condition.decides]
    obstacles = [obstacle for one in deciding for obstacle in one.obstacles]
    reasons = [reason for reason, _ in obstacles]
    if ruling.verdict == "not decided" and not obstacles:
        over = text.listing(what(one.condition) for one in deciding if one.outcome == "open")
        reasons = [f"The interval of {over} holds zero."]
    return CaseRow(
        subject=ruling.case.subject,
        remark=ruling.case.remark,
        verdict=ruling.verdict,
        conditions=tuple(_condition(one) for one in ruling.findings),
        reasons=tuple(dict.fromkeys(reasons)),
        commands=tuple(dict.fromkeys(command for _, command in obstacles if command)),
        recipes=_recipes([entry for one in ruling.findings for entry in one.entries]),
    )


def _recipes(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Each method's recipe by name and hash, once."""
    records = [entry.record for entry in entries]
    return tuple(
        dict.fromkeys(f"{r.method}: {r.recipe.get('name')}, {r.recipe.get('hash')}" for r in records if r.recipe)
    )


def _condition(finding: Finding) -> ConditionRow:
    condition, measure = finding.condition, finding.measure
    first, second = sides(condition)
    row = ConditionRow(
        measure=what(condition),
        first=first,
        second=second,
        side=SIDES[condition.side],
        outcome=finding.outcome,
        word=OUTCOMES[finding.outcome] if condition.decides else "shown only",
        decides=condition.decides,
    )
    return row if measure is None else _filled(row, condition, measure)


def _filled(row: ConditionRow, condition: Condition, measure: Measure) -> ConditionRow:
    digits = places(condition.values.column, measure.difference, measure.low, measure.high)
    unit = "subset" if is_set_level(condition.values) else "image"
    widest = max(abs(measure.low), abs(measure.high)) or 1.0

    def at(value: float) -> str:
        return text.percent(0.5 + 0.46 * value / widest)

    return replace(
        row,
        first_value=plain(measure.values, digits),
        second_value=plain(measure.against, digits),
        difference=signed(measure.difference, digits),
        interval=interval(measure.low, measure.high, digits),
        n=text.plural(measure.n, unit),
        bar=Bar(at(measure.low), at(measure.high), at(measure.difference)),
    )


def what(condition: Condition) -> str:
    """What is measured, in words: the column, and of which levels or images."""
    values, against = condition.values, condition.against
    column = values.column
    if values.images != "all":
        return f"{column}, misclassified"
    if len(values.levels) > 1:
        return f"{values.across} of {column}, {values.levels[0]} to {values.levels[-1]}"
    if values.levels in ((), ("all",)) or (isinstance(against, Values) and against.levels != values.levels):
        return column
    return f"{column}, {values.levels[0]}"


def sides(condition: Condition) -> tuple[str, str]:
    """What is compared, by what tells the two apart."""
    values, against = condition.values, condition.against
    if not isinstance(against, Values):
        return "value", against if isinstance(against, str) else f"bound {against:g}"
    for name in ("method", "classifier"):
        if getattr(values, name) != getattr(against, name):
            return getattr(values, name), getattr(against, name)
    return values.levels[0], against.levels[0]
