from __future__ import annotations

import dataclasses

import pytest

from bench.store.record import Record
from reports.analysis.groups import Entry, group, told_apart
from tests.reports.synthetic import CONTROLS


def test_rows_by_access_then_controls_in_the_protocols_order(records: list[Record]) -> None:
    (only,) = group(Entry(record) for record in reversed(records))
    assert [entry.record.access for entry in only.inverters] == ["logits", "logits", "logits", "white-box", "features"]
    assert [entry.label for entry in only.controls] == list(CONTROLS)
    assert {entry.record.access for entry in only.contenders} == {"logits", "white-box"}


@pytest.mark.parametrize(
    "change", [{"dataset": "x"}, {"classifier": "x"}, {"num_images": 1}, {"protocol": {"fingerprint": "x"}}]
)
def test_each_part_of_the_key_splits(records: list[Record], change: dict[str, object]) -> None:
    one = records[0]
    assert len(group([Entry(one), Entry(dataclasses.replace(one, **change))])) == 2  # type: ignore[arg-type]


def scored(record: Record, key: str, **more: object) -> Record:
    """The record with another making, or value, of one score."""
    score = dataclasses.replace(record.metrics[key], **more)  # type: ignore[arg-type]
    return dataclasses.replace(record, method="other", metrics=record.metrics | {key: score})


def test_scores_of_different_makings_stand_apart(records: list[Record]) -> None:
    one = records[0]
    assert len(group([Entry(one), Entry(scored(one, "lpips", fingerprint="another"))])) == 2
    assert len(group([Entry(one), Entry(scored(one, "lpips", fingerprint="another", value=None, ci95=None))])) == 1


def test_a_metric_that_only_one_record_has_parts_nobody(records: list[Record]) -> None:
    one = records[0]
    known = {key: dataclasses.replace(score, fingerprint=one.fingerprint) for key, score in one.metrics.items()}
    known["new"] = dataclasses.replace(one.metrics["lpips"], fingerprint="new")
    more = dataclasses.replace(one, method="m", protocol=one.protocol | {"fingerprint": "of more"}, metrics=known)
    (only,) = group([Entry(one), Entry(more)])
    assert len(only.entries) == 2


def test_twins_say_what_tells_them_apart(records: list[Record]) -> None:
    one = dataclasses.replace(records[0], method="m", key="0" * 16)
    seeds = group([Entry(one), Entry(dataclasses.replace(one, seed=1))])[0]
    assert [entry.label for entry in seeds.complete] == ["m"]  # one row
    keys = group([Entry(one), Entry(dataclasses.replace(one, key="1" * 16))])[0]
    assert [entry.label for entry in keys.complete] == ["m (00000000)", "m (11111111)"]
    presets = group([Entry(one), Entry(dataclasses.replace(one, preset="paper"))])[0]
    assert [entry.label for entry in presets.complete] == ["m (fast)", "m (paper)"]
    precisions = group([Entry(one), Entry(dataclasses.replace(one, precision="bf16"))])[0]
    assert [entry.label for entry in precisions.complete] == ["m (float32)", "m (bf16)"]


def test_a_failure_joins_the_tables_that_it_may_belong_to(records: list[Record]) -> None:
    one = records[0]
    other = dataclasses.replace(one, protocol={"fingerprint": "other"})
    failed = dataclasses.replace(one, method="f", status="failed", reason="r", metrics={}, weights={})
    knows, knows_not = Entry(failed), Entry(dataclasses.replace(failed, method="g", protocol={}))
    groups = group([Entry(one), Entry(other), knows, knows_not])
    assert sorted(len(g.entries) for g in groups) == [2, 3]


def test_probes_are_left_out(records: list[Record]) -> None:
    one = records[0]
    probe = dataclasses.replace(one, probe="noise", metrics={})
    (only,) = group([Entry(one), Entry(probe)])
    assert [entry.record.probe for entry in only.entries] == [None]
    assert group([Entry(probe)]) == []


def test_groups_are_told_apart_by_dataset_where_the_classifier_does_not(records: list[Record]) -> None:
    cells = [("a", "d1"), ("a", "d2"), ("b", "d1")]
    made = [dataclasses.replace(records[0], classifier=name, dataset=on, key=f"{name}{on}") for name, on in cells]
    found = group(Entry(record) for record in made)
    assert sorted(told_apart(found, "<{}>")) == ["<a> on d1", "<a> on d2", "<b>"]
    assert told_apart([one for one in found if one.dataset == "d1"]) == ["a", "b"]


def test_what_was_skipped_and_completed_later_is_told_once(records: list[Record]) -> None:
    done = dataclasses.replace(records[0], created="2026-02-02T00:00:00")
    skipped = dataclasses.replace(done, status="skipped", reason="no weights", metrics={}, key="other")
    before, after = (dataclasses.replace(skipped, created=f"2026-0{month}-02T00:00:00") for month in (1, 3))
    assert [len(one.entries) for one in group([Entry(done), Entry(before)])] == [1]
    assert [len(one.entries) for one in group([Entry(done), Entry(after)])] == [2]
    others = ({"method": "other"}, {"seed": 1}, {"recipe": {"seed": 2}})
    done = dataclasses.replace(done, recipe={"seed": 1})
    for change in others:
        other = dataclasses.replace(before, recipe=None)
        found = group([Entry(done), Entry(dataclasses.replace(other, **change))])
        assert sum(len(one.entries) for one in found) == 2, change
    assert [len(one.entries) for one in group([Entry(done), Entry(dataclasses.replace(before, recipe=None))])] == [1]
