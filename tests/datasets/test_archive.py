import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from bench.datasets.archive import Member, members
from bench.errors import DataError

FILES = {"top/a.txt": b"alpha" * 100, "top/deep/b.bin": os.urandom(3000), "top/deep/empty": b""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "folder"


def pack(folder: Path, kind: str) -> Path:
    path = folder.with_name(f"packed.{kind}")
    if kind.startswith("zip"):
        method = zipfile.ZIP_STORED if kind == "zip-stored" else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(path, "w", method) as archive:
            for name in FILES:
                archive.write(folder / name, name)
    else:
        with tarfile.open(path, f"w:{kind.partition('.')[2]}") as archive:  # type: ignore[call-overload]
            archive.add(folder / "top", "top")
    return path


@pytest.mark.parametrize("kind", ["folder", "zip", "zip-stored", "tar", "tar.gz", "tar.xz"])
def test_every_container_gives_the_same_files(folder: Path, tmp_path: Path, kind: str) -> None:
    found = members(folder if kind == "folder" else pack(folder, kind), tmp_path / "scratch")
    assert {one.name: one.read() for one in found} == FILES
    assert {one.name: one.size for one in found} == {name: len(data) for name, data in FILES.items()}


def test_what_cannot_be_read_is_named(folder: Path, tmp_path: Path) -> None:
    packed = pack(folder, "zip")
    found = {one.name: one for one in members(packed, tmp_path)}
    packed.write_bytes(packed.read_bytes()[:60])
    with pytest.raises(DataError, match=r"top/deep/b\.bin in .*packed\.zip cannot be read"):
        found["top/deep/b.bin"].read()
    with pytest.raises(DataError, match=r"packed\.zip is no folder, zip or tar archive that can be read"):
        members(packed, tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        Member("gone", str(tmp_path / "gone")).read()
    with pytest.raises(DataError, match="gone cannot be read"):
        _ = Member("gone", str(tmp_path / "gone")).size


def test_a_packed_archive_that_is_cut_short(folder: Path, tmp_path: Path) -> None:
    packed = pack(folder, "tar.gz")
    packed.write_bytes(packed.read_bytes()[:-2000])
    with pytest.raises(DataError, match="that can be read"):
        members(packed, tmp_path / "scratch")
