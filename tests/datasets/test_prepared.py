"""Prepared arrays in their place: what is kept, what is refused, what was altered."""

from pathlib import Path

import numpy as np
import pytest

from bench.datasets.prepare import sha256_of_blocks
from bench.datasets.prepared import intact, mapped, settle
from bench.errors import DataError


def stored(path: Path, count: int = 3) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    images = np.random.default_rng(0).integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    np.save(path, images)
    return images


def test_a_finished_folder_takes_the_place_of_an_older_one_without_what_the_work_left(tmp_path: Path) -> None:
    images = stored(tmp_path / "work" / "test.npy")
    (tmp_path / "work" / "journal.jsonl").write_text("done")
    stored(tmp_path / "place" / "old.npy")
    settle(tmp_path / "work", tmp_path / "place", ["test.npy"])
    assert [file.name for file in (tmp_path / "place").iterdir()] == ["test.npy"]
    assert not (tmp_path / "work").exists()
    assert np.array_equal(mapped(tmp_path / "place" / "test.npy", 3, 4, "x"), images)


@pytest.mark.parametrize(("count", "size"), [(2, 4), (3, 5)])
def test_an_array_of_another_shape_is_refused_with_what_to_type(tmp_path: Path, count: int, size: int) -> None:
    stored(tmp_path / "test.npy")
    with pytest.raises(DataError, match=rf"should hold {count} images and does not\. Type: bench data fetch x"):
        mapped(tmp_path / "test.npy", count, size, "bench data fetch x")


def test_a_file_cut_short_is_refused_with_what_to_type(tmp_path: Path) -> None:
    path = tmp_path / "test.npy"
    stored(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"is damaged .* Type: again"):
        mapped(path, 3, 4, "again")
    assert not intact(path, [])


def test_one_altered_pixel_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "test.npy"
    images = stored(path)
    blocks = sha256_of_blocks(images)
    assert intact(path, blocks)
    images[2, 3, 3, 2] ^= 1
    np.save(path, images)
    assert not intact(path, blocks)
