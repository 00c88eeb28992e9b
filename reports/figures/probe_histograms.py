"""How a measure is spread over images: a panel a record, a trace a level, all with the same bins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.cards import Look
from reports.analysis.probe_groups import Series, Together
from reports.figures.probe_marks import Drawable, Mark, Panel, Style, Trace, legend_of
from reports.words import text

BINS = 24


def histograms(look: Look, group: Together) -> Drawable:
    """Shares of images by bin."""
    (key,) = look.keys
    card = group.metric(key)
    order = group.level_names  # a level looks alike in all figures that show the first ones
    names = [name for name in order if name.startswith(look.levels or ())]
    found = {one.label: {name: _values(one, name, key) for name in names} for one in group.series}
    everything = np.concatenate([values for levels in found.values() for values in levels.values()] or [np.empty(0)])
    if not len(everything):
        return Drawable((), (), (card.title,))
    edges = np.histogram_bin_edges(everything, BINS)
    shares = {
        label: {name: _shares(values, edges) for name, values in levels.items() if len(values)}
        for label, levels in found.items()
    }
    highest = max(float(one.max()) for levels in shares.values() for one in levels.values())
    panels = tuple(
        Panel(
            title=label,
            traces=tuple(_trace(name, order.index(name), one, edges) for name, one in levels.items()),
            x_label=card.title,
            y_label="share of images",
            y_limits=(0.0, 1.06 * highest),
        )
        for label, levels in shares.items()
        if levels
    )
    return Drawable(panels, legend_of(panels), tuple(label for label, levels in shares.items() if not levels))


def _values(one: Series, level: str, key: str) -> NDArray[np.float64]:
    """Of the images of which there is one."""
    columns = one.entry.per_image
    if not {"level", key} <= set(columns):
        return np.empty(0)
    values = np.asarray(columns[key], dtype=np.float64)[np.asarray(columns["level"]) == level]
    finite: NDArray[np.float64] = values[np.isfinite(values)]
    return finite


def _shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    counts, _ = np.histogram(values, edges)
    shares: NDArray[np.float64] = counts / len(values)
    return shares


def _trace(name: str, position: int, shares: NDArray[np.float64], edges: NDArray[np.float64]) -> Trace:
    """A point a bin, in its middle."""
    centres = (edges[:-1] + edges[1:]) / 2
    marks = tuple(
        Mark(float(x), float(y), words=f"{text.fixed(x, 1)} ({text.fixed(y, 3)})")
        for x, y in zip(centres, shares, strict=True)
    )
    return Trace(name, Style(position % 8, position % 8, position % 3), marks)
