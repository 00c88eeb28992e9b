from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from bench.store.faults import Faults
from bench.store.files import sha256_of_file, sha256_of_rows
from bench.store.reader import Left, folder_of, folders_above, originals_of
from bench.store.record import Record, Score
from tests.reports.synthetic import write_cell

RECORD = Record("m", "c", "cifar10", 60, 0, key="k", metrics={"lpips": Score(0.0, n=60)})


def test_a_record_is_found_by_its_key(tmp_path: Path) -> None:
    place = write_cell(tmp_path, RECORD, None, None)
    assert folder_of(RECORD, tmp_path) == place
    assert folder_of(dataclasses.replace(RECORD, key="other"), tmp_path) is None


def test_a_metric_that_the_record_does_not_hold_has_a_bare_card() -> None:
    assert Left(RECORD).metric("lpips").title == "LPIPS"
    assert Left(RECORD).metric("psnr").title == "psnr"


def test_a_damaged_neighbour_is_as_none_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "reconstructions.npy").write_bytes(b"half a fi")
    (tmp_path / "per_image.parquet").write_bytes(b"half a fi")
    entry = Left(RECORD, tmp_path)
    assert entry.reconstructions is None
    assert entry.per_image == {}
    assert [fault.path.name for fault in entry.faults] == ["reconstructions.npy", "per_image.parquet"]


def test_records_that_lie_less_deep_have_no_folder_above(tmp_path: Path) -> None:
    def above(*places: str, steps: int) -> list[Path]:
        return folders_above([Left(RECORD, Path(place)) for place in places], steps)

    assert above("/a/b/c/d", "/x/y/z", "/x", steps=3) == [Path("/"), Path("/a")]
    assert above("/x/y", "/", steps=3) == []
    assert above("cell", steps=1) == [Path.cwd()]
    assert originals_of([Left(RECORD, Path("/no-such-cell"))]) is None


def test_what_was_altered_after_the_record_is_left_out_and_named(tmp_path: Path) -> None:
    pixels = np.zeros((RECORD.num_images, 4, 4, 3), np.uint8)
    place = write_cell(tmp_path, RECORD, {"lpips": np.zeros(len(pixels))}, pixels)
    np.save(place.parents[2] / "originals.npy", pixels)
    names = ("per_image.parquet", "reconstructions.npy")
    digests = {name: sha256_of_file(place / name) for name in names} | {"originals.npy": sha256_of_rows(pixels)}

    def left() -> Left:
        return Left(dataclasses.replace(RECORD, digests=digests), place, faults=Faults())

    whole = left()
    assert whole.reconstructions is not None
    assert originals_of([whole]) is not None
    np.save(place / "reconstructions.npy", pixels + 1)
    np.save(place.parents[2] / "originals.npy", pixels + 1)
    altered = left()
    assert (altered.reconstructions, originals_of([altered])) == (None, None)
    reasons = {fault.path.name: fault.reason for fault in altered.faults}
    assert reasons == {
        name: f"{name} is not what its record was written with" for name in ("originals.npy", "reconstructions.npy")
    }


def test_of_what_is_larger_than_can_be_digested_only_rows_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.zeros((RECORD.num_images, 4, 4, 3), np.uint8)
    place = write_cell(tmp_path, RECORD, {"lpips": np.zeros(len(pixels))}, pixels)
    record = dataclasses.replace(RECORD, digests={"reconstructions.npy": "0" * 64})
    assert Left(record, place, faults=Faults()).reconstructions is None
    monkeypatch.setattr("bench.store.reader.MOST_HASHED", (place / "reconstructions.npy").stat().st_size - 1)
    assert Left(record, place, faults=Faults()).reconstructions is not None
