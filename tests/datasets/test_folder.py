import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.config import RunConfig
from bench.datasets import folder
from bench.datasets.decode import decode
from bench.datasets.folder import FolderDataset, scan
from bench.errors import DataError, UsageError
from bench.line import run


def picture(path: Path, colour: str = "red", size: tuple[int, int] = (8, 8)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    """Three cats, one dog, two newts, and things to ignore."""
    root = tmp_path / "animals"
    for name in ("newt/b.png", "newt/a.JPG", "cat/3.webp", "cat/1.png", "cat/2.bmp", "dog/x.tif"):
        picture(root / name)
    (root / "notes.txt").write_text("hello")
    (root / "cat" / "Thumbs.db").write_text("hello")
    (root / "cat" / ".hidden.png").write_text("hello")
    (root / ".git").mkdir()
    picture(root / ".git" / "a.png")
    (root / "empty").mkdir()
    return root


def test_published_order_is_round_robin(animals: Path) -> None:
    dataset = FolderDataset(animals, 8)
    assert dataset.ids == ("cat/1.png", "dog/x.tif", "newt/a.JPG", "cat/2.bmp", "newt/b.png", "cat/3.webp")
    assert dataset.class_names == ("cat", "dog", "newt")
    assert dataset.labels.tolist() == [0, 1, 2, 0, 2, 0]
    assert dataset.labels.dtype == np.int64


def test_folders_of_synsets_are_imagenets_classes(tmp_path: Path, animals: Path) -> None:
    for name in ("n02124075", "n01443537"):
        picture(tmp_path / "photos" / name / "a.png")
    dataset = FolderDataset(tmp_path / "photos", 8)
    assert dataset.class_names == ("goldfish", "Egyptian cat")
    assert dataset.card.class_ids == ("n01443537", "n02124075")
    rows = dataset.logits_of_labels("imagenet")
    assert rows is not None
    assert rows.tolist() == [1, 285]
    assert FolderDataset(animals, 8).logits_of_labels("imagenet") is None


def test_fingerprint_follows_size_and_files_but_not_the_place(animals: Path) -> None:
    before = FolderDataset(animals, 8).fingerprint
    moved = animals.rename(animals.with_name("moved"))
    assert FolderDataset(moved, 8).fingerprint == before
    assert FolderDataset(moved, 16).fingerprint != before
    picture(moved / "cat" / "2.bmp", size=(9, 9))
    assert FolderDataset(moved, 8).fingerprint != before


@pytest.mark.parametrize("suffix", ["bmp", "tif"])
def test_other_contents_of_the_same_size_are_another_folder(tmp_path: Path, suffix: str) -> None:
    path = picture(tmp_path / "cat" / f"a.{suffix}", "red")
    size, before = path.stat().st_size, FolderDataset(tmp_path, 8).fingerprint
    picture(path, "blue")
    assert path.stat().st_size == size
    assert FolderDataset(tmp_path, 8).fingerprint != before
    picture(path, "red")
    assert FolderDataset(tmp_path, 8).fingerprint == before


def test_prefixes_are_balanced(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        for k in range(4):
            picture(tmp_path / name / f"{k}.png")
    labels = FolderDataset(tmp_path, 8).labels
    for n in range(3, 13, 3):
        assert np.bincount(labels[:n]).tolist() == [n // 3] * 3


def test_pixels_by_rows_and_slices(animals: Path) -> None:
    picture(animals / "dog" / "x.tif", "blue")
    dataset = FolderDataset(animals, 4)
    assert dataset.pixels([1, 0])[0, 0, 0].tolist() == [0, 0, 255]
    assert np.array_equal(dataset.pixels(slice(0, 2)), dataset.pixels([0, 1]))
    assert dataset.pixels([]).shape == (0, 4, 4, 3)
    assert dataset.images(["dog/x.tif"])[0, :, 0, 0].tolist() == [0, 0, 1]


def test_what_is_left_out_is_said_once(animals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        FolderDataset(animals, 8)
    assert f"in {animals} 4 files are left out, first .git/" in capsys.readouterr().err
    assert capsys.readouterr().err == ""


def test_names_that_are_no_utf8_are_shown_as_escapes(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9-\xc3\xa9.png")
    picture(tmp_path / os.fsdecode(b"\xff") / "a.png", "blue").rename(tmp_path / os.fsdecode(b"\xff") / name)
    dataset = FolderDataset(tmp_path, 4)
    assert dataset.ids == ("\\xff/caf\\xe9-é.png",)
    assert dataset.class_names == (r"\xff",)
    assert dataset.images(dataset.ids)[0, :, 0, 0].tolist() == [0, 0, 1]
    "".join((*dataset.ids, *dataset.class_names, dataset.name)).encode()


def test_images_are_decoded_only_when_asked_for(animals: Path) -> None:
    (animals / "cat" / "1.png").write_text("this is no image")
    dataset = FolderDataset(animals, 8)
    dataset.pixels([1])
    with pytest.raises(DataError, match=r"cat/1\.png cannot be read as an image"):
        dataset.pixels([0])


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "tif"])
def test_truncated_image_is_named(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    path = tmp_path / f"half.{suffix}"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=rf"half\.{suffix} cannot be read"):
        decode(path, 32)


def test_centre_crop_keeps_the_middle(tmp_path: Path) -> None:
    stripes = np.zeros((32, 96, 3), dtype=np.uint8)
    stripes[:, 32:64, 1] = np.arange(32)
    Image.fromarray(stripes).save(tmp_path / "wide.png")
    Image.fromarray(stripes.swapaxes(0, 1)).save(tmp_path / "tall.png")
    assert np.array_equal(decode(tmp_path / "wide.png", 32), stripes[:, 32:64])
    assert np.array_equal(decode(tmp_path / "tall.png", 32), stripes[:, 32:64].swapaxes(0, 1))


def test_shrinking_is_antialiased(tmp_path: Path) -> None:
    checkers = np.indices((128, 128)).sum(0) % 2 * 255
    Image.fromarray(checkers.astype(np.uint8)).save(tmp_path / "checkers.png")
    small = decode(tmp_path / "checkers.png", 32).astype(float)
    assert abs(small.mean() - 127.5) < 1
    assert small.std() < 4  # picking every fourth pixel would give 0


@pytest.mark.parametrize("size", [(1, 7), (7, 1), (5, 3), (33, 32), (1000, 333)])
def test_any_size_becomes_square(tmp_path: Path, size: tuple[int, int]) -> None:
    found = decode(picture(tmp_path / "a.png", "lime", size), 32)
    assert found.shape == (32, 32, 3)
    assert found.dtype == np.uint8
    assert (found == (0, 255, 0)).all()


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    upright = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to see it upright
    Image.fromarray(np.rot90(upright)).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(decode(tmp_path / "turned.png", 8), upright)


def test_other_modes_become_rgb(tmp_path: Path) -> None:
    grey = np.full((8, 8), 100, dtype=np.uint8)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(grey.astype(np.uint16) * 256 + 255).save(tmp_path / "grey16.png")
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.new("LA", (8, 8), (100, 255)).save(tmp_path / "opaque.png")
    Image.new("P", (8, 8), 0).save(tmp_path / "palette.png", transparency=0)
    Image.new("CMYK", (8, 8), (0, 0, 0, 255)).save(tmp_path / "print.tif")
    expected = {"grey": 100, "grey16": 100, "clear": 255, "opaque": 100, "palette": 255, "print": 0}
    for name, value in expected.items():
        path = next(tmp_path.glob(f"{name}.*"))
        assert (decode(path, 8) == value).all(), name


def test_missing_folder_and_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found nothing there"):
        scan(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="found a file there"):
        scan(picture(tmp_path / "a.png"))


def test_no_images(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.txt").touch()
    with pytest.raises(DataError, match=r"holds no images: expected PATH/CLASS/IMAGE with files ending in \.bmp"):
        scan(tmp_path)


def test_too_low_suggests_the_parent(animals: Path) -> None:
    with pytest.raises(UsageError) as caught:
        scan(animals / "cat")
    assert f"Type: --dataset folder:{animals}" in str(caught.value)
    assert "classes cat, dog, newt" in str(caught.value)


def test_loose_images_without_such_a_parent(tmp_path: Path) -> None:
    picture(tmp_path / "photos" / "a.png")
    with pytest.raises(UsageError, match=r"holds 1 images directly.*one class is enough"):
        scan(tmp_path / "photos")


def test_too_high_suggests_the_subfolder(tmp_path: Path) -> None:
    for name in ("one/cat/a.png", "one/dog/a.png", "two/cat/a.png"):
        picture(tmp_path / name)
    with pytest.raises(UsageError) as caught:
        scan(tmp_path)
    assert "one level too high" in str(caught.value)
    assert f"Type: --dataset folder:{tmp_path / 'one'} or --dataset folder:{tmp_path / 'two'}" in str(caught.value)
    assert "(cat, dog)" in str(caught.value)


def test_train_and_val_beside_each_other_are_understood(tmp_path: Path) -> None:
    for k in range(12):
        picture(tmp_path / "train" / "cat" / f"{k:02d}.png")
    for name in ("train/dog/a.png", "val/dog/b.png", "val/cat/b.png"):
        picture(tmp_path / name)
    test, train, val = (FolderDataset.open(f"folder:{tmp_path}@8", split, 8) for split in ("test", "train", "val"))
    assert test.ids == ("val/cat/b.png", "val/dog/b.png")
    assert val.ids == ("train/cat/09.png",)  # a tenth of train: val is what is evaluated
    assert len(train) == 12
    assert train.ids[:2] == ("train/cat/00.png", "train/dog/a.png")
    assert test.class_names == train.class_names == ("cat", "dog")
    assert [part.ids for part in FolderDataset.training(f"folder:{tmp_path}@8")] == [train.ids, val.ids]
    picture(tmp_path / "test" / "newt" / "c.png")
    test, train, val = (FolderDataset.open(f"folder:{tmp_path}@8", split, 8) for split in ("test", "train", "val"))
    assert (test.ids, test.labels.tolist()) == (("test/newt/c.png",), [2])
    assert (len(train), val.ids) == (13, ("val/cat/b.png", "val/dog/b.png"))


def test_classes_that_are_called_like_splits_are_classes(tmp_path: Path) -> None:
    for name in ("train/a.png", "val/a.png"):
        picture(tmp_path / name)
    assert FolderDataset(tmp_path, 8).class_names == ("train", "val")


@pytest.mark.parametrize("extra", ["overview.png", "cat/more/a.png"])
def test_mixed_levels_name_the_offender(animals: Path, extra: str) -> None:
    picture(animals / extra)
    with pytest.raises(UsageError, match=f"beside such images there is {animals / extra}"):
        scan(animals)


def test_errors_are_one_paragraph(animals: Path) -> None:
    with pytest.raises(UsageError) as caught:
        scan(animals / "cat")
    assert "\n" not in str(caught.value)


@pytest.mark.networks
def test_a_run_scans_it_once_and_the_next_one_again(
    animals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans: list[Path] = []

    def counting(root: Path) -> dict[str, list[str]]:
        scans.append(root)
        return scan(root)

    monkeypatch.setattr(folder, "scan", counting)
    plugins = Path(__file__).parents[1] / "plugins.py"
    config = RunConfig(f"{plugins}:Grey", "robust_resnet152", f"folder:{animals}@32", out=tmp_path / "r", device="cpu")
    assert run(config).status == "complete"  # with all controls
    assert len(scans) == 1
    run(config)
    assert len(scans) == 2
