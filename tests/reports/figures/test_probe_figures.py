from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from bench.cards import Look
from bench.describe import metric_card
from bench.probes.transform import CHANGES
from bench.store.record import Level, Record, Score
from reports.analysis.groups import Entry
from reports.analysis.probe_groups import Together, together
from reports.figures.plotting import MARKERS
from reports.figures.probe_figures import SHAPES, figure
from reports.figures.probe_marks import Drawable, Panel
from reports.figures.probe_panels import drawable
from reports.words import text
from tests.reports.probe_records import CLASSES, CLASSIFIERS, KINDS, LOOKS, METHODS, entry, levels_of, make_record

SPOT = re.compile(r'<use href="#[^"]*" x="([-\d.]+)" y="([-\d.]+)" style="fill: (\S+); stroke: (var\(--series-\d\))')


def grouped(*entries: Entry) -> Together:
    (only,) = together(entries)
    return only


def everybody(kind: str) -> Together:
    return grouped(*(entry(kind, classifier, method) for classifier in CLASSIFIERS for method in METHODS))


def panel_of(found: Drawable, title: str) -> Panel:
    (panel,) = [panel for panel in found.panels if panel.title == title]
    return panel


def held(record: Record, level: str | None, key: str) -> Score:
    if level is None:
        return record.metrics[key]
    (found,) = [one for one in record.levels if one.name == level]
    return found.metrics[key]


@pytest.mark.parametrize("kind", ["shift", "scale", "perturb", "iterate"])
def test_a_line_a_record_with_a_point_a_level(kind: str) -> None:
    group = everybody(kind)
    (look,) = LOOKS[kind]
    found = drawable(look, group)
    assert len(found.panels) == len(look.keys)
    names = [name for name, _ in levels_of(kind)]
    for panel, key in zip(found.panels, look.keys, strict=True):
        assert [trace.label for trace in panel.traces] == [one.label for one in group.series]
        assert len(panel.traces) == 8
        for trace, one in zip(panel.traces, group.series, strict=True):
            scores = [held(one.entry.record, name, key) for name in names]
            assert [mark.y for mark in trace.marks] == [score.value for score in scores]
            assert [mark.y_ends for mark in trace.marks] == [score.ci95 for score in scores]
            assert [mark.words for mark in trace.marks] == [
                text.number(metric_card(key), score.value or 0) for score in scores
            ]
            assert trace.joined


def test_levels_stand_at_their_values_and_doubling_ones_evenly() -> None:
    shift = drawable(LOOKS["shift"][0], everybody("shift")).panels[0]
    assert [mark.x for mark in shift.traces[0].marks] == [-2, -1, 0, 1, 2]
    assert shift.neutral == 0
    scale = drawable(LOOKS["scale"][0], everybody("scale")).panels[0]
    assert [mark.x for mark in scale.traces[0].marks] == [-2, -1, 0, 1, 2]  # log2 of 0.25 to 4
    assert scale.neutral == 0
    assert scale.x_ticks == ((-2.0, "0.25"), (-1.0, "0.5"), (0.0, "1"), (1.0, "2"), (2.0, "4"))
    perturb = drawable(LOOKS["perturb"][0], everybody("perturb")).panels[0]
    assert [mark.x for mark in perturb.traces[0].marks] == [0, 0.25, 0.5, 1, 2]


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


def test_interpolation_has_both_paths_and_the_step_starts_one_later() -> None:
    group = everybody("interpolate")
    paths = [drawable(look, group) for look in LOOKS["interpolate"][:2]]
    for path, name in zip(paths, ("linear", "spherical"), strict=True):
        for panel in path.panels:
            assert panel.title.endswith(f", {name}")
        first = path.panels[0].traces[0]
        record = group.series[0].entry.record
        assert [mark.y for mark in first.marks] == [
            level.metrics["judge_probability_first"].value for level in record.levels if level.name.startswith(name)
        ]
        assert [mark.x for mark in first.marks] == [k / 8 for k in range(9)]
    steps = drawable(LOOKS["interpolate"][2], group)
    assert [panel.title for panel in steps.panels] == ["relative step, linear", "relative step, spherical"]
    assert [len(panel.traces) for panel in steps.panels] == [8, 8]


