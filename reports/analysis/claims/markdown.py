"""The claims board as one Markdown table, for the README."""

from __future__ import annotations

from reports.analysis.claims.language import Outcome, Verdict
from reports.analysis.claims.rows import Board, CaseRow, ClaimRows, ConditionRow
from reports.words.markdown import escaped

MARKS: dict[Outcome, str] = {"met": "✓", "refuted": "✗", "open": "○", "missing": ""}
SIGNS: dict[Verdict, str] = {"holds": "✓", "does not hold": "✗", "not decided": "○", "not run": "—"}
HEAD = ("claim", "asked of", "conditions: difference, 95 % interval", "verdict", "after Holm")
BREAK = "<br>"


def markdown(board: Board) -> str:
    """A row a case: claim, compared, conditions with their intervals, verdicts; then what the board is."""
    rows = [_row(claim, case, first=case is claim.told[0]) for claim in board.claims for case in claim.told]
    lines = [f"| {' | '.join(cells)} |" for cells in (HEAD, ["---"] * len(HEAD), *rows)] if rows else []
    theirs, ours = (sum(len(one.cases) for one in board.claims if one.ours is own) for own in (False, True))
    totals, own = (", ".join(f"{verdict} {number}" for verdict, number in one) for one in (board.totals, board.own))
    apart = f" Of {ours} of a claim of ours: {own}." if ours else ""
    said = [f"Of {theirs} cases of the paper's claims: {totals}.{apart} {board.standing}".rstrip(), *_not_run(board)]
    return "\n".join([*lines, "", *said, "", *(f"- {escaped(note)}" for note in board.notes)]).lstrip("\n") + "\n"


def _not_run(board: Board) -> list[str]:
    """The cases that nobody has run, in a line."""
    if board.not_run is None:
        return []
    commands = ", ".join(f"`{command}`" for command in board.not_run.commands)
    return ["", f"{board.not_run.line[:1].upper()}{board.not_run.line[1:]}. What runs them: {commands}."]


def _row(claim: ClaimRows, case: CaseRow, *, first: bool) -> list[str]:
    ours = " *(ours)*" if claim.ours else ""
    confounder = f" *(Known confounder: {escaped(claim.confounder)})*" if claim.confounder else ""
    number = f"**{claim.number}**{f' {escaped(claim.statement)}{ours}{confounder}' if first else ''}"
    subject = escaped(case.subject) + (f" *({escaped(case.remark)})*" if case.remark else "")
    told = [*(_condition(one) for one in case.conditions if one.difference), *map(escaped, case.reasons)]
    after = f"{SIGNS[case.corrected]} {case.corrected}" if case.standing else ""
    return [number, subject, BREAK.join(told), f"{SIGNS[case.verdict]} {case.verdict}", after]


def _condition(row: ConditionRow) -> str:
    """Measure, what less what, the difference with its interval, N and what came of it; the values stand elsewhere."""
    sides = escaped(f"{row.first} − {row.second}")
    sign = MARKS[row.outcome] if row.decides else "(shown only)"
    return f"{escaped(row.measure)}: {sides}: {row.difference} {escaped(row.interval)}, {row.n} {sign}"
