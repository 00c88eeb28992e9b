"""What a finished cell left is taken only as it was written."""

import os
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bench.errors import DataError
from bench.line import run_cell
from bench.rescore import score_runs
from bench.store.folder import CellFolder
from bench.store.record import Record
from bench.store.remains import Images
from tests.cells import config, folder_of, forget

pytestmark = pytest.mark.networks

Finished = tuple[Record, CellFolder]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, Path]:
    out = tmp_path_factory.mktemp("finished")
    return run_cell(config("Noisy", out)), out


@pytest.fixture
def finished(once: tuple[Record, Path], tmp_path: Path) -> Finished:
    """A finished cell and its folder, which a test may damage."""
    record, out = once
    shutil.copytree(out, tmp_path, dirs_exist_ok=True)
    return record, CellFolder(folder_of(record, tmp_path))


def test_damaged_images_are_not_scored(tmp_path: Path) -> None:
    record = run_cell(config("Grey", tmp_path))
    forget(record, tmp_path, "psnr")
    path = folder_of(record, tmp_path) / "reconstructions.npy"
    pixels = np.load(path)
    np.save(path, 255 - pixels)
    (done,) = score_runs(tmp_path, None, device="cpu")
    assert done.filled == ()
    assert "reconstructions.npy is not what its record was written with" in str(done.reason)


@pytest.mark.parametrize(("by", "rows"), [("another", 20), ("another", 10), ("own", 10)])
def test_logits_of_another_classifier_are_not_taken_for_the_cells_own(by: str, rows: int, tmp_path: Path) -> None:
    """Nor fewer of its own, which a smaller N has left after another had taken their place."""
    whole = run_cell(config("Grey", tmp_path))
    forget(whole, tmp_path, "logit_error")
    path = folder_of(whole, tmp_path).parents[1] / "logits.npz"
    with np.load(path) as stored:
        kept = {name: stored[name] for name in stored.files}
    kept |= {"ids": kept["ids"][:rows], "logits": (1 if by == "own" else -1) * kept["logits"][:rows]}
    kept |= {} if by == "own" else {"made_by": np.array("another cpu")}
    np.savez(path, **kept)
    (done,) = score_runs(tmp_path, None, device="cpu")
    assert done.filled == ("logit_error",)
    assert done.record.metrics["logit_error"].value == pytest.approx(whole.metrics["logit_error"].value, rel=1e-5)


def test_it_is_all_there_as_it_was_written(finished: Finished) -> None:
    record, folder = finished
    left = Images.open(record, folder)
    assert left.second is not None
    assert left.logits is not None
    assert {one.shape for one in (left.originals, left.reconstructions, left.second)} == {(20, 32, 32, 3)}
    assert left.logits.shape == (20, 10)
    assert left.columns["lpips"].mean() == pytest.approx(record.metrics["lpips"].value)
    folder.second_draw.unlink()
    assert Images.open(record, folder).second is None


def test_a_larger_run_beside_it_changes_nothing(finished: Finished, tmp_path: Path) -> None:
    """Originals and logits are shared, and have grown: the cell's own are the first of them."""
    record, folder = finished
    run_cell(config("Grey", tmp_path, num_images=30))
    left = Images.open(record, folder)
    assert len(left.originals) == 20
    assert left.logits is not None
    assert len(left.logits) == 20
    stranger = replace(record, weights=record.weights | {record.classifier: "another"}, digests={})
    assert Images.open(stranger, folder).logits is None


FILES = ("reconstructions.npy", "per_image.parquet", "../../../originals.npy", "../../logits.npz")


@pytest.mark.parametrize("name", FILES)
def test_what_is_missing_or_damaged_is_named_with_what_to_type(name: str, finished: Finished) -> None:
    record, folder = finished
    path, open_again = folder.path / name, partial(Images.open, folder=folder)
    path.write_bytes(b"half a fi")
    with pytest.raises(DataError, match=rf"{path.name} .*Type the same bench run with --force"):
        open_again(record)
    with pytest.raises(DataError, match="cannot be read"):
        open_again(replace(record, digests={}))  # of an earlier bench: nothing says what it was
    path.unlink()
    with pytest.raises(DataError, match=f"{path.name} is missing"):
        open_again(replace(record, digests={}))


@pytest.mark.parametrize("name", [os.fsdecode(b"caf\xe9"), "label=7"])
def test_the_folders_name_does_not_matter(name: str, finished: Finished, tmp_path: Path) -> None:
    record, folder = finished
    shutil.copytree(tmp_path, tmp_path.with_name(name), symlinks=True)
    there = CellFolder(folder_of(record, tmp_path.with_name(name)))
    assert Images.open(record, there).columns["label"].tolist() == Images.open(record, folder).columns["label"].tolist()


def test_images_without_labels_are_not_scored_again(finished: Finished) -> None:
    record, folder = finished
    table = pq.read_table(folder.path / "per_image.parquet")
    pq.write_table(table.drop_columns(["label"]), folder.path / "per_image.parquet")
    with pytest.raises(DataError, match="of fewer images, or without labels"):
        Images.open(replace(record, digests={}), folder)