def test_noise_has_a_row_a_record_that_looks_like_it_elsewhere() -> None:
    group = everybody("noise")
    found = drawable(LOOKS["noise"][0], group)
    assert [panel.title for panel in found.panels] == [
        "diversity",
        "class over draws, judge",
        "class over draws, target",
    ]
    panel = found.panels[0]
    assert [trace.label for trace in panel.traces] == [one.label for one in group.series]
    for row, (trace, one) in enumerate(zip(panel.traces, group.series, strict=True)):
        (mark,) = trace.marks
        score = one.entry.record.metrics["diversity"]
        assert (mark.x, mark.x_ends, mark.y) == (score.value, score.ci95, 7 - row)  # the first on top
        assert (trace.style.colour, trace.style.marker) == (one.colour, one.marker)
    assert [words for _, words in panel.y_ticks][-1] == "robust_resnet152\nbiggan-logit"


@pytest.mark.parametrize(
    ("kind", "title", "key"),
    [("misclassified", "LPIPS", "lpips"), ("adversarial", "class as given, judge", "class_judge_given")],
)
def test_pairs_of_levels_stand_in_one_row(kind: str, title: str, key: str) -> None:
    group = everybody(kind)
    panel = panel_of(drawable(LOOKS[kind][-1], group), title)
    names = {"misclassified": ["misclassified", "correct"], "adversarial": ["clean", "attacked"]}[kind]
    assert [trace.label for trace in panel.traces] == names  # the paired difference is none of them
    for trace in panel.traces:
        assert [mark.x for mark in trace.marks] == [held(s.entry.record, trace.label, key).value for s in group.series]
        assert [round(mark.y) for mark in trace.marks] == list(range(7, -1, -1))


def test_misclassified_says_whether_the_judge_sees_the_true_or_the_predicted_class() -> None:
    group = everybody("misclassified")
    (panel,) = drawable(LOOKS["misclassified"][0], group).panels
    keys = ("reid_label_judge", "class_judge_given")
    assert [trace.label for trace in panel.traces] == ["label, judge", "class as given, judge"]
    for trace, key in zip(panel.traces, keys, strict=True):
        wanted = [held(one.entry.record, "misclassified", key) for one in group.series]
        assert [(mark.x, mark.x_ends) for mark in trace.marks] == [(score.value, score.ci95) for score in wanted]


def test_the_invariance_curve_joins_each_transformation_by_strength_from_no_change_on() -> None:
    group = everybody("transform")
    found = drawable(LOOKS["transform"][0], group)
    assert [panel.title for panel in found.panels] == [one.label for one in group.series]
    assert len({(panel.x_limits, panel.y_limits) for panel in found.panels}) == 1
    for panel, one in zip(found.panels, group.series, strict=True):
        traces = {trace.label: trace for trace in panel.traces}
        assert list(traces) == ["rotate", "flip", "shift", "crop", "blur", "brightness", "noise"]
        assert sum(len(trace.marks) for trace in panel.traces) == len(CHANGES) + 6  # no change in all but the flips
        for name, order in {
            "brightness": ["brightness 0.5", "brightness 0.75", "none", "brightness 1.25", "brightness 1.5"],
            "crop": ["crop 0.5", "crop 0.75", "crop 0.875", "none"],
            "rotate": ["none", "rotate 5", "rotate 15", "rotate 45", "rotate 90"],
            "flip": ["flip horizontal", "flip vertical"],
        }.items():
            scores = [
                [held(one.entry.record, level, key) for level in order] for key in ("logit_move", "lpips_neutral")
            ]
            assert [(mark.x, mark.y) for mark in traces[name].marks] == [
                (x.value, y.value) for x, y in zip(*scores, strict=True)
            ]
            assert [(mark.x_ends, mark.y_ends) for mark in traces[name].marks] == [
                (x.ci95, y.ci95) for x, y in zip(*scores, strict=True)
            ]
            assert traces[name].joined == (name != "flip")


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


def test_guessing_is_marked_only_where_all_records_agree_about_it() -> None:
    def guessed(chance: float, classifier: str) -> Entry:
        record = make_record("shift", classifier)
        levels = tuple(
            Level(one.name, one.value, {k: dataclasses.replace(s, chance=chance) for k, s in one.metrics.items()})
            for one in record.levels
        )
        return Entry(dataclasses.replace(record, levels=levels))

    look = LOOKS["shift"][0]
    same = drawable(look, grouped(guessed(0.1, "resnet152"), guessed(0.1, "inception_v3")))
    assert {panel.chance for panel in same.panels} == {0.1}
    mixed = drawable(look, grouped(guessed(0.1, "resnet152"), guessed(0.2, "inception_v3")))
    assert {panel.chance for panel in mixed.panels} == {None}


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_asks_for_what_its_probe_declares(kind: str) -> None:
    probe = CLASSES[kind]
    for look in LOOKS[kind]:
        assert set(look.keys) <= set(probe.overall if look.levels is None else probe.measures)
    group = grouped(entry(kind))
    assert not [name for look in LOOKS[kind] for name in drawable(look, group).empty]
