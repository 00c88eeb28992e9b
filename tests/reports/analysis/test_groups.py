from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from bench.faults import Faults
from bench.files import sha256_of_file, sha256_of_rows
from bench.record import Record
from reports.analysis.groups import Entry, folders_above, group
from tests.reports.synthetic import CONTROLS, write_cell


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
    assert [entry.label for entry in seeds.complete] == ["m (seed 0)", "m (seed 1)"]
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


def test_a_damaged_neighbour_is_as_none_and_is_named(records: list[Record], tmp_path: Path) -> None:
    (tmp_path / "reconstructions.npy").write_bytes(b"half a fi")
    (tmp_path / "per_image.parquet").write_bytes(b"half a fi")
    entry = Entry(records[0], tmp_path)
    assert entry.reconstructions is None
    assert entry.per_image == {}
    assert [fault.path.name for fault in entry.faults] == ["reconstructions.npy", "per_image.parquet"]


def test_records_that_lie_less_deep_have_no_folder_above(records: list[Record], tmp_path: Path) -> None:
    def above(*places: str, steps: int) -> list[Path]:
        return folders_above([Entry(records[0], Path(place)) for place in places], steps)

    assert above("/a/b/c/d", "/x/y/z", "/x", steps=3) == [Path("/"), Path("/a")]
    assert above("/x/y", "/", steps=3) == []
    assert above("cell", steps=1) == [Path.cwd()]
    (only,) = group([Entry(records[0], Path("/no-such-cell"))])
    assert only.originals is None


def test_what_was_altered_after_the_record_is_left_out_and_named(records: list[Record], tmp_path: Path) -> None:
    pixels = np.zeros((records[0].num_images, 4, 4, 3), np.uint8)
    place = write_cell(tmp_path, records[0], {"lpips": np.zeros(len(pixels))}, pixels)
    np.save(place.parents[2] / "originals.npy", pixels)
    names = ("per_image.parquet", "reconstructions.npy")
    digests = {name: sha256_of_file(place / name) for name in names} | {"originals.npy": sha256_of_rows(pixels)}

    def entry() -> Entry:
        return Entry(dataclasses.replace(records[0], digests=digests), place, faults=Faults())

    whole = entry()
    assert whole.reconstructions is not None
    assert group([whole])[0].originals is not None
    np.save(place / "reconstructions.npy", pixels + 1)
    np.save(place.parents[2] / "originals.npy", pixels + 1)
    altered = entry()
    (of,) = group([altered])
    assert (altered.reconstructions, of.originals) == (None, None)
    reasons = {fault.path.name: fault.reason for fault in altered.faults}
    assert reasons == {
        name: f"{name} is not what its record was written with" for name in ("originals.npy", "reconstructions.npy")
    }
