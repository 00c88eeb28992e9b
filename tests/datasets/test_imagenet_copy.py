from pathlib import Path

import pytest

from bench.datasets import imagenet_copy
from bench.datasets.imagenet_copy import Copy
from bench.errors import DataError
from tests.datasets.fake_imagenet import (
    EACH,
    FEW,
    TESTED,
    devkit,
    images,
    label_of,
    layouts,
    packed,
    shards,
    shrink,
    training,
    truth,
    validation,
    written,
)


def find(source: Path) -> Copy:
    return imagenet_copy.find(source, 24)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


@pytest.mark.parametrize("layout", list(layouts()))
def test_every_layout_holds_the_same_images(tmp_path: Path, layout: str) -> None:
    copy = find(written(tmp_path / "copy", layouts()[layout]))
    known = images()
    assert sorted(copy.ids.tolist()) == sorted(name.encode() for name in known)
    for raw, label, tested, file in zip(copy.ids, copy.labels, copy.validation, copy.files, strict=True):
        name = raw.decode()
        assert label == label_of(name)
        assert tested == name.startswith("ILSVRC")
        assert file.read() == known[name]


def test_an_archive_may_be_given_itself(tmp_path: Path) -> None:
    root = written(tmp_path, layouts()["one archive"])
    assert len(find(root / "copy.tar").ids) == (EACH + TESTED) * len(FEW)


def test_links_are_followed_once(tmp_path: Path) -> None:
    written(tmp_path, training("elsewhere"))
    (tmp_path / "copy" / "val").mkdir(parents=True)
    (tmp_path / "copy" / "train").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "round").symlink_to(tmp_path / "copy")
    assert len(find(tmp_path / "copy").ids) == EACH * len(FEW)


def test_shards_with_keys_of_their_own_name_their_images(tmp_path: Path) -> None:
    copy = find(written(tmp_path, shards("{k:08d}", "jpg")))
    assert int(copy.validation.sum()) == TESTED * len(FEW)
    assert copy.ids[0] == b"train/imagenet-train-000000/00000000"
    assert copy.ids[copy.validation][0] == b"val/imagenet-validation-000000/00000000"
    folders = {name.replace("imagenet-train-", "train/").replace("imagenet-validation-", "val/"): d for name, d in
               shards("{k:08d}", "jpg").items()}  # fmt: skip
    assert len(find(written(tmp_path / "folders", folders)).ids) == len(copy.ids)
    with pytest.raises(DataError, match=r"Two images in .* are called train/000000/00000000\. Rename one"):
        find(written(tmp_path / "folders", {f"more/{name}": data for name, data in folders.items()}))
    renamed = {name.replace("validation", "b").replace("train", "a"): d for name, d in shards("{k}", "jpg").items()}
    with pytest.raises(DataError, match="call it by either train or val"):
        find(written(tmp_path / "unclear", renamed))


def test_what_is_not_of_imagenet_is_left_out(tmp_path: Path) -> None:
    copy = layouts()["folders"]
    picture = next(iter(copy.values()))
    other = {"train/n00000001/n00000001_5.JPEG": picture, f"train/{FEW[0]}/._{FEW[0]}_3.JPEG": b"", "a/notes.txt": b""}
    other |= {"pets/cat.jpg": picture, "pets/cat.json": b"[1]", "b.json": b"{", "b.jpg": picture}
    assert len(find(written(tmp_path, copy | other)).ids) == len(copy)


def test_classes_of_validation_images_must_be_known(tmp_path: Path) -> None:
    files = training() | validation()
    with pytest.raises(DataError, match=r"of which class 6 of the 6 validation images .*devkit_t12\.tar\.gz or LOC_"):
        find(written(tmp_path, files))
    half = truth("{name} {wnid}\n").splitlines(keepends=True)[:4]
    with pytest.raises(DataError, match=r"of which class 2 of the 6 .* are \(val\.txt does not\)\. Put"):
        find(written(tmp_path, {"val.txt": b"".join(half)}))


def test_labels_that_contradict_the_names_are_refused(tmp_path: Path) -> None:
    name = f"{FEW[1]}_3"
    inside = {f"{name}.cls": b"2", f"{name}.jpg": images()[name]}
    with pytest.raises(DataError, match=rf"Beside {name} in .*a-train\.tar stands class 2, and its name .* says 1"):
        find(written(tmp_path, {"a-train.tar": packed(inside)}))
    inside = {"0.cls": b"1000", "0.jpg": images()[name]}
    with pytest.raises(DataError, match=r"0\.cls in .* a number from 0 to 999 .* and holds '1000'"):
        find(written(tmp_path, {"a-train.tar": packed(inside)}))


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no ImageNet in .* and found 1 other files"):
        find(written(tmp_path / "a", {"notes.txt": b""}))
    archive = layouts()["official archives"]["ILSVRC2012_img_train.tar"]
    for name, data in {"x.tar": archive[: len(archive) // 2], "y.tar": b"no archive" * 200}.items():
        with pytest.raises(DataError, match=r"cannot be read .* unpacked first"):
            find(written(tmp_path / name[0], {name: data}))
    written(tmp_path / "z", {"x.tar.gz": packed(devkit(), "w:gz")})
    with pytest.raises(DataError, match="must be unpacked first"):
        find(tmp_path / "z" / "x.tar.gz")
