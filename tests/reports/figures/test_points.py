from __future__ import annotations

import dataclasses

from bench.store.record import Cost, Record, Score
from reports.analysis.groups import Entry, Group, group
from reports.figures.points import PLOT, Point, Scene, _called, _stair
from reports.figures.scales import Axis
from reports.figures.tradeoffs import Plot, cost, recognition
from tests.reports.html_page import Page

PLAIN = Record("m", "resnet152", "cifar10", 40, 0)


def cell(method: str, closeness: float, seconds: float, **others: object) -> Record:
    share = Score(closeness, (closeness, closeness), 40, 0.1, True)
    scores = {"lpips": dataclasses.replace(share, higher_is_better=False)}
    scores |= {"reid_class_target": share, "reid_class_judge": share}
    changed = {"method": method, "key": method, "metrics": scores, "cost": Cost(seconds_per_image=seconds)}
    return dataclasses.replace(PLAIN, **(changed | others))  # type: ignore[arg-type]


def world() -> Group:
    """Two inverters of which each is best in one, one that is worse in both, and controls near and far."""
    inverters = [cell("a", 0.30, 0.1), cell("b", 0.40, 0.01), cell("c", 0.42, 0.2)]
    inverters.append(cell("given", 0.01, 0.0101, access="features"))
    controls = [cell(name, value, 0.05, kind="control") for name, value in (("near", 0.35), ("far", 9.0))]
    (only,) = group(Entry(one) for one in (*inverters, *controls))
    return only


def texts(plot: Plot) -> list[str]:
    return [tag.text for tag in Page(str(plot.drawing)).root.all("text")]


def test_the_line_leads_over_what_no_ranked_inverter_passes() -> None:
    plot = cost(world(), "g")
    assert plot.front == "b and a"  # from the fastest to the closest; what is given features is not ranked
    assert (
        "On the line that no other ranked inverter passes: b and a." in Page(str(plot.drawing)).root.first("desc").text
    )


def test_the_stair_has_a_corner_between_two_neighbours() -> None:
    def at(entry: Entry, x: float, y: float) -> Point:
        return Point(entry, x, y, (x, x), (y, y), "", "", "")

    first, second, *_ = world().entries
    scene = Scene([at(first, 1, 3), at(second, 2, 1)], Axis("x", 0, 4, ()), Axis("y", 0, 4, ()), (False, False), {})
    assert _stair(scene) == [(1, 4), (1, 3), (2, 3), (2, 1), (4, 1)]
    assert _stair(scene._replace(higher=(True, True))) == [(2, 0), (2, 1), (1, 1), (1, 3), (0, 3)]
    assert _stair(scene._replace(points=scene.points[:1])) == []


def test_a_control_far_outside_stands_at_the_edge_with_its_value() -> None:
    plot = cost(world(), "g")
    assert plot.beyond == "far"
    assert "far (9.000)" in texts(plot)
    assert "near" in texts(plot)
    for use in Page(str(plot.drawing)).root.all("use"):
        assert 62 <= float(use.attributes["x"]) <= 62 + PLOT[0] + 1
        assert 11 <= float(use.attributes["y"]) <= 12 + PLOT[1] + 1


def test_without_inverters_the_controls_set_the_scale() -> None:
    controls = [cell(name, value, 0.05, kind="control") for name, value in (("x", 0.1), ("y", 0.9))]
    (only,) = group(Entry(one) for one in controls)
    plot = recognition(only, "g")
    assert (plot.beyond, plot.front) == ("", "")
    assert plot.drawing is not None


def test_a_long_name_gives_way_in_its_middle() -> None:
    long = cell("a-name-that-does-not-fit-into-half-of-a-plot", 0.3, 0.1)
    (only,) = group([Entry(long)])
    point = Point(only.entries[0], 0.1, 0.3, (0.1, 0.1), (0.3, 0.3), "0.1", "0.3", "")
    assert _called(point, (0, 0)) == "a-name-that-d…alf-of-a-plot"
    assert _called(point, (0, -1)).endswith("(0.3)")
