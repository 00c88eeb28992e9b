"""The score tables of a group as strings: the main table (methods as rows) and the complete one (metrics as rows)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise

from bench.cards import MetricCard
from bench.store.record import Score
from reports.analysis.groups import Entry, Group, held, main_keys
from reports.analysis.ranks import Rank, Standing, Standings, standing
from reports.analysis.seeds import counted, spread
from reports.words import glossary, text
from reports.words.ranks import basis, legend
from reports.words.seeds import LEGEND, deviation, kinds, mean_of

WORD_COLUMNS = 4  # method, access, training, stochastic


@dataclass(frozen=True)
class Whisker:
    """A value and its interval on its column's scale, in per cent of the drawing's width."""

    value: str
    low: str | None
    high: str | None
    chance: str | None


@dataclass(frozen=True)
class Cell:
    """One score as printed.

    Attributes:
        raw: the record's value to the last digit.
        apart: of several seeds: what differs, and the standard deviation between them.
        mark: points to a footnote.
        rank: of a ranked inverter, with what it says in words.
        order: place within the band, by which rows are sorted; ties have the same.
    """

    value: str
    raw: str | None = None
    half_width: str | None = None
    bounds: str | None = None
    spread: str | None = None
    apart: tuple[tuple[str, str], ...] = ()
    images: str | None = None
    chance: str | None = None
    mark: str | None = None
    rank: Rank | None = None
    rank_words: str | None = None
    order: Rank | None = None
    best: bool = False
    whisker: Whisker | None = None


@dataclass(frozen=True)
class Column:
    """The head of a metric: its title, with the key for tooltips, and how to read it; ``first`` says how to sort it."""

    key: str
    title: str
    definition: str
    first: str
    arrow: str
    direction: str
    chance: str | None
    family: str
    starts: bool


@dataclass(frozen=True)
class Row:
    """A method with its scores, or with the reason why there are none."""

    label: str
    question: str | None  # of how many seeds it is the mean, what a control answers, and the record's note
    access: str
    training: str
    stochastic: str
    traits: str
    status: str
    reason: str | None
    cells: tuple[Cell, ...]
    span: int


@dataclass(frozen=True)
class Band:
    """Rows that stand together; ``kind`` is ``inverter`` or ``control``."""

    title: str
    kind: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class MetricRow:
    """A metric with its value for each method."""

    column: Column
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class MainTable:
    """Methods as rows, then controls, in titled bands; the main metrics as columns."""

    families: tuple[tuple[str, int], ...]
    columns: tuple[Column, ...]
    bands: tuple[Band, ...]
    access: tuple[str, ...]  # of the inverters, for the filter
    notes: tuple[tuple[str, str], ...]
    legend: tuple[str, ...]  # how the ranks are to be read
    any_best: bool
    any_chance: bool
    span: int


@dataclass(frozen=True)
class FullTable:
    """Every metric as a row, in families; every complete method and control as a column."""

    methods: tuple[tuple[str, str], ...]
    families: tuple[tuple[str, tuple[MetricRow, ...]], ...]
    notes: tuple[tuple[str, str], ...]
    num_metrics: int
    span: int


@dataclass
class Footnotes:
    """Numbers each different note once, in order of appearance."""

    texts: list[str] = field(default_factory=list)

    def mark(self, note: str) -> str:
        """The number of this note."""
        if note not in self.texts:
            self.texts.append(note)
        return str(self.texts.index(note) + 1)

    def numbered(self) -> tuple[tuple[str, str], ...]:
        """(number, text) pairs."""
        return tuple((str(number), note) for number, note in enumerate(self.texts, 1))


def main_table(group: Group, standings: Standings) -> MainTable:
    """The compact table: rows are sorted by ranks within their band, which are shown of ranked inverters only.

    Columns that nobody has a value in come last: a phone shows the first ones.
    """
    keys, notes, bands = sorted(main_keys(group), key=lambda key: not held(key, group)), Footnotes(), []
    for title, entries in glossary.bands(group):
        rows, order = [], standings if entries == group.contenders else {key: standing(key, entries) for key in keys}
        for entry in entries:
            cells = []
            for key in keys if entry.complete else ():
                cell = _cell(entry, key, group, standings[key], notes)
                cells.append(replace(cell, order=order[key].ranks.get(entry)))
            rows.append(_row(entry, tuple(cells), len(keys)))
        bands.append(Band(title, entries[0].record.kind, tuple(rows)))
    columns, told = _columns(keys, group), [LEGEND] if any(entry.cells for entry in group.complete) else []
    return MainTable(
        families=tuple((title, len(list(run))) for title, run in groupby(one.family for one in columns)),
        columns=columns,
        bands=tuple(bands),
        access=tuple(dict.fromkeys(entry.record.access for entry in group.inverters)),
        notes=notes.numbered(),
        legend=(*told, *legend(standings, keys, {column.key: column.title for column in columns})),
        any_best=any(standings[key].leaders for key in keys),
        any_chance=any(one.chance for one in columns),
        span=len(keys) + WORD_COLUMNS,
    )


def full_table(group: Group, standings: Standings) -> FullTable:
    """All metrics of all complete cells."""
    notes, rows = Footnotes(), []
    for one in _columns(list(group.metrics), group):
        cells = []
        for entry in group.complete:
            cells.append(_cell(entry, one.key, group, standings[one.key], notes))  # noqa: PERF401  # a frame less
        rows.append(MetricRow(one, tuple(cells)))
    families = tuple((title, tuple(run)) for title, run in groupby(rows, key=lambda row: row.column.family))
    methods = tuple((entry.label, entry.record.kind) for entry in group.complete)
    return FullTable(methods, families, notes.numbered(), len(rows), len(methods) + 1)


def _columns(keys: list[str], group: Group) -> tuple[Column, ...]:
    """The heads of these metrics; the first of each family is told apart."""
    families = [group.metric(key).family for key in keys]
    starts = [before != here for before, here in pairwise(["", *families])]
    return tuple(_column(group.metric(key), group, first) for key, first in zip(keys, starts, strict=True))


def _column(card: MetricCard, group: Group, starts: bool) -> Column:
    chances = {_chance(card.key, entry) for entry in group.complete}
    arrow, direction = glossary.DIRECTIONS[card.higher_is_better]
    return Column(
        key=card.key,
        title=card.title,
        definition=card.definition,
        first="ascending" if card.higher_is_better is False else "descending",
        arrow=arrow,
        direction=direction,
        chance=chances.pop() if len(chances) == 1 else None,
        family=card.family,
        starts=starts,
    )


def _score(entry: Entry, key: str) -> Score:
    return entry.record.metrics.get(key) or Score(None, note="This record was written without this metric.")


def _chance(key: str, entry: Entry) -> str | None:
    chance = _score(entry, key).chance
    return None if chance is None else text.chance(entry.metric(key), chance)


def _row(entry: Entry, cells: tuple[Cell, ...], span: int) -> Row:
    record = entry.record
    question = entry.cards.method.question if record.kind == "control" else None
    noise = "stochastic" if record.stochastic else ""
    return Row(
        label=entry.label,
        question=" ".join(filter(None, (mean_of(entry), question, record.note))) or None,
        access=record.access,
        training=record.training,
        stochastic="yes" if record.stochastic else "no",
        traits=" · ".join((f"{record.access} · training {record.training}", *filter(None, (noise, counted(entry))))),
        status=record.status,
        reason=None if entry.complete else record.reason or "no reason was recorded",
        cells=cells,
        span=span,
    )


def _cell(entry: Entry, key: str, group: Group, standing: Standing, notes: Footnotes) -> Cell:
    score = _score(entry, key)
    mark = notes.mark(score.note) if score.note else None
    if score.value is None:
        return Cell(text.DASH, mark=mark or notes.mark("No reason was recorded for this missing value."))
    if text.is_by_definition(score):
        return Cell(text.DASH, raw=repr(score.value), mark=mark)
    card, shared_chance = entry.metric(key), len({_chance(key, other) for other in group.complete}) == 1
    rank = standing.ranks.get(entry)
    return Cell(
        value=text.number(card, score.value, score.ci95),
        raw=repr(score.value),
        half_width=text.half_width(score.ci95),
        bounds=text.bounds(score.ci95),
        spread=None if score.std is None else text.number(card, score.std),
        apart=tuple((name, deviation(one)) for name, one in kinds(found)) if (found := spread(key, entry)) else (),
        images=text.count(score.n) if score.n not in (0, group.num_images) else None,
        chance=None if shared_chance else _chance(key, entry),
        mark=mark,
        rank=rank,
        rank_words=None if rank is None else f"rank {rank} of {standing.num_methods}, by {basis(standing)}",
        best=entry in standing.leaders,
        whisker=_whisker(score, key, group),
    )


def _whisker(score: Score, key: str, group: Group) -> Whisker | None:
    """The value on a scale that spans its column, chance included."""
    marks = [mark for entry in group.complete for mark in _extent(_score(entry, key))]
    low, high = min(marks), max(marks)
    if score.value is None or high <= low:
        return None

    def at(value: float) -> str:
        return text.percent((value - low) / (high - low))

    return Whisker(
        value=at(score.value),
        low=at(score.ci95[0]) if score.ci95 else None,
        high=at(score.ci95[1]) if score.ci95 else None,
        chance=None if score.chance is None else at(score.chance),
    )


def _extent(score: Score) -> list[float]:
    ends = (score.value, score.chance, *(score.ci95 or ()))
    return [end for end in ends if end is not None]
