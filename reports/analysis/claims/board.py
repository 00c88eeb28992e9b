"""The claims board: every claim with its cases, from records to what is printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.cards import MetricCard
from reports.analysis.claims.corrected import DECIDED, Corrected, corrected
from reports.analysis.claims.evidence import Evidence, title
from reports.analysis.claims.language import Condition, Values, Verdict
from reports.analysis.claims.rows import (
    OUTCOMES,
    SIDES,
    VERDICTS,
    Bar,
    Board,
    CaseRow,
    ClaimRows,
    ConditionRow,
    NotRun,
    matrix,
)
from reports.analysis.claims.rules import CLAIMS, DATASET, NOTES
from reports.analysis.claims.verdicts import Finding, Measure, Ruling, rule
from reports.analysis.groups import Entry
from reports.words import text
from reports.words.glossary import DIRECTIONS
from reports.words.numbers import interval, places, plain, signed


def board(entries: Sequence[Entry]) -> Board:
    """Judge every claim by these entries: cells of ``bench run`` and ``bench probe`` with their per-image values."""
    evidence = Evidence(entries)
    rulings = [[rule(case, evidence) for case in claim.cases] for claim in CLAIMS]
    every = [ruling for of_claim in rulings for ruling in of_claim]
    drawing = Drawing(corrected(every), _scales(every))
    claims = tuple(
        ClaimRows(
            claim.number, claim.statement, claim.reading, claim.ours, claim.confounder,
            tuple(_case(ruling, drawing) for ruling in of_claim),
        )
        for claim, of_claim in zip(CLAIMS, rulings, strict=True)
    )  # fmt: skip
    theirs, ours = ([one for one in claims if one.ours is own] for own in (False, True))
    return Board(
        claims,
        _totals(theirs),
        _totals(ours),
        _standing(drawing.corrected, any(case.verdict in DECIDED for claim in ours for case in claim.cases)),
        _not_run(claims),
        NOTES,
        matrix(claims, DATASET),
    )


def _totals(claims: Sequence[ClaimRows]) -> tuple[tuple[Verdict, str], ...]:
    counts = Counter(case.verdict for claim in claims for case in claim.cases)
    return tuple(
        (verdict, text.count(counts[verdict])) for verdict in VERDICTS if counts[verdict] or verdict != "not run"
    )


@dataclass(frozen=True)
class Drawing:
    """What all cases share: the correction, and the largest bound of each column, which ends every bar of it."""

    corrected: Corrected
    widest: Mapping[str, float]


def _scales(rulings: Sequence[Ruling]) -> dict[str, float]:
    widest: dict[str, float] = {}
    for one in (one for ruling in rulings for one in ruling.findings):
        if one.measure is not None:
            column = one.condition.values.column
            widest[column] = max(widest.get(column, 0.0), abs(one.measure.low), abs(one.measure.high))
    return widest


def _standing(found: Corrected, ours: bool) -> str:
    """How much of the board a correction for its many conditions leaves; ``ours``: whether it is also of our claims."""
    if not found.decided:
        return ""
    verdicts = text.plural(found.decided, "decided verdict") + (", ours included" if ours else "")
    return (
        f"Of {verdicts}, {found.stand_holm} stand after Holm's correction over "
        f"all {text.plural(found.conditions, 'deciding condition')}, and {found.stand_bonferroni} after Bonferroni's."
    )


def _not_run(claims: Sequence[ClaimRows]) -> NotRun | None:
    having = tuple(claim for claim in claims if claim.folded)
    cases = [case for claim in having for case in claim.folded]
    if not cases:
        return None
    numbers = text.listing(claim.number for claim in having)
    line = f"{text.plural(len(cases), 'case')} of claim{'s' * (len(having) > 1)} {numbers} not run"
    return NotRun(line, having, tuple(dict.fromkeys(command for case in cases for command in case.commands)))


def _case(ruling: Ruling, drawing: Drawing) -> CaseRow:
    deciding = [one for one in ruling.findings if one.condition.decides]
    obstacles = [obstacle for one in deciding for obstacle in one.obstacles]
    reasons = [reason for reason, _ in obstacles]
    if ruling.verdict == "not decided" and not obstacles:
        reasons = _undecided([one for one in deciding if one.outcome == "open"])
    return CaseRow(
        subject=ruling.case.subject,
        classifiers=tuple(dict.fromkeys(side.classifier for one in ruling.case.conditions for side in _cells(one))),
        remark=ruling.case.remark,
        verdict=ruling.verdict,
        corrected=drawing.corrected.verdict(ruling),
        conditions=tuple(_condition(one, drawing) for one in ruling.findings),
        reasons=tuple(dict.fromkeys(reasons)),
        commands=tuple(dict.fromkeys(command for _, command in obstacles if command)),
        recipes=_recipes([entry for one in ruling.findings for entry in one.entries]),
    )


def _undecided(findings: Sequence[Finding]) -> list[str]:
    """Which intervals hold zero, and which differences are too small to speak of."""
    over: list[str] = []
    small: list[str] = []
    for one in findings:
        holds_zero = one.measure is not None and one.measure.low <= 0 <= one.measure.high
        (over if holds_zero else small).append(what(one.condition))
    said = [f"The interval of {text.listing(over)} holds zero."] if over else []
    return said + ([f"The difference of {text.listing(small)} lies below what it can tell."] if small else [])


def _recipes(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Each method's recipe by name and hash, once."""
    records = [entry.record for entry in entries]
    return tuple(
        dict.fromkeys(f"{r.method}: {r.recipe.get('name')}, {r.recipe.get('hash')}" for r in records if r.recipe)
    )


