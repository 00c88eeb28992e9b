"""Two records of one cell, metric by metric: what both scored, and their paired difference where there can be one."""

from __future__ import annotations

from dataclasses import dataclass

from bench.cards import MetricCard
from reports.analysis.compare import paired, score_of, verdict
from reports.analysis.groups import Entry, has_value
from reports.analysis.metrics import headlines, metrics_of
from reports.analysis.pairs import MIN_PAIRS, Doubles, over_images, over_subsets
from reports.words import glossary, text
from reports.words.numbers import interval, places, signed

NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True)
class Shown:
    """A score of one side; ``note`` says why it is missing, or what to know."""

    value: str
    bounds: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Difference:
    """B less A over pairs; ``verdict`` is equal, better, worse, higher, lower or no difference shown."""

    verdict: str
    value: str
    interval: str
    pairs: str


@dataclass(frozen=True)
class MetricRow:
    """A metric of both sides; without a difference the reason says why."""

    key: str
    title: str
    arrow: str
    direction: str
    a: Shown
    b: Shown
    difference: Difference | None
    reason: str

    @property
    def verdict(self) -> str:
        """In a word or three."""
        return self.difference.verdict if self.difference else NOT_COMPARABLE


def metric_rows(a: Entry, b: Entry, *, comparable: bool) -> tuple[MetricRow, ...]:
    """The main metrics of two complete records."""
    metrics = metrics_of((a, b))
    keys = headlines(metrics, (key for key in metrics if has_value(a, key) or has_value(b, key)))
    return tuple(_row(metrics[key], a, b, comparable) for key in keys)


def _row(card: MetricCard, a: Entry, b: Entry, comparable: bool) -> MetricRow:
    key = card.key
    arrow, direction = glossary.DIRECTIONS[card.higher_is_better]
    found = paired(key, a, b) if comparable else "different protocols"
    difference = None if isinstance(found, str) else _difference(card, *found, a.record.num_images)
    few = f"fewer than {MIN_PAIRS} pairs" if difference is None else ""
    reason = found if isinstance(found, str) else few
    return MetricRow(key, card.title, arrow, direction, _shown(key, a), _shown(key, b), difference, reason)


def _shown(key: str, entry: Entry) -> Shown:
    score = score_of(entry, key)
    if score.value is None:
        return Shown(text.DASH, note=score.note or "no reason was recorded")
    bounds = text.bounds(score.ci95) or None
    if bounds is None and score.std is not None:
        bounds = f"sd {text.number(entry.metric(key), score.std)}"
    return Shown(text.number(entry.metric(key), score.value, score.ci95), bounds, score.note)


def _difference(card: MetricCard, a: Doubles, b: Doubles, unit: str, num_images: int) -> Difference | None:
    found = over_subsets(b, a, num_images) if unit == "subset" else over_images(b, a)
    if found is None:
        return None
    mean, low, high = found
    digits = places(card, mean, low, high)
    return Difference(
        verdict=verdict(card, found, num_images if unit == "subset" else len(a)),
        value=signed(mean, digits),
        interval=interval(low, high, digits),
        pairs=text.plural(len(a), unit),
    )
