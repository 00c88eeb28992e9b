"""The claims board as one Markdown table, for the README."""

from __future__ import annotations

from reports.claims.board import Board, CaseRow, ClaimRows, ConditionRow
from reports.claims.language import Outcome, Verdict
from reports.tables import escaped

MARKS: dict[Outcome, str] = {"met": "✓", "refuted": "✗", "open": "○", "missing": ""}
SIGNS: dict[Verdict, str] = {"holds": "✓", "does not hold": "✗", "not decided": "○"}
HEAD = ("claim", "asked of", "conditions: difference, 95 % interval", "verdict")
BREAK = "<br>"


def markdown(board: Board) -> str:
    """A row a case: claim, compared, conditions with their intervals, verdict; then what the board is."""
    rows = [_row(claim, case, first=case is claim.cases[0]) for claim in board.claims for case in claim.cases]
    lines = [f"| {' | '.join(cells)} |" for cells in (HEAD, ["---"] * len(HEAD), *rows)]
    totals = ", ".join(f"{verdict} {number}" for verdict, number in board.totals)
    return (
        "\n".join([*lines, "", f"Of {len(rows)} cases: {totals}.", "", *(f"- {escaped(note)}" for note in board.notes)])
        + "\n"
    )


def _row(claim: ClaimRows, case: CaseRow, *, first: bool) -> list[str]:
    ours = " *(ours)*" if claim.ours else ""
    number = f"**{claim.number}**{f' {escaped(claim.statement)}{ours}' if first else ''}"
    subject = escaped(case.subject) + (f" *({escaped(case.remark)})*" if case.remark else "")
    told = [*(_condition(one) for one in case.conditions if one.difference), *map(escaped, case.reasons)]
    return [number, subject, BREAK.join(told), f"{SIGNS[case.verdict]} {case.verdict}"]


def _condition(row: ConditionRow) -> str:
    """Measure, what less what, the difference with its interval, N and what came of it; the values stand elsewhere."""
    sides = escaped(f"{row.first} − {row.second}")
    sign = MARKS[row.outcome] if row.decides else "(shown only)"
    return f"{escaped(row.measure)}: {sides}: {row.difference} {escaped(row.interval)}, {row.n} {sign}"
