"""Every level's every measure as text: rows are levels in blocks of one measure, columns are records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.cards import MetricCard
from bench.store.record import Score
from reports.analysis.probe_groups import Series, Together
from reports.words import text

ARROWS = {True: "↑", False: "↓", None: ""}
DIRECTIONS = {True: "higher is better", False: "lower is better", None: ""}
SHORT = 12  # rows of a table that stands open
ABSENT_LEVEL = "This record has no such level."
ABSENT_MEASURE = "This level has no such measure."
NO_REASON = "No reason was recorded for this missing value."


@dataclass(frozen=True)
class Cell:
    """One score as printed; ``mark`` points to a footnote, ``images`` and ``chance`` stand where the block's differ."""

    value: str
    bounds: str = ""
    images: str = ""
    chance: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Row:
    """A level with its score for each record."""

    level: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Block:
    """A measure: its name, how to read it, and its levels."""

    key: str
    title: str
    definition: str
    arrow: str
    direction: str
    images: str
    chance: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """Blocks of measures; long ones start folded."""

    anchor: str
    heads: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]
    notes: tuple[tuple[str, str], ...]
    size: str
    span: int
    long: bool


@dataclass
class Footnotes:
    """Numbers each different note once, in order of appearance."""

    texts: list[str] = field(default_factory=list)

    def mark(self, note: str) -> str:
        """The number of this note."""
        if note not in self.texts:
            self.texts.append(note)
        return str(self.texts.index(note) + 1)


def table(group: Together, anchor: str) -> Table | None:
    """All that the records of a group hold, first what spans the levels; None where they hold nothing."""
    notes = Footnotes()
    blocks = [_block(key, [None], group, notes) for key in group.overall_keys]
    blocks += [_block(key, _holding(key, group), group, notes) for key in group.level_keys]
    if not blocks:
        return None
    rows = sum(len(block.rows) for block in blocks)
    return Table(
        anchor=anchor,
        heads=tuple((one.classifier, one.method) for one in group.series),
        blocks=tuple(blocks),
        notes=tuple((str(number), note) for number, note in enumerate(notes.texts, 1)),
        size=f"{text.plural(rows, 'row')} of {text.plural(len(blocks), 'measure')}",
        span=len(group.series) + 1,
        long=rows > SHORT,
    )


def _holding(key: str, group: Together) -> list[str | None]:
    """The levels at which somebody has this measure."""
    return [name for name in group.level_names if any(one.score(name, key) is not None for one in group.series)]


def _block(key: str, levels: Sequence[str | None], group: Together, notes: Footnotes) -> Block:
    scores = [one.score(level, key) for level in levels for one in group.series]
    counts, chances = _shared(scores)
    directions = [score.higher_is_better for score in scores if score]
    direction = next((one for one in directions if one is not None), group.metric(key).higher_is_better)
    rows = []
    for level in levels:
        cells = tuple(_cell(key, one, level, notes, counts, chances) for one in group.series)
        rows.append(Row("all levels" if level is None else level, cells))
    return Block(
        key=key,
        title=group.metric(key).title,
        definition=group.metric(key).definition,
        arrow=ARROWS[direction],
        direction=DIRECTIONS[direction],
        images=text.count(counts.copy().pop()) if len(counts) == 1 else "",
        chance=_chance(group.metric(key), chances.copy().pop()) if len(chances) == 1 else "",
        rows=tuple(rows),
    )


def _shared(scores: Iterable[Score | None]) -> tuple[set[int], set[float | None]]:
    """The numbers of images and the chances that occur among the values of a block."""
    found = [score for score in scores if score is not None and score.value is not None]
    return {score.n for score in found}, {score.chance for score in found}


def _cell(
    key: str, one: Series, level: str | None, notes: Footnotes, counts: set[int], chances: set[float | None]
) -> Cell:
    """A value with its interval, or a dash with its reason."""
    score = one.score(level, key)
    if score is None:
        lacking = level is not None and one.level(level) is None
        return Cell(text.DASH, mark=notes.mark(ABSENT_LEVEL if lacking else ABSENT_MEASURE))
    if score.value is None:
        return Cell(text.DASH, mark=notes.mark(score.note or NO_REASON))
    return Cell(
        value=text.number(one.entry.metric(key), score.value, score.ci95),
        bounds=text.bounds(score.ci95),
        images=text.count(score.n) if len(counts) > 1 else "",
        chance=_chance(one.entry.metric(key), score.chance) if len(chances) > 1 else "",
        mark=notes.mark(score.note) if score.note else "",
    )


def _chance(card: MetricCard, value: float | None) -> str:
    return "" if value is None else text.chance(card, value)