def _condition(finding: Finding, drawing: Drawing) -> ConditionRow:
    condition, measure = finding.condition, finding.measure
    first, second = sides(condition)
    row = ConditionRow(
        key=condition.values.column,
        measure=what(condition),
        first=first,
        second=second,
        side=SIDES[condition.side],
        outcome=finding.outcome,
        word=OUTCOMES[finding.outcome] if condition.decides else "shown only",
        decides=condition.decides,
    )
    if measure is None:
        return row
    adjusted = drawing.corrected.holm.get(id(finding))
    p = "" if adjusted is None else f"p {'< 0.0001' if adjusted < 1e-4 else f'{adjusted:.4f}'} after Holm"
    widest = drawing.widest[condition.values.column] or 1.0
    card = finding.entries[0].metric(condition.values.column)
    return replace(_filled(row, condition, measure, card, widest), p=p)


def _filled(row: ConditionRow, condition: Condition, measure: Measure, card: MetricCard, widest: float) -> ConditionRow:
    digits = places(card, measure.difference, measure.low, measure.high)
    unit = "subset" if condition.values.subsets else "image"

    def at(value: float) -> str:
        return text.percent(0.5 + 0.46 * value / widest)

    return replace(
        row,
        first_value=plain(measure.values, digits),
        second_value=plain(measure.against, digits),
        difference=signed(measure.difference, digits),
        interval=interval(measure.low, measure.high, digits),
        direction=DIRECTIONS[card.higher_is_better],
        n=text.plural(measure.n, unit),
        bar=Bar(at(measure.low), at(measure.high), at(measure.difference)),
    )


def what(condition: Condition) -> str:
    """What is measured, in words: the title of the column, and of which levels or images."""
    values, against = condition.values, condition.against
    column = title(values.column)
    if values.images != "all":
        return f"{column}, misclassified"
    if len(values.levels) > 1:
        return f"{values.across} of {column}, {values.levels[0]} to {values.levels[-1]}"
    if values.levels in ((), ("all",)) or (isinstance(against, Values) and against.levels != values.levels):
        return column
    return f"{column}, {values.levels[0]}"


def _cells(condition: Condition) -> list[Values]:
    """The one or two cells that a condition reads."""
    return [side for side in (condition.values, condition.against) if isinstance(side, Values)]


def sides(condition: Condition) -> tuple[str, str]:
    """What is compared, by what tells the two apart."""
    values, against = condition.values, condition.against
    if not isinstance(against, Values):
        return "value", against if isinstance(against, str) else f"bound {against:g}"
    for name in ("method", "classifier"):
        if getattr(values, name) != getattr(against, name):
            return getattr(values, name), getattr(against, name)
    return values.levels[0], against.levels[0]
