import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import bench
from bench.cell import Cell
from bench.classifiers.provider import targets
from bench.cli import doctor, listing
from bench.cli.commands import fetch, prepare, verify
from bench.datasets import aliases_of, imagenet, judge_of, load_dataset, load_training
from bench.datasets import prepare as preparing
from bench.datasets.base import Pixels
from bench.datasets.decode import decode
from bench.datasets.filelist import FileList
from bench.datasets.imagenet import SPLITS, WNIDS, published
from bench.datasets.imagenet_classes import imagenet_classes
from bench.datasets.imagenet_copy import Copy
from bench.errors import DataError, UsageError
from tests.datasets.fake_imagenet import FEW, images, label_of, layouts, packed, shards, shrink, written

NAME, PARTIAL = "imagenet:64", "imagenet:64:partial"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bench_home: Path) -> Path:
    """A whole ImageNet of three classes, 6 training and 2 validation images each, in folders."""
    shrink(monkeypatch)
    monkeypatch.setattr(preparing, "cpu_count", lambda: 1)
    return written(tmp_path / "copy", layouts()["folders"])


def prepared(source: Path, size: int = 64, partial: bool = False, force: bool = True) -> dict[str, bench.Dataset]:
    prepare("imagenet", source, size, force, partial)
    return {split: load_dataset(f"imagenet:{size}{':partial' if partial else ''}", split) for split in SPLITS}


def test_what_was_prepared_is_the_images(copy: Path) -> None:
    splits = prepared(copy)
    for split, dataset in splits.items():
        assert (dataset.name, dataset.kind, dataset.image_size, dataset.fixed) == (NAME, "imagenet", 64, False)
        assert dataset.card.splits == {"test": 6, "train": 12, "val": 6}
        for name, label, pixels in zip(dataset.ids, dataset.labels, dataset.pixels(slice(None)), strict=True):
            assert label == label_of(name), split
            assert np.array_equal(pixels, decode(name, 64, images()[name]))
    test = splits["test"]
    assert test.images([test.ids[3], test.ids[0]]).shape == (2, 3, 64, 64)
    assert torch.equal(test.images([test.ids[3]])[0] * 255, torch.from_numpy(test.pixels([3])[0]).permute(2, 0, 1))
    assert verify("imagenet") == 0
    folder = imagenet._folder(NAME)
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{s}.{e}" for s in SPLITS for e in ("npy", "npz"))


def test_parts_are_disjoint_and_go_round_the_classes(copy: Path) -> None:
    splits = prepared(copy)
    names = [name for dataset in splits.values() for name in dataset.ids]
    assert sorted(names) == sorted(images())
    for dataset in splits.values():
        each = len(dataset) // 3
        assert all(np.bincount(dataset.labels[: 3 * k]).tolist() == [k] * 3 for k in range(1, each + 1))
    train, val = load_training(NAME)
    assert (train.ids[:], val.ids[:]) == (splits["train"].ids[:], splits["val"].ids[:])
    assert len({dataset.fingerprint for dataset in splits.values()}) == 3


@pytest.mark.parametrize("layout", list(layouts()))
def test_the_layout_does_not_matter(copy: Path, tmp_path: Path, layout: str) -> None:
    known = {split: (dataset.ids[:], dataset.fingerprint) for split, dataset in prepared(copy).items()}
    other = prepared(written(tmp_path / "other", layouts()[layout]))
    assert {split: (dataset.ids[:], dataset.fingerprint) for split, dataset in other.items()} == known


def test_an_identity_is_that_of_names_labels_files_and_size(copy: Path, tmp_path: Path) -> None:
    known = prepared(copy)
    larger = prepared(copy, 128)
    own = prepared(written(tmp_path / "own", shards("{k:08d}", "jpg")))
    picture = copy / "train" / FEW[0] / f"{FEW[0]}_3.JPEG"
    Image.new("RGB", (9, 9)).save(picture)
    changed = prepared(copy)
    assert larger["test"].ids[:] == known["test"].ids[:]
    assert larger["test"].pixels([0]).shape == (1, 128, 128, 3)
    assert own["test"].card.splits == known["test"].card.splits
    for split, dataset in known.items():
        assert dataset.fingerprint not in (larger[split].fingerprint, own[split].fingerprint)
        assert (dataset.fingerprint == changed[split].fingerprint) == (f"{FEW[0]}_3" not in dataset.ids)


