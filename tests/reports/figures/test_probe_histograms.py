"""How a measure spreads over images: shares that are one in sum, bins that all share, levels that look alike."""

from __future__ import annotations

import numpy as np
import pytest

from reports.figures.probe_panels import drawable
from tests.reports.probe_records import LOOKS, entry, grouped

WHISKERS, HISTOGRAM = LOOKS["information"]


def of_values(classifier: str, **levels: list[float]) -> object:
    """A record with these values beside it."""
    one = entry("information", classifier)
    one.__dict__["per_image"] = {
        "level": np.array([name for name, values in levels.items() for _ in values]),
        "information": np.array([value for values in levels.values() for value in values]),
    }
    return one


def test_shares_are_those_of_the_images_in_bins_that_all_records_share() -> None:
    nan = float("nan")
    group = grouped(
        of_values("robust_resnet152", logits=[0.0, 0.1, 24.0, nan], shuffled=[-24.0, -24.0], none=[1000.0]),  # type: ignore[arg-type]
        of_values("resnet152", logits=[12.1], shuffled=[0.0]),  # type: ignore[arg-type]
    )
    first, second = drawable(HISTOGRAM, group).panels
    assert [panel.title for panel in (first, second)] == [one.label for one in group.series]
    centres = [mark.x for mark in first.traces[0].marks]
    np.testing.assert_allclose(centres, np.arange(-23, 24, 2))  # 24 bins from -24 to 24, ``none`` is not shown
    for panel in (first, second):
        assert [mark.x for mark in panel.traces[1].marks] == centres
        assert all(sum(mark.y for mark in trace.marks) == pytest.approx(1) for trace in panel.traces)
        assert panel.y_limits == first.y_limits
    shares = {mark.x: mark.y for mark in first.traces[0].marks if mark.y}
    assert shares == pytest.approx({1.0: 2 / 3, 23.0: 1 / 3})  # of the three that have a value


def test_a_level_looks_as_it_does_among_the_whiskers() -> None:
    levels = {name: [1.0, 2.0] for name in ("logits", "class", "shuffled")}
    group = grouped(of_values("robust_resnet152", **levels))  # type: ignore[arg-type]
    above = {trace.label: trace.style for trace in drawable(WHISKERS, group).panels[0].traces}
    below = {trace.label: trace.style for trace in drawable(HISTOGRAM, group).panels[0].traces}
    assert set(below) == {"logits", "shuffled"}
    assert all((above[name].colour, above[name].marker) == (one.colour, one.marker) for name, one in below.items())


def test_without_a_table_there_is_nothing_to_draw() -> None:
    found = drawable(HISTOGRAM, grouped(entry("information")))
    assert (found.panels, len(found.empty)) == ((), 1)
