import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.cli import listing
from bench.cli.commands import fetch, verify
from bench.datasets import load_dataset, load_training, tiny_imagenet
from bench.datasets.decode import decode
from bench.datasets.imagenet_classes import imagenet_classes
from bench.datasets.tiny_imagenet import NAME, PARTIAL, WNIDS, TinyImageNet, published
from bench.errors import DataError, UsageError
from bench.paths import home

CUT = os.environ.get("BENCH_TINY_IMAGENET_CUT", "")
FEW = WNIDS[:3]
Fetch = Callable[..., TinyImageNet]


@pytest.fixture
def mini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bench_home: Path) -> Path:
    """3 classes, 8 training and 2 validation images each, in the official layout; of a class 2 are val."""
    monkeypatch.setattr("bench.datasets.prepare.cpu_count", lambda: 1)  # processes take a second to start
    monkeypatch.setattr(tiny_imagenet, "WNIDS", FEW)
    monkeypatch.setattr(TinyImageNet, "class_ids", FEW)
    monkeypatch.setattr(tiny_imagenet, "OFFICIAL", 8)
    monkeypatch.setattr(tiny_imagenet, "HELD_OUT", 2)
    monkeypatch.setattr(tiny_imagenet, "SPLITS", {"test": 6, "train": 18, "val": 6})
    root, rng = tmp_path / "copy" / "tiny-imagenet-200", np.random.default_rng(0)
    names = {f"train/{wnid}/images/{wnid}_{k}.JPEG": wnid for wnid in FEW for k in range(8)}
    names |= {f"val/images/val_{k}.JPEG": FEW[k % 3] for k in range(6)}
    for k, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        noise = Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))
        (noise.convert("L") if k % 5 == 0 else noise).save(root / name, quality=90)
    lines = [f"val_{k}.JPEG\t{FEW[k % 3]}\t0\t0\t9\t9\n" for k in range(6)]
    (root / "val" / "val_annotations.txt").write_text("".join(lines))
    (root / "wnids.txt").write_text("\n".join(FEW))
    (root / "train" / "n00000000" / "images").mkdir(parents=True)  # a class too many, as some copies have
    noise.save(root / "train" / "n00000000" / "images" / "n00000000_0.JPEG")
    return root


