"""Whom to cite: BibTeX of the papers behind the methods, metrics and networks that a report shows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bench.describe import references
from bench.environment import installed
from bench.store.reader import Left

HEX = re.compile("[0-9a-f]{7,64}")


def bibtex(cells: Iterable[Left]) -> str:
    """This software, and what the shown methods, classifiers, datasets and metrics (those with a value) need, once."""
    cells = list(cells)
    return "".join(
        f"{entry}\n\n" for entry in (bench(cells), *references(paper for one in cells for paper in _needed(one)))
    )


def _needed(one: Left) -> Iterable[str]:
    scores = (one.record.metrics, *(level.metrics for level in one.record.levels))
    shown = {key for table in scores for key, score in table.items() if score.value is not None}
    cards = one.cards
    yield from (*cards.method.citation, *cards.classifier.citation, *cards.dataset.citation)
    for key in shown:
        yield from one.metric(key).citation


def bench(cells: Iterable[Left]) -> str:
    """This software as in CITATION.cff, with the newest record's year and revision; BibTeX knows no software."""
    known = installed("logit-inversion-bench")
    newest = max((one.record for one in cells), key=lambda one: one.created, default=None)
    told = [f"version {known}"] if known else []
    revision = str(newest.environment.get("revision")) if newest else ""
    told += [f"revision {revision[:12]}"] if HEX.fullmatch(revision) else []  # others' records may hold anything
    year = f"  year    = {{{newest.created[:4]}}},\n" if newest and newest.created[:4].isdigit() else ""
    return (
        "@misc{bench,\n  title   = {{bench}: a benchmark for logit inversion},\n"
        f"  author  = {{{{The logit-inversion-bench authors}}}},\n{year}"
        f"  note    = {{{', '.join(['Software', *told])}}}\n}}"
    )
