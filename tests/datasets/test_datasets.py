from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.datasets import folder_and_size, load_dataset, load_training
from bench.datasets.base import to_images, to_pixels
from bench.errors import UnknownNameError, UsageError


def test_cifar10(bench_home: Path) -> None:
    dataset = load_dataset("cifar10")
    assert len(dataset) == 2500
    assert dataset.images(dataset.ids[:3]).shape == (3, 3, 32, 32)
    assert load_dataset("cifar10", image_size=32).ids == dataset.ids


def test_cifar10_has_one_size() -> None:
    with pytest.raises(UsageError, match="cannot be had at 64x64"):
        load_dataset("cifar10", image_size=64)


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    Image.new("RGB", (48, 48), "red").save(tmp_path / "cat" / "a.png")
    dataset = load_dataset(f"folder:{tmp_path}@32")
    assert dataset.name == f"folder:{tmp_path}@32"
    assert dataset.images(["cat/a.png"]).shape == (1, 3, 32, 32)
    assert load_dataset(f"folder:{tmp_path}", image_size=48).pixels([0]).shape == (1, 48, 48, 3)
    assert load_dataset(f"folder:{tmp_path}", image_size=48).name == f"folder:{tmp_path}@48"
    with pytest.raises(UsageError, match="without a 'train' split"):
        load_dataset(f"folder:{tmp_path}", "train")
    for size in (0, 10_000):
        with pytest.raises(UsageError, match="at least 1 and at most 9459"):
            load_dataset(f"folder:{tmp_path}", image_size=size)


def test_a_folders_size_is_never_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cat").mkdir()
    for k in range(12):
        Image.new("RGB", (48, 48), "red").save(tmp_path / "cat" / f"{k}.png")
    name = f"folder:{tmp_path}"
    with pytest.raises(UsageError, match=r"load_dataset\('folder:.*@224'\), or give image_size="):
        load_dataset(name)
    assert load_dataset(f"{name}@48", image_size=48).pixels([0]).shape == (1, 48, 48, 3)
    with pytest.raises(UsageError, match="names 48 px, and 32 px are asked for"):
        load_dataset(f"{name}@48", image_size=32)
    train, _ = load_training(name)
    assert train.pixels([0]).shape == (1, 32, 32, 3)
    assert f"{name} is trained on at 32 px" in capsys.readouterr().err


def test_a_path_that_ends_like_a_size_is_itself(tmp_path: Path) -> None:
    for place in (tmp_path / "shots@64", tmp_path / "shots@64" / "cat"):
        place.mkdir()
    Image.new("RGB", (8, 8), "red").save(tmp_path / "shots@64" / "cat" / "a.png")
    assert folder_and_size(f"folder:{tmp_path}/shots@64") == (tmp_path / "shots@64", None)
    assert folder_and_size(f"folder:{tmp_path}/shots@64@8") == (tmp_path / "shots@64", 8)
    assert load_dataset(f"folder:{tmp_path}/shots@64@8").pixels([0]).shape == (1, 8, 8, 3)
    with pytest.raises(UsageError, match="does not say at which size"):
        load_dataset(f"folder:{tmp_path}/shots@64")


def test_misspelt_name() -> None:
    with pytest.raises(UnknownNameError, match=r"no dataset called 'cifar-10'\. Did you mean 'cifar10'"):
        load_dataset("cifar-10")
    with pytest.raises(UnknownNameError):
        load_dataset("folder:")


def test_forgotten_prefix(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"Type: --dataset folder:{tmp_path}"):
        load_dataset(str(tmp_path))


def test_pixels_survive_the_way_to_images_and_back() -> None:
    pixels = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3) * 2
    images = to_images(pixels)
    assert images.shape == (2, 3, 4, 4)
    assert np.array_equal(to_pixels(images), pixels)
    assert to_pixels(images * 3 - 1).min() == 0
