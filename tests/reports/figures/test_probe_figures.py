"""Figures of probes as they are drawn."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from bench.cards import Look
from bench.store.record import Level, Record, Score
from reports.analysis.groups import Entry
from reports.figures.plotting import MARKERS
from reports.figures.probe_figures import SHAPES, figure
from reports.figures.probe_marks import Drawable, Panel
from reports.figures.probe_panels import drawable
from tests.reports.probe_records import CLASSES, KINDS, LOOKS, entry, everybody, grouped, make_record

SPOT = re.compile(r'<use href="#[^"]*" x="([-\d.]+)" y="([-\d.]+)" style="fill: (\S+); stroke: (var\(--series-\d\))')


def panel_of(found: Drawable, title: str) -> Panel:
    (panel,) = [panel for panel in found.panels if panel.title == title]
    return panel


def test_the_drawing_has_every_point_where_its_value_says() -> None:
    group = everybody("shift")
    look = dataclasses.replace(LOOKS["shift"][0], keys=("luminance",))
    drawn = figure(look, group, "shift", "probe-1-1")
    assert drawn is not None
    (plot,) = drawn.plots
    spots = [(float(x), float(y), fill, stroke) for x, y, fill, stroke in SPOT.findall(plot.svg)]
    assert len(spots) == 8 * 5
    wanted = [
        (level.value, level.metrics["luminance"].value, one.colour, one.robust)
        for one in group.series
        for level in one.entry.record.levels
    ]
    assert [stroke for *_, stroke in spots] == [f"var(--series-{colour + 1})" for _, _, colour, _ in wanted]
    assert [fill != "var(--paper)" for _, _, fill, _ in spots] == [robust for *_, robust in wanted]
    for axis in (0, 1):
        at = np.array([spot[axis] for spot in spots])
        values = np.array([value[axis] for value in wanted], float)
        slope, start = np.polyfit(values, at, 1)
        assert np.abs(slope * values + start - at).max() < 0.03  # hundredths of a pixel, cut off
        assert (slope > 0) == (axis == 0)


def test_robust_and_standard_classifiers_look_different_and_no_two_traces_alike() -> None:
    found = drawable(LOOKS["shift"][0], everybody("shift"))
    styles = dict(found.legend)
    assert len({*styles.values()}) == 8
    for label, style in styles.items():
        robust = label.startswith("robust")
        assert (style.dash == 0, not style.hollow) == (robust, robust)
    assert len(SHAPES) == len(MARKERS)


def without(record: Record, level: str | None, key: str) -> Record:
    """The record with this measure null at one level, or at all."""
    null = Score(None, note="it failed")
    return dataclasses.replace(
        record,
        levels=tuple(
            Level(one.name, one.value, one.metrics | ({key: null} if level in (None, one.name) else {}))
            for one in record.levels
        ),
    )


def test_what_has_no_value_is_not_drawn_and_a_panel_without_any_is_named() -> None:
    record = make_record("shift")
    group = grouped(Entry(without(record, "shift 1", "contrast")), entry("shift", "resnet152"))
    traces = panel_of(drawable(LOOKS["shift"][0], group), "contrast").traces
    assert [[mark.x for mark in trace.marks] for trace in traces] == [[-2, -1, 0, 2], [-2, -1, 0, 1, 2]]
    alone = grouped(Entry(without(record, None, "contrast")))
    drawn = figure(LOOKS["shift"][0], alone, "shift", "probe-1-1")
    assert drawn is not None
    assert [plot.title for plot in drawn.plots] == [
        "luminance",
        "sharpness",
        "LPIPS to neutral",
        "class as neutral, judge",
    ]
    assert "Without any value, so not drawn: contrast." in drawn.caption
    assert figure(Look("lines", ("contrast",), ""), alone, "shift", "probe-1-1") is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_asks_for_what_its_probe_declares(kind: str) -> None:
    probe = CLASSES[kind]
    for look in LOOKS[kind]:
        assert set(look.keys) <= set(probe.overall if look.levels is None else probe.measures)
    group = grouped(entry(kind))
    assert not [name for look in LOOKS[kind] if look.sight != "histogram" for name in drawable(look, group).empty]
