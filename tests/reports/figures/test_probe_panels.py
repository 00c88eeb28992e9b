"""What a probe's figures show: points with their intervals, by trace and by panel."""

from __future__ import annotations

import dataclasses
import math

import pytest

from bench.describe import metric_card
from bench.store.record import Level, Score
from reports.analysis.groups import Entry
from reports.analysis.probe_groups import together
from reports.figures.probe_marks import Drawable, Panel
from reports.figures.probe_panels import drawable
from reports.words import text
from tests.reports.probe_records import CLASSIFIERS, LOOKS, everybody, grouped, held, levels_of, make_record


def panel_of(found: Drawable, title: str) -> Panel:
    (panel,) = [panel for panel in found.panels if panel.title == title]
    return panel


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


def test_a_level_that_means_another_number_for_each_record_stands_at_its_own() -> None:
    records = (make_record("truncate", name, levels=ends(k)) for name, k in zip(CLASSIFIERS, (10, 1000), strict=False))
    (group,) = together(map(Entry, records))
    panel = drawable(LOOKS["truncate"][0], group).panels[0]
    assert [trace.marks[-1].x for trace in panel.traces] == [math.log2(10), math.log2(1000)]
    assert [words for _, words in panel.x_ticks] == ["1", "10", "1000"]


def ends(k: int) -> tuple[Level, ...]:
    scores = {"kept_lpips": Score(1.0, (1.0, 1.0), 250)}
    return Level("top 1", 1.0, scores), Level("all logits", float(k), scores)


def test_a_tick_may_be_a_word() -> None:
    panel = drawable(LOOKS["round"][0], everybody("round")).panels[0]
    assert [words for _, words in panel.x_ticks] == ["\N{MINUS SIGN}1", "0", "1", "2", "3", "all"]


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
        "Diversity",
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
    assert [trace.label for trace in panel.traces] == ["True class (judge)", "class as given, judge"]
    for trace, key in zip(panel.traces, keys, strict=True):
        wanted = [held(one.entry.record, "misclassified", key) for one in group.series]
        assert [(mark.x, mark.x_ends) for mark in trace.marks] == [(score.value, score.ci95) for score in wanted]


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
