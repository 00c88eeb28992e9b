"""Two small tables for the README: methods by classifiers in a few metrics, and the claims with what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reports.analysis.claims.rows import Board, ClaimRows
from reports.analysis.groups import Group, told_apart
from reports.analysis.ranks import Standing, standing
from reports.page.tables import cell
from reports.words import text
from reports.words.glossary import DIRECTIONS
from reports.words.markdown import escaped, markdown_lines

BESIDE = ("memory", "class-floor", "class-mean")  # the roles of the controls that stand beside the inverters


def overview(groups: Sequence[Group], keys: Sequence[str]) -> str:
    """A row a metric and method, a column a classifier; the value, and of inverters their rank in parentheses."""
    ranked = {key: [standing(key, one.contenders) for one in groups] for key in keys}
    rows = [row for key in keys for row in _rows(groups, key, ranked[key])]
    head = ["metric", "method", *told_apart(groups, "`{}`")]
    over: dict[tuple[str, int], list[str]] = {}
    for one in groups:
        over.setdefault((one.dataset, one.num_images), []).append(one.classifier)
    told = [
        f"{escaped(dataset)}, {text.plural(number, 'image')}" + (f": {text.listing(names)}" if len(over) > 1 else "")
        for (dataset, number), names in over.items()
    ]
    return "\n".join(markdown_lines(head, rows)) + f"\n\n{'; '.join(told)}.\n"


def _rows(groups: Sequence[Group], key: str, ranked: Sequence[Standing]) -> list[list[str]]:
    """The inverters in their order, the controls, and chance where there is one."""
    names = list(dict.fromkeys(entry.record.method for one in groups for entry in one.contenders if entry.complete))
    rows = [[name, *(_inverter(one, found, name) for one, found in zip(groups, ranked, strict=True))] for name in names]
    for role in BESIDE:
        controls = [one.control(role) for one in groups]
        label = next((control.record.method for control in controls if control), None)
        if label is not None:
            rows.append([f"*{label}*", *(cell(control, key) if control else text.DASH for control in controls)])
    card = groups[0].metric(key)
    title = f"`{key}` {DIRECTIONS[card.higher_is_better][0]}".rstrip()
    return [[title if row is rows[0] else "", *row] for row in rows]


def _inverter(one: Group, found: Standing, name: str) -> str:
    """What the method scored, with its rank; a dash where it was not run."""
    entry = next((entry for entry in one.contenders if entry.complete and entry.record.method == name), None)
    return cell(entry, key=found.key, ranked=found) if entry is not None else text.DASH


def claims_in_short(board: Board) -> str:
    """A row a claim: in how many of its cases it holds, does not hold, or is not decided."""
    rows = [_claim(one) for one in board.claims]
    return "\n".join(markdown_lines(("claim", "holds", "does not hold", "not decided"), rows)) + "\n"


def _claim(one: ClaimRows) -> list[str]:
    found = Counter(case.verdict for case in one.cases)
    said = f"**{one.number}** {escaped(one.statement)}{' *(ours)*' if one.ours else ''}"
    return [said, *(_of(one, found[verdict]) for verdict in ("holds", "does not hold", "not decided"))]


def _of(one: ClaimRows, number: int) -> str:
    return f"{number} of {len(one.cases)}" if number else text.DASH