def test_an_incomplete_copy_has_an_identity_of_its_own(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = prepared(copy)["test"].fingerprint
    next((copy / "val" / FEW[1]).iterdir()).unlink()
    shutil.rmtree(copy / "train" / FEW[2])
    with pytest.raises(
        DataError, match=r"12 training and 5 validation images of 3 of .* 1 classes another .* --partial"
    ):
        prepare("imagenet", copy, 64, True)
    splits = prepared(copy, partial=True)
    assert (splits["test"].name, splits["test"].card.name, len(splits["test"])) == (PARTIAL, PARTIAL, 5)
    assert splits["test"].fingerprint != whole
    assert load_dataset(NAME).fingerprint == whole
    shutil.rmtree(imagenet._folder(NAME))
    with pytest.raises(DataError, match=r"imagenet:64 is not here\. .* --dataset imagenet:64:partial"):
        load_dataset(NAME)
    assert "imagenet:64:partial: 5 test, 8 train, 4 val images, an incomplete copy, in" in capsys.readouterr().out
    shutil.rmtree(copy / "val")
    with pytest.raises(DataError, match=r"none of the validation images, .* Put ILSVRC2012_img_val\.tar"):
        prepare("imagenet", copy, 64, True, True)


def test_a_copy_is_prepared_once(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepared(copy)
    capsys.readouterr()
    prepare("imagenet", copy, 64, False)
    assert capsys.readouterr().out == f"imagenet:64 is already in {imagenet._folder(NAME)}\n"
    prepare("imagenet", copy, 64, False, True)
    assert "already in" in capsys.readouterr().out
    prepare("imagenet", copy, 64, True, True)  # all of it is here: it is no incomplete one
    assert not imagenet._folder(PARTIAL).exists()


def test_it_goes_on_where_it_ended(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = prepared(copy)
    wanted = {split: dataset.pixels(slice(None)) for split, dataset in known.items()}
    monkeypatch.setattr(preparing, "BLOCK", 4)
    decoded: list[str] = []

    def dying(name: str, size: int, data: bytes) -> Pixels:
        decoded.append(name)
        if len(decoded) == 13:  # after three blocks, of 4, 2 and 4 images
            raise KeyboardInterrupt
        return decode(name, size, data)

    monkeypatch.setattr(preparing, "decode", dying)
    with pytest.raises(KeyboardInterrupt):
        prepare("imagenet", copy, 64, True)
    assert np.array_equal(load_dataset(NAME).pixels(slice(None)), wanted["test"])  # the old one is whole until then
    shutil.rmtree(imagenet._folder(NAME))
    shutil.move(copy, copy.with_name("moved"))
    capsys.readouterr()
    again = prepared(copy.with_name("moved"), force=False)
    assert "preparing imagenet:64: 14 images, " in capsys.readouterr().out
    assert len(decoded) == 13 + 14
    for split, dataset in again.items():
        assert dataset.fingerprint == known[split].fingerprint
        assert np.array_equal(dataset.pixels(slice(None)), wanted[split])


@pytest.mark.parametrize("force", [False, True])
def test_nothing_of_another_copy_is_kept(copy: Path, monkeypatch: pytest.MonkeyPatch, force: bool) -> None:
    """Files of the same names, and with ``force`` of the same lengths, fail part of the way; the right ones follow."""
    wanted = {split: dataset.pixels(slice(None)) for split, dataset in prepared(copy).items()}
    shutil.rmtree(imagenet._folder(NAME))
    monkeypatch.setattr(preparing, "BLOCK", 4)
    decoded: list[str] = []

    def failing(name: str, size: int, data: bytes) -> Pixels:
        decoded.append(name)
        if len(decoded) == 13:
            raise DataError("no image")
        return 255 - decode(name, size, data)

    other = copy.with_name("other")
    shutil.copytree(copy, other)
    for path in () if force else other.rglob("*.JPEG"):
        path.write_bytes(path.read_bytes() + b"more")
    with monkeypatch.context() as patched:
        patched.setattr(preparing, "decode", failing)
        with pytest.raises(DataError, match="no image"):
            prepare("imagenet", other, 64, False)
    for split, dataset in prepared(copy, force=force).items():
        assert np.array_equal(dataset.pixels(slice(None)), wanted[split])


def test_a_kill_before_the_last_step_costs_nothing(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []

    def noting(name: str, size: int, data: bytes) -> Pixels:
        decoded.append(name)
        return decode(name, size, data)

    def dying(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(preparing, "decode", noting)
    with monkeypatch.context() as patched:
        patched.setattr(imagenet, "settle", dying)
        with pytest.raises(KeyboardInterrupt):
            prepare("imagenet", copy, 64, False)
    prepare("imagenet", copy, 64, False)
    assert len(decoded) == 24
    assert verify("imagenet") == 0


def test_what_is_asked_in_vain_says_what_to_type(bench_home: Path, tmp_path: Path) -> None:
    for name in ("imagenet:96", "imagenet:64:small", "imagenet:x"):
        with pytest.raises(UsageError, match=rf"There is no {name}\. .* imagenet:64, imagenet:128, imagenet:224, and"):
            load_dataset(name)
    with pytest.raises(DataError, match=r"type: bench data prepare imagenet --from PATH --size 128$"):
        load_dataset("imagenet:128")
    with pytest.raises(DataError, match=r"--size 128 --partial$"):
        load_dataset("imagenet:128:partial")
    with pytest.raises(UsageError, match="'test', 'train' and 'val', not 'extra'"):
        load_dataset(NAME, "extra")
    with pytest.raises(UsageError, match="cannot be had at 32x32"):
        load_dataset(NAME, image_size=32)
    with pytest.raises(UsageError, match=r"lacks what follows its name. Type: imagenet:SIZE\[:partial\]"):
        load_dataset("imagenet")
    with pytest.raises(UsageError, match=r"at 64, 128 or 224 px, and not at 100: .* --size 128$"):
        prepare("imagenet", tmp_path, 100, False)
    for name in ("cifar10", "folder", "inception"):
        with pytest.raises(UsageError, match=f"{name} needs no preparation"):
            prepare(name, tmp_path, 64, False)
    with pytest.raises(UsageError, match="bench data prepare imagenet --from PATH --size 64"):
        fetch("imagenet", None, False)
    with pytest.raises(DataError, match="does not exist"):
        prepare("imagenet", tmp_path / "nowhere", 64, False)


def test_damage_is_told(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify("imagenet") == 0
    assert "missing" in capsys.readouterr().out
    prepared(copy)
    path = imagenet._folder(NAME) / "val.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert verify("imagenet") == 1
    assert "imagenet:64 val    wrong" in capsys.readouterr().out
    path.write_bytes(data[:-100])
    with pytest.raises(DataError, match="bench data prepare imagenet --from PATH --size 64 --force"):
        load_dataset(NAME, "val")
    (imagenet._folder(NAME) / "test.npz").write_bytes(b"")
    assert state().ok is False
    with pytest.raises(DataError, match="is not here"):
        load_dataset(NAME)


def state() -> doctor.Check:
    return next(check for check in doctor.datasets() if check.title == "dataset imagenet")


def test_lists_and_the_doctor_know_it(copy: Path) -> None:
    assert (state().ok, state().detail) == (None, "not here")
    prepared(copy)
    prepared(copy, 224)
    row = next(row for row in listing.datasets() if row["name"] == "imagenet:SIZE[:partial]")
    assert (row["test"], row["train"], row["val"]) == (6, 12, 6)
    assert state().detail == f"prepared: imagenet:64, imagenet:224 in {imagenet._folder(NAME).parent}"


def test_its_card_says_what_a_run_needs(copy: Path, tmp_path: Path) -> None:
    card = prepared(copy)["test"].card
    assert (card.name, card.image_size, card.judge, card.gallery) == (NAME, 64, "torchvision:vgg16_bn", 50_000)
    assert (card.default_num_images, card.names_classes, card.class_ids) == (5_000, True, WNIDS)
    assert card.class_names == tuple(imagenet_classes().values())
    assert judge_of(NAME) == card.judge
    assert aliases_of(NAME)["robust_resnet152"] == "fair:R152"
    assert "efficientnet_lite0" in targets(aliases_of(NAME))
    logits = load_dataset(NAME).logits_of_labels("imagenet")
    assert logits is not None
    assert logits.tolist() == list(range(1_000))
    assert load_dataset(NAME).logits_of_labels("cifar10") is None
    cell = Cell.open(bench.RunConfig("oracle", "efficientnet_lite0", NAME, judge="zoo:judge", out=tmp_path))
    assert (cell.num_images, cell.draft.protocol["gallery"]) == (6, 50_000)


def test_order_and_parts_are_published() -> None:
    """They follow from the official names alone: another order would be another dataset."""
    from bench.store.fingerprint import digest

    copy = many(1_000 * 60)
    parts = published(copy)
    ids = {split: [one.decode() for one in copy.ids[rows]] for split, rows in parts.items()}
    assert {split: len(names) for split, names in ids.items()} == {"test": 10_000, "train": 40_000, "val": 10_000}
    for rows, each in ((parts["val"], 10), (parts["test"], 10)):
        assert np.bincount(copy.labels[rows[: 1_000 * each]]).tolist() == [each] * 1_000
    assert digest(ids) == "e588909ae5567433"


def many(count: int, place: str = "/x") -> Copy:
    """So many images, a sixth of them for validation, which are all one file."""
    validation = np.arange(count) % 6 == 5
    labels = (np.arange(count) // 6 % 1_000).astype(np.int16)
    names = [
        f"ILSVRC2012_val_{k:08d}" if tested else f"{WNIDS[label]}_{k}"
        for k, (tested, label) in enumerate(zip(validation, labels, strict=True))
    ]
    ids, zeros = np.array(names, "S"), np.zeros(count, np.int64)
    return Copy(ids, labels, validation, FileList((place,), zeros.astype(np.int32), ids, zeros, zeros + 1))


def test_memory_holds_a_list_and_a_block(bench_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pixels of 15,000 images more are 46 MB; what memory holds of each is less than a tenth of that."""
    monkeypatch.setattr(preparing, "cpu_count", lambda: 1)
    monkeypatch.setattr(preparing, "decode", lambda *_: 0)
    (tmp_path / "file").write_bytes(b"0")
    peaks = []
    for count in (5_000, 20_000):
        copy = many(count, str(tmp_path / "file"))
        tracemalloc.start()
        imagenet._prepare(copy, NAME, 32, False)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / 15_000 < 32 * 32 * 3 / 10


KILLED = """
import sys
from bench.cli.commands import prepare
from pathlib import Path
from bench.datasets import prepare as preparing
preparing.cpu_count = lambda: 2
if __name__ == "__main__":
    prepare("imagenet", Path(sys.argv[1]), 64, False, True)
"""


@pytest.mark.processes
def test_a_killed_command_is_gone_on_with(bench_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the outside, with two processes at work."""
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "x.jpg")
    data = (tmp_path / "x.jpg").read_bytes()
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "a.tar").write_bytes(packed({f"{WNIDS[k % 9]}_{k}.JPEG": data for k in range(2_000)}))
    tested = {f"{WNIDS[0]}/ILSVRC2012_val_{k:08d}.JPEG": data for k in range(20)}
    (tmp_path / "copy" / "b.tar").write_bytes(packed(tested))
    (tmp_path / "killed.py").write_text(KILLED)
    process = subprocess.Popen([sys.executable, str(tmp_path / "killed.py"), str(tmp_path / "copy")])
    journal = bench_home / ".imagenet-64-partial-prepare" / preparing.JOURNAL
    for _ in range(3_000):
        time.sleep(0.02)
        if journal.exists() and journal.read_text().count("\n") > 2:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = journal.read_text().count("\n") - 1
    assert 1 < done < 6
    capsys.readouterr()
    splits = prepared(tmp_path / "copy", partial=True, force=False)
    left = int(capsys.readouterr().out.split("preparing imagenet:64:partial: ")[1].split(" images")[0].replace(",", ""))
    assert 2_020 - left >= 20 + 500 * (done - 2)
    wanted = decode("x", 64, data)
    assert all((dataset.pixels(slice(None)) == wanted).all() for dataset in splits.values())
    assert verify("imagenet") == 0
