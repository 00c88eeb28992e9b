"""The invariance curve: each transformation by its strength, from no change on."""

from __future__ import annotations

from bench.probes.transform import CHANGES
from reports.figures.probe_panels import drawable
from tests.reports.probe_records import LOOKS, everybody, held


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