@pytest.fixture
def official(mini: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, and its digests are from now on the official ones."""
    fetch(NAME, mini, True, True)
    index = tiny_imagenet._index(PARTIAL)
    assert index is not None
    known = {split: str(index[f"{split}_digest"]) for split in ("test", "train", "val")}
    monkeypatch.setattr(tiny_imagenet, "DIGESTS", known)
    return mini


@pytest.mark.processes
@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz"])
def test_it_is_the_same_whatever_the_container(
    official: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.datasets.prepare.cpu_count", lambda: 2)
    source = official.parent if kind == "folder" else tmp_path / f"packed.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(source, "w") as archive:
            for path in sorted(official.rglob("*.*")):
                archive.write(path, path.relative_to(official.parent))
    elif kind != "folder":
        with tarfile.open(source, "w:gz" if kind.endswith("gz") else "w") as archive:
            archive.add(official, official.name)
    fetch(NAME, source, False)
    dataset = load_dataset(NAME)
    assert (dataset.name, dataset.fixed, len(dataset), dataset.image_size) == (NAME, True, 6, 64)
    assert dataset.card.splits == {"test": 6, "train": 18, "val": 6}
    for image_id, label, pixels in zip(dataset.ids, dataset.labels, dataset.pixels(slice(None)), strict=True):
        assert label == int(image_id.removeprefix("val_")) % 3
        assert np.array_equal(pixels, decode(official / "val" / "images" / f"{image_id}.JPEG", 64))
    assert verify(NAME) == 0
    assert not list((dataset_folder := tiny_imagenet._folder(NAME)).glob("*journal*"))
    assert sorted(path.name for path in dataset_folder.iterdir()) == ["index.npz", "test.npy", "train.npy", "val.npy"]


def test_parts_are_balanced_disjoint_and_read_by_row(official: Path) -> None:
    fetch(NAME, official, False)
    train, val = load_training(NAME)
    assert not {*train.ids} & {*val.ids}
    assert len({*train.ids, *val.ids}) == 24
    for part, each in ((train, 6), (val, 2), (load_dataset(NAME), 2)):
        for rounds in range(1, each + 1):
            assert np.bincount(part.labels[: 3 * rounds]).tolist() == [rounds] * 3
    assert np.array_equal(train.pixels([4, 1])[1], train.pixels(slice(1, 2))[0])
    assert all(image_id.startswith(FEW[label]) for image_id, label in zip(train.ids, train.labels, strict=True))


def test_labels_map_to_imagenets_logits(official: Path) -> None:
    fetch(NAME, official, False)
    dataset = load_dataset(NAME)
    rows = dataset.logits_of_labels("imagenet")
    assert rows is not None
    assert [list(imagenet_classes())[row] for row in rows] == list(dataset.card.class_ids)
    assert [list(imagenet_classes().values())[row] for row in rows] == list(dataset.class_names)
    own = dataset.logits_of_labels(NAME)
    assert own is not None
    assert own.tolist() == [0, 1, 2]
    assert dataset.logits_of_labels("cifar10") is None


def test_an_incomplete_copy_has_an_identity_of_its_own(official: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fetch(NAME, official, False)
    (official / "val" / "images" / "val_2.JPEG").unlink()
    (official / "train" / FEW[0] / "images" / f"{FEW[0]}_3.JPEG").unlink()
    with pytest.raises(DataError, match=r"holds 28 of the 30 images .* add --partial"):
        fetch(NAME, official, True)
    fetch(NAME, official, True, True)
    whole, part = load_dataset(NAME), load_dataset(PARTIAL)
    assert (part.name, part.card.name, part.fixed, len(part)) == (PARTIAL, PARTIAL, False, 5)
    assert part.ids == tuple(one for one in whole.ids if one != "val_2")
    assert part.kind == whole.kind
    assert part.fingerprint != whole.fingerprint
    assert {*load_dataset(PARTIAL, "train").ids} < {*load_dataset(NAME, "train").ids}
    assert verify(NAME) == 0
    assert "tiny-imagenet:partial test" in capsys.readouterr().out


def test_another_picture_is_refused(official: Path) -> None:
    Image.new("RGB", (64, 64)).save(official / "val" / "images" / "val_1.JPEG")
    with pytest.raises(
        DataError, match=r"not the official ones of Tiny ImageNet \(those of test have another digest\)"
    ):
        fetch(NAME, official, True)
    lines = (official / "val" / "val_annotations.txt").read_text().replace(FEW[1], FEW[0])
    (official / "val" / "val_annotations.txt").write_text(lines)
    with pytest.raises(DataError, match="those of test"):
        fetch(NAME, official, True)


def test_force_takes_nothing_of_an_earlier_attempt(official: Path) -> None:
    left = home() / f".{NAME}-prepare" / tiny_imagenet.ARCHIVE
    left.parent.mkdir()
    left.touch()
    with pytest.raises(DataError, match="does not exist"):
        fetch(NAME, official / "nowhere", True)
    assert not left.exists()


def test_damage_is_told(official: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fetch(NAME, official, False)
    path = tiny_imagenet._folder(NAME) / "val.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert verify(NAME) == 1
    assert "tiny-imagenet val" in capsys.readouterr().out
    path.write_bytes(data[:-100])
    with pytest.raises(DataError, match="bench data fetch tiny-imagenet --force"):
        load_dataset(NAME, "val")


def test_what_is_not_here_says_what_to_type(bench_home: Path, tmp_path: Path, mini: Path) -> None:
    with pytest.raises(DataError, match=r"Type: bench data fetch tiny-imagenet, or .* --from PATH\.$"):
        load_dataset(NAME)
    assert next(row for row in listing.datasets() if row["name"] == "tiny-imagenet[:partial]")["test"] == 0
    with pytest.raises(DataError, match="does not exist"):
        fetch(NAME, tmp_path / "nowhere", False)
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match="There is no Tiny ImageNet in"):
        fetch(NAME, tmp_path / "other", False)
    fetch(NAME, mini, False, True)
    with pytest.raises(DataError, match="An incomplete copy is here: --dataset tiny-imagenet:partial"):
        load_dataset(NAME)
    for name, split in ((f"{NAME}:small", "test"), (PARTIAL, "extra")):
        with pytest.raises(UsageError):
            load_dataset(name, split)
    with pytest.raises(UsageError, match="cannot be had at 32x32"):
        load_dataset(NAME, image_size=32)
    with pytest.raises(UsageError, match="cifar10 comes whole or not at all"):
        fetch("cifar10", None, False, True)


def test_order_and_parts_are_published() -> None:
    """They follow from the official names alone: another order would be another dataset."""
    from bench.datasets.archive import Member
    from bench.store.fingerprint import digest

    images = {f"{wnid}_{k}": (row, Member("", "")) for row, wnid in enumerate(WNIDS) for k in range(500)}
    images |= {f"val_{k}": (k % 200, Member("", "")) for k in range(10_000)}
    parts = published(images)
    assert {split: len(ids) for split, ids in parts.items()} == {"test": 10_000, "train": 95_000, "val": 5_000}
    labels = np.array([images[one][0] for one in parts["val"]])
    assert np.bincount(labels).tolist() == [25] * 200
    assert np.bincount(labels[:1_000]).tolist() == [5] * 200
    assert digest(parts) == "c55fba2c66d70c52"


@pytest.mark.skipif(not CUT, reason="BENCH_TINY_IMAGENET_CUT names no cut of Tiny ImageNet")
def test_a_cut_of_the_real_one(bench_home: Path) -> None:
    fetch(NAME, Path(CUT), False, True)
    dataset = load_dataset(PARTIAL)
    train, val = load_training(PARTIAL)
    assert (len(dataset), len(train) + len(val)) == (2_000, 4_000)
    assert np.bincount(dataset.labels).tolist() == [10] * 200
    assert dataset.pixels(slice(0, 2_000)).std() > 50
    assert 100 < len(val) < 300
