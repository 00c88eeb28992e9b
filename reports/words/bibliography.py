"""Whom to cite: BibTeX of the papers behind the methods, metrics and networks that a report shows."""

from __future__ import annotations

from collections.abc import Iterable

from bench.describe import references
from bench.store.reader import Left


def bibtex(cells: Iterable[Left]) -> str:
    """The entries that the shown methods, classifiers, datasets and metrics (those with a value) need, each once."""
    return "".join(f"{entry}\n\n" for entry in references(paper for one in cells for paper in _needed(one)))


def _needed(one: Left) -> Iterable[str]:
    scores = (one.record.metrics, *(level.metrics for level in one.record.levels))
    shown = {key for table in scores for key, score in table.items() if score.value is not None}
    cards = one.cards
    yield from (*cards.method.citation, *cards.classifier.citation, *cards.dataset.citation)
    for key in shown:
        yield from one.metric(key).citation
