"""Where results lie: whole files, held cells, logits that belong to their images."""

import fcntl
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from bench import shared
from bench.cell import Cell
from bench.classifiers import LoadedClassifier
from bench.config import RunConfig
from bench.datasets.base import ArrayDataset
from bench.store import CellFolder, Piece, slug
from tests.training.small import small_dataset

CPU = torch.device("cpu")


def piece(rows: range) -> Piece:
    pixels = np.full((len(rows), 2, 2, 3), rows.start // 250, np.uint8)
    return Piece(pixels, np.empty(0, np.uint8), 0.5, 100.0 + rows.start)


def counting(seed: int) -> LoadedClassifier:
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Flatten(), nn.Linear(3072, 3)).eval()
    return LoadedClassifier("linear", network, f"{seed:064d}", 32)


def test_fill_does_only_what_is_missing_and_assemble_joins(tmp_path: Path) -> None:
    folder, asked = CellFolder(tmp_path / "cell"), []

    def invert(rows: range) -> Piece:
        asked.append(rows.start)
        return piece(rows)

    folder.fill(600, invert, "t")
    (tmp_path / "cell" / "shards" / "000250-000500.npz").unlink()
    folder.fill(600, invert, "t")
    assert asked == [0, 250, 500, 250]
    pixels, second, seconds, peak = folder.assemble(600)
    assert pixels[:, 0, 0, 0].tolist() == [0] * 250 + [1] * 250 + [2] * 100
    assert (second, seconds, peak) == (None, 1.5, 600.0)


def test_once_makes_a_piece_once(tmp_path: Path) -> None:
    folder, asked = CellFolder(tmp_path / "cell"), []

    def make() -> Piece:
        asked.append(1)
        return piece(range(250, 260))

    first, again = folder.once("a", make), folder.once("a", make)
    folder.once("b", make)
    assert len(asked) == 2
    assert (first.pixels == again.pixels).all()
    assert (first.seconds, first.peak_memory_mb) == (again.seconds, again.peak_memory_mb) == (0.5, 350)
    folder.finish("{}")
    assert not (tmp_path / "cell" / "shards").exists()


def test_finish_drops_shards_unless_the_cell_failed(tmp_path: Path) -> None:
    folder = CellFolder(tmp_path / "cell")
    folder.fill(10, piece, "t")
    folder.finish("{}", keep_shards=True)
    assert (tmp_path / "cell" / "shards").exists()
    folder.finish("{}")
    assert [path.name for path in (tmp_path / "cell").iterdir()] == ["record.json"]
    folder.clear()
    assert not list((tmp_path / "cell").iterdir())


def test_logits_of_reconstructions_belong_to_the_last_attempt(tmp_path: Path) -> None:
    folder = CellFolder(tmp_path / "cell")
    folder.path.mkdir()
    folder.save_logits(None)
    assert not folder.reconstruction_logits.exists()
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    folder.save_logits(values)
    assert np.array_equal(np.load(folder.reconstruction_logits, mmap_mode="r"), values)
    folder.save_logits(None)
    assert not folder.reconstruction_logits.exists()
    folder.save_logits(values)
    folder.finish("{}")
    assert folder.reconstruction_logits.exists()
    folder.clear()
    assert not list(folder.path.iterdir())


def test_a_cell_is_held_by_one_process(tmp_path: Path) -> None:
    folder = CellFolder(tmp_path / "cell")
    with folder.locked(), (tmp_path / "cell" / ".lock").open("w") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with folder.locked():
        pass


def test_logits_are_stored_once_and_belong_to_images_and_weights(tmp_path: Path) -> None:
    dataset, first = small_dataset(300), counting(1)
    z = shared.logits(tmp_path, first, dataset, 10, CPU)
    stamp = (tmp_path / "logits.npz").stat().st_mtime_ns
    assert (shared.logits(tmp_path, first, dataset, 250, CPU)[:10] == z).all()
    assert (tmp_path / "logits.npz").stat().st_mtime_ns == stamp  # whole blocks of 250 were computed
    assert len(shared.logits(tmp_path, first, dataset, 300, CPU)) == 300
    assert not np.allclose(shared.logits(tmp_path, counting(2), dataset, 10, CPU), z)
    others = ArrayDataset(
        "cifar10", [f"other-{k}" for k in range(10)], np.zeros(10), ["a"], 255 - dataset.pixels(slice(0, 10))
    )
    assert not np.allclose(shared.logits(tmp_path, counting(2), others, 10, CPU), z)


def test_a_folder_of_other_images_has_another_place(tmp_path: Path) -> None:
    def place() -> Path:
        plugin = Path(__file__).parent / "plugins.py"
        config = RunConfig(f"{plugin}:Grey", "robust_resnet152", f"folder:{tmp_path / 'photos'}", out=tmp_path / "runs")
        return Cell.open(config).dataset_folder

    (tmp_path / "photos" / "cats").mkdir(parents=True)
    Image.new("RGB", (40, 40)).save(tmp_path / "photos" / "cats" / "a.png")
    first = place()
    assert place() == first
    Image.new("RGB", (40, 40), "red").save(tmp_path / "photos" / "cats" / "b.png")
    assert place() != first


def test_slugs_are_safe_folder_names() -> None:
    assert slug("folder:/a b/../c") == "folder-a-b-..-c"
    assert slug("../..") == "unnamed"
