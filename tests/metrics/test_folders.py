from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.errors import DataError, UsageError
from bench.metrics import score_folders

RNG = np.random.default_rng(0)


def save(folder: Path, name: str, size: tuple[int, int] = (8, 6), mode: str = "RGB") -> np.ndarray:
    folder.mkdir(exist_ok=True)
    pixels = RNG.integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(folder / name)
    return pixels


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "a", tmp_path / "b"


def test_pairs_by_stem_and_reads_slices(pair: tuple[Path, Path]) -> None:
    a, b = pair
    first = {name: save(a, f"{name}.png") for name in ("two", "one", "three")}
    second = {name: save(b, f"{name}.bmp") for name in ("one", "two", "three")}
    (a / "notes.txt").write_text("no image")
    originals, reconstructions, ids = score_folders(a, b)
    assert ids == ("one", "three", "two")
    assert originals.shape == reconstructions.shape == (3, 8, 6, 3)
    np.testing.assert_array_equal(originals[0:2], np.stack([first["one"], first["three"]]))
    np.testing.assert_array_equal(reconstructions[2:9], second["two"][None])


def test_grey_becomes_rgb(pair: tuple[Path, Path]) -> None:
    for folder in pair:
        save(folder, "x.png", mode="L")
    assert score_folders(*pair).originals[0:1].shape == (1, 8, 6, 3)


def test_missing_and_empty_folders(pair: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match="--originals must name a folder"):
        score_folders(*pair)
    save(pair[0], "x.png")
    pair[1].mkdir()
    with pytest.raises(UsageError, match=r"--reconstructions names .* holds no image"):
        score_folders(*pair)


def test_unpaired_names(pair: tuple[Path, Path]) -> None:
    save(pair[0], "x.png")
    save(pair[0], "y.png")
    save(pair[1], "x.png")
    with pytest.raises(UsageError, match=r"1 is missing from .*b, first 'y'"):
        score_folders(*pair)


def test_two_files_of_one_stem(pair: tuple[Path, Path]) -> None:
    save(pair[0], "x.png")
    save(pair[0], "x.bmp")
    save(pair[1], "x.png")
    with pytest.raises(UsageError, match="share a name"):
        score_folders(*pair)


def test_sizes_differ(pair: tuple[Path, Path]) -> None:
    save(pair[0], "x.png")
    save(pair[1], "x.png", size=(8, 7))
    with pytest.raises(DataError, match=r"is 6x8.* is 7x8.*Resize"):
        score_folders(*pair)


def test_unreadable_and_truncated_files(pair: tuple[Path, Path]) -> None:
    for folder in pair:
        save(folder, "x.png", size=(40, 40))
    whole = (pair[1] / "x.png").read_bytes()
    (pair[1] / "x.png").write_bytes(whole[:200])
    with pytest.raises(DataError, match="cannot be read"):
        score_folders(*pair).reconstructions[0:1]
    (pair[1] / "x.png").write_bytes(b"no image at all")
    with pytest.raises(DataError, match="cannot be read"):
        score_folders(*pair)


def test_subfolders_pair_by_their_path_and_what_is_left_out_is_said(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, ending in zip(pair, ("png", "bmp"), strict=True):
        for name in ("cat", "dog"):
            (folder / name).mkdir(parents=True)
            save(folder / name, f"x.y.{ending}")
    (pair[0] / "cat" / "notes.txt").write_text("no image")
    save(pair[0], ".hidden.png")
    assert score_folders(*pair).ids == ("cat/x.y", "dog/x.y")
    said = capsys.readouterr().err
    assert f"in {pair[0]} 2 files are left out, first .hidden.png" in said
    assert len(said.splitlines()) == 1
