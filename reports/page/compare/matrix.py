"""What changed between two folders at one look: a row a cell that both have, a column a metric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.page.compare.scores import MetricRow
from reports.words import text

if TYPE_CHECKING:
    from reports.page.compare.compare import CellPage

# How often each verdict stands, in words that follow a number.
SAID = {
    "better": "better",
    "worse": "worse",
    "higher": "higher",
    "lower": "lower",
    "equal": "unchanged",
    "no difference shown": "with no difference shown",
    "not comparable": "not comparable",
}


@dataclass(frozen=True)
class Column:
    """A metric that some cell was compared in."""

    key: str
    title: str
    arrow: str
    direction: str


@dataclass(frozen=True)
class Row:
    """A cell; ``scores`` has an entry a column, None where neither side has the metric. ``time`` is B's over A's."""

    anchor: str
    title: str
    subtitle: str
    obstacle: str
    scores: tuple[MetricRow | None, ...]
    time: str


@dataclass(frozen=True)
class Matrix:
    """All cells of both folders, and how often each verdict stands, in a sentence."""

    sentence: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def span(self) -> int:
        """Columns behind the name of a cell."""
        return len(self.columns) + 1


def matrix(cells: Sequence[CellPage]) -> Matrix | None:
    """None where no cell is in both folders."""
    if not cells:
        return None
    known: dict[str, Column] = {}
    for cell in sorted(cells, key=lambda cell: -len(cell.metrics)):
        for one in cell.metrics:
            known.setdefault(one.key, Column(one.key, one.title, one.arrow, one.direction))
    alike = len({cell.subtitle for cell in cells}) == 1
    rows = (_row(cell, tuple(known), "" if alike else cell.subtitle) for cell in cells)
    return Matrix(_sentence(cells), tuple(known.values()), tuple(rows))


def _row(cell: CellPage, keys: Sequence[str], subtitle: str) -> Row:
    found = {one.key: one for one in cell.metrics}
    time = cell.costs.ratio if cell.costs else ""
    return Row(cell.anchor, cell.title, subtitle, cell.obstacle, tuple(found.get(key) for key in keys), time)


def _sentence(cells: Sequence[CellPage]) -> str:
    able = [cell for cell in cells if not cell.obstacle]
    counts = Counter(one.verdict for cell in able for one in cell.metrics)
    total = sum(counts.values())
    said = [f"{text.count(counts[verdict])} {words}" for verdict, words in SAID.items() if counts[verdict]]
    barred = text.plural(len(cells) - len(able), "cell") + " could not be compared." if len(able) < len(cells) else ""
    if not total:
        return barred
    told = f"B against A in {text.plural(total, 'score')} of {text.plural(len(able), 'cell')}: {text.listing(said)}."
    return f"{told} {barred}".rstrip()
