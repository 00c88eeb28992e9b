"""Where results lie: whole files, held cells, logits that belong to their images."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.cell import Cell
from bench.config import RunConfig
from bench.errors import BenchError, BusyError
from bench.store.folder import SHARD, CellFolder, Piece, slug


def piece(rows: range) -> Piece:
    pixels = np.full((len(rows), 2, 2, 3), rows.start // 250, np.uint8)
    return Piece(pixels, np.empty(0, np.uint8), 0.5, 100.0 + rows.start)


def fill(folder: CellFolder, count: int, invert: Callable[[range], Piece], title: str, size: int = SHARD) -> None:
    for rows in folder.unfinished(count, title, size):
        folder.keep(rows, invert(rows))


def test_fill_does_only_what_is_missing_and_assemble_joins(tmp_path: Path) -> None:
    folder, asked = CellFolder(tmp_path / "cell"), []

    def invert(rows: range) -> Piece:
        asked.append(rows.start)
        return piece(rows)

    fill(folder, 600, invert, "t")
    (tmp_path / "cell" / "shards" / "000250-000500.npz").unlink()
    fill(folder, 600, invert, "t")
    assert asked == [0, 250, 500, 250]
    pixels, second, seconds, peak = folder.assemble(600)
    assert pixels[:, 0, 0, 0].tolist() == [0] * 250 + [1] * 250 + [2] * 100
    assert (second, seconds, peak) == (None, 1.5, 600.0)


def test_boundaries_are_the_methods_and_others_are_not_taken(tmp_path: Path) -> None:
    folder, asked = CellFolder(tmp_path / "cell"), []

    def invert(rows: range) -> Piece:
        asked.append((rows.start, rows.stop))
        return piece(rows)

    fill(folder, 60, invert, "t")  # by an earlier bench
    fill(folder, 60, invert, "t", 25)
    assert asked == [(0, 60), (0, 25), (25, 50), (50, 60)]
    assert len(folder.assemble(60, 25)[0]) == 60


@pytest.mark.parametrize("damage", ["rows", "pixels", "other cell", "other rows", "cut", "unsealed"])
def test_a_shard_that_is_not_what_was_written_is_made_anew(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, other = CellFolder(tmp_path / "cell"), CellFolder(tmp_path / "other")
    asked: list[int] = []

    def invert(rows: range) -> Piece:
        asked.append(rows.start)
        return piece(rows)

    for one in (folder, other):
        fill(one, 300, invert, "t")
    shard = tmp_path / "cell" / "shards" / "000000-000250.npz"
    raw = dict(np.load(shard))
    if damage == "rows":
        np.savez(shard, **(raw | {"pixels": raw["pixels"][:100]}))
    elif damage == "pixels":
        np.savez(shard, **(raw | {"pixels": raw["pixels"] + 1}))
    elif damage == "other cell":
        shutil.copy(tmp_path / "other" / "shards" / shard.name, shard)
    elif damage == "other rows":
        shutil.copy(shard.with_name("000250-000300.npz"), shard)
    elif damage == "cut":
        shard.write_bytes(shard.read_bytes()[:1_000])
    else:
        np.savez(shard, **{name: array for name, array in raw.items() if name != "sha256"})
    asked.clear()
    fill(folder, 300, invert, "t")
    assert asked == [0]
    assert f"{shard} is damaged or another cell's, and is made anew" in capsys.readouterr().err
    assert folder.assemble(300)[0][:, 0, 0, 0].tolist() == [0] * 250 + [1] * 50


def test_a_method_that_answers_too_little_is_refused(tmp_path: Path) -> None:
    folder = CellFolder(tmp_path / "cell")
    with pytest.raises(BenchError, match="6 images were asked for, and 2 were returned"):
        fill(folder, 6, lambda rows: piece(range(2)), "t")
    assert not list((tmp_path / "cell").glob("**/*.npz"))


def test_holding_a_cell_sweeps_what_killed_processes_left(tmp_path: Path) -> None:
    folder = CellFolder(tmp_path / "cell")
    fill(folder, 10, piece, "t")
    ours, others = folder.path / ".record.json.4711.tmp", folder.path / "shards" / ".000010-000020.npz.host.1.ab.tmp"
    for path in (ours, others):
        path.touch()
    with folder.locked():
        assert (ours.exists(), others.exists()) == (False, True)  # a shard may be another process's
        fill(folder, 20, piece, "t", 10)
    assert not list(folder.path.glob("**/*.tmp"))


def test_two_processes_fill_one_cell_and_neither_waits_before_it_must(tmp_path: Path) -> None:
    one, other = CellFolder(tmp_path / "cell"), CellFolder(tmp_path / "cell")
    first, second = one.unfinished(40, "t", 10), other.unfinished(40, "t", 10, wait=False)
    made = [(next(first), one), (next(second), other)]
    assert [rows.start for rows, _ in made] == [0, 10]
    for rows, folder in made:
        folder.keep(rows, piece(rows))
    rows = next(second)
    other.keep(rows, piece(rows))
    rest = next(first)
    assert (rows.start, rest.start) == (20, 30)
    assert list(second) == []  # 30 is being made, and is not waited for
    one.keep(rest, piece(rest))
    assert list(first) == []
    assert len(one.assemble(40, 10)[0]) == 40


def test_a_shard_that_its_maker_left_unfinished_comes_last(tmp_path: Path) -> None:
    one, other = CellFolder(tmp_path / "cell"), CellFolder(tmp_path / "cell")
    dying = other.unfinished(20, "t", 10)
    assert next(dying).start == 0
    rest = one.unfinished(20, "t", 10)
    rows = next(rest)
    one.keep(rows, piece(rows))
    dying.close()  # without having kept anything
    rows = next(rest)
    assert rows.start == 0
    one.keep(rows, piece(rows))
    assert list(rest) == []


def test_who_does_not_wait_is_told_that_a_cell_is_held(tmp_path: Path) -> None:
    folder = CellFolder(tmp_path / "cell")
    with folder.locked(), pytest.raises(BusyError, match="Another process works in"), folder.locked(wait=False):
        pass
    with folder.locked(wait=False):
        pass


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
    fill(folder, 10, piece, "t")
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


def test_a_folder_of_other_images_has_another_place(tmp_path: Path) -> None:
    def place() -> Path:
        plugin = Path(__file__).parents[1] / "plugins.py"
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


def test_a_name_too_long_for_a_folder_is_cut_and_stays_itself() -> None:
    long = "folder:/" + "/".join(["a" * 100] * 5)
    names = [slug(long + ending) for ending in ("x", "y")]
    assert len(set(names)) == 2
    assert all(len(name.encode()) == 200 for name in names)
    assert slug("folder:/a b/é@32") == "folder-a-b-32"
    assert slug(f"folder:/{chr(0xDCFF)}") == "folder"
    assert slug("a" * 200) == "a" * 200
