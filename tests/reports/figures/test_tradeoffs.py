from __future__ import annotations

import dataclasses
import re

import pytest

from bench.describe import metric_card
from bench.store.record import Cost, Record, Score
from reports.analysis.groups import Entry, Group, group
from reports.figures.tradeoffs import cost, distances, recognition, tradeoffs
from reports.words import text
from tests.reports.html_page import Page

SHARE = Score(0.9, (0.85, 0.95), 40, 0.1, True)


def alone(record: Record, seconds: float | None = 0.5, /, **scores: Score) -> Group:
    changed = dataclasses.replace(record, metrics=scores, cost=Cost(seconds_per_image=seconds))
    (only,) = group([Entry(changed)])
    return only


def shown(key: str, value: float) -> str:
    card = metric_card(key)
    return f"{card.title} {text.number(card, value)}"


def words(drawing: object) -> str:
    return Page(str(drawing)).root.first("desc").text


def test_each_figure_tells_the_records_numbers(records: list[Record]) -> None:
    (only,) = group(Entry(record) for record in records)
    for plot, keys in (
        (cost(only, "a"), ["lpips"]),
        (recognition(only, "a"), ["reid_class_target", "reid_class_judge"]),
    ):
        told = words(plot.drawing)
        for record in records:
            for key in keys:
                value = record.metrics[key].value
                assert value is not None
                assert re.search(
                    rf"{record.method}: [^;]*{re.escape(shown(key, value))}",
                    told,
                )


def test_names_stand_in_the_drawing_and_a_group_without_scores_has_none(records: list[Record]) -> None:
    (only,) = group(Entry(record) for record in records)
    names = [tag.text for tag in Page(str(recognition(only, "a").drawing)).root.all("text")]
    assert {record.method for record in records} <= set(names)
    failed = dataclasses.replace(records[0], status="failed", reason="r", metrics={})
    assert tradeoffs(group([Entry(failed)])[0], "a") == ()


def test_what_cannot_be_drawn_says_why(records: list[Record]) -> None:
    gone = Score(None, note="Set-level distances need 2,048 images.")
    one = alone(records[0], lpips=Score(0.3, (0.2, 0.4), 40), fd_efficientnet_lite0=gone)
    plot = distances(one, "a")
    assert plot.drawing is None
    assert plot.missing == gone.note
    assert recognition(one, "a").missing == "No cell of this group holds both shares."
    assert cost(alone(records[0], None, lpips=SHARE), "a").drawing is None


def test_the_set_is_never_seen_through_the_network_that_was_inverted(records: list[Record]) -> None:
    record = dataclasses.replace(records[0], classifier="efficientnet_lite0")
    scores = {"lpips": SHARE, "fd_efficientnet_lite0": Score(9.0, None, 40), "fd_judge": Score(4.5, None, 40)}
    assert distances(alone(records[0], **scores), "a").key == "FD EffNet"
    plot = distances(alone(record, **scores), "a")
    assert plot.key == "FD judge"
    assert "FD judge 4.50" in words(plot.drawing)


def test_zero_is_a_value_and_no_time_stops_the_logarithm(records: list[Record]) -> None:
    zero = Score(0.0, (0.0, 0.0), 40)
    one = alone(records[0], 0.0, lpips=zero, reid_class_target=zero, reid_class_judge=zero)
    assert "LPIPS 0.000, 0 ms an image" in words(cost(one, "a").drawing)
    assert "look-ups" in (cost(one, "a").note or "").lower()
    assert recognition(one, "a").drawing is not None


def test_points_lie_where_the_shares_are(records: list[Record]) -> None:
    """Two methods at 0.2 and 0.7: they set the scale, with 6 % of their span free at either end."""
    scores = [Score(value, None, 40) for value in (0.2, 0.7)]
    cells = [
        dataclasses.replace(
            records[0], method=name, key=name, metrics={"reid_class_target": share, "reid_class_judge": share}
        )
        for name, share in zip("ab", scores, strict=True)
    ]
    (only,) = group(map(Entry, cells))
    marks = Page(str(recognition(only, "a").drawing)).root.all("use")
    first, second = (tag.attributes for tag in marks[-2:])
    across, up = (abs(float(second[name]) - float(first[name])) for name in ("x", "y"))
    width, height = 440 - 62 - 12, 410 - 12 - 46
    assert across == pytest.approx(width / 1.12, abs=0.1)
    assert up == pytest.approx(height / 1.12, abs=0.1)
