"""Tables of what the probes of access found: a row a level, and for each classifier LPIPS and the way that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.metrics.bootstrap import mean_ci
from bench.probes.access import ALL, KEPT, Truncate
from bench.probes.kept import kept
from bench.store.record import Score
from reports.analysis.groups import Entry
from reports.analysis.probe_groups import Series, Together, together
from reports.words import text
from reports.words.markdown import markdown_lines

PROBES = ("truncate", "round", "probabilities")
KEYS = {"lpips": 3, **dict.fromkeys(KEPT, 2)}  # with digits
TRAINED = "class-only"  # the role of the control that was trained for the class alone


def access(entries: Sequence[Entry], probe: str) -> str:
    """What a probe found with the most images, as Markdown; the controls trained for less stand below, where there are.

    Args:
        entries: all committed records.
        probe: one of ``PROBES``.
    """
    groups = together(entry for entry in entries if entry.record.probe == probe)
    if not groups:
        return "No records have been committed yet.\n"
    group = max(groups, key=lambda one: one.num_images)
    head = ["level", *(f"{group.metric(key).title}, {one.classifier}" for one in group.series for key in KEYS)]
    rows = [[name, *_cells(group, name)] for name in group.level_names]
    if probe == Truncate.name:
        rows += _trained(group, entries)
    return "\n".join(markdown_lines(head, rows)) + "\n"


def _cells(group: Together, level: str) -> list[str]:
    return [_cell(one.score(level, key), digits) for one in group.series for key, digits in KEYS.items()]


def _cell(score: Score | None, digits: int) -> str:
    """A value and half of its interval."""
    if score is None or score.value is None or score.ci95 is None:
        return text.DASH
    low, high = score.ci95
    return f"{text.fixed(score.value, digits)} ± {text.fixed((high - low) / 2, digits)}"


def _trained(group: Together, entries: Sequence[Entry]) -> list[list[str]]:
    """A row a control that knows the class alone and was trained for it, from its record of more images."""
    found = [e for e in entries if e.cards.method.role == TRAINED and e.record.num_images >= group.num_images]
    rows = []
    for name in sorted({entry.record.method for entry in found}):
        cells = []
        for one in group.series:
            own = [e for e in found if (e.record.method, e.record.classifier) == (name, one.classifier)]
            cells += _control(one, own[0]) if own else [text.DASH] * len(KEYS)
        rows.append([f"`{name}`", *cells])
    return rows


def _control(one: Series, control: Entry) -> list[str]:
    """Its LPIPS on the probe's images, and the way kept; the cosine hangs on the mean of other images there."""
    n = one.entry.record.num_images
    ids, full = _column(one, ALL)
    assert (np.asarray(control.per_image["image_id"])[:n] == ids).all()
    values = np.asarray(control.per_image["lpips"], dtype=np.float64)[:n]
    way = kept(values, full, _column(one, Truncate.alone)[1], up=False).values
    scores = [Score(mean, ci95=(low, high)) for mean, low, high in (mean_ci(values), mean_ci(way))]
    cells = (_cell(score, digits) for score, digits in zip([*scores, None], KEYS.values(), strict=True))
    return list(cells)


def _column(one: Series, level: str) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Ids and LPIPS of a level."""
    held = one.entry.per_image
    rows = np.asarray(held["level"]) == level
    return np.asarray(held["image_id"])[rows], np.asarray(held["lpips"], dtype=np.float64)[rows]
