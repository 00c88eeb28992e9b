"""Files are hashed once for the same state, and again for another."""

import hashlib
import os
from pathlib import Path

import pytest

from bench.datasets import contents
from bench.datasets.contents import distrust_cache, sha256_of_files
from bench.errors import DataError
from bench.paths import home


@pytest.fixture(autouse=True)
def fresh(bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_process(monkeypatch)
    monkeypatch.setattr(contents, "home", home)
    monkeypatch.setattr(contents, "SETTLED", 0.0)


def new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing read yet, the cache believed."""
    monkeypatch.setattr(contents, "_known", {})
    monkeypatch.setattr(contents, "_trusted", True)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read."""
    seen: list[str] = []

    def read(path: Path) -> str:
        seen.append(path.name)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr(contents, "_sha256", read)
    return seen


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    root.mkdir()
    for name in ("a", "b"):
        (root / name).write_text(name)
    return root


def test_a_file_is_read_once(folder: Path, counted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [hashlib.sha256(name.encode()).hexdigest() for name in ("a", "b")]
    assert sha256_of_files(folder, ["a", "b"]) == expected
    assert sha256_of_files(folder, ["b", "a"]) == expected[::-1]
    new_process(monkeypatch)
    assert sha256_of_files(folder, ["a", "b"]) == expected  # from the cache
    assert counted == ["a", "b"]


def test_another_state_is_read_again(folder: Path, counted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    before = sha256_of_files(folder, ["a", "b"])
    stat = (folder / "a").stat()
    (folder / "a").write_text("A")
    os.utime(folder / "a", ns=(stat.st_atime_ns, stat.st_mtime_ns))  # size, inode and mtime as they were
    new_process(monkeypatch)
    after = sha256_of_files(folder, ["a", "b"])
    assert (after[0] == before[0], after[1] == before[1]) == (False, True)
    assert counted == ["a", "b", "a"]


def test_force_reads_all_once_more(folder: Path, counted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    sha256_of_files(folder, ["a"])
    new_process(monkeypatch)
    distrust_cache()
    for _ in range(3):
        sha256_of_files(folder, ["a"])
    assert counted == ["a", "a"]


def test_what_changed_a_moment_ago_is_not_kept(
    folder: Path, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "SETTLED", 100.0)
    sha256_of_files(folder, ["a"])
    sha256_of_files(folder, ["a"])
    assert counted == ["a", "a"]


def test_a_damaged_or_unwritable_cache_is_no_cache(
    folder: Path, counted: list[str], bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = sha256_of_files(folder, ["a"])
    (kept,) = (bench_home / "contents").iterdir()
    kept.write_bytes(kept.read_bytes()[:-50])
    new_process(monkeypatch)
    assert sha256_of_files(folder, ["a"]) == expected
    assert counted == ["a", "a"]
    new_process(monkeypatch)
    monkeypatch.setenv("BENCH_HOME", str(folder / "a"))  # a file
    assert sha256_of_files(folder, ["a"]) == expected


def test_what_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "gone").symlink_to(folder / "nowhere")
    with pytest.raises(DataError, match=r"photos/gone cannot be read \(No such file or directory\)"):
        sha256_of_files(folder, ["gone"])
    os.mkfifo(folder / "pipe")
    with pytest.raises(DataError, match=r"photos/pipe cannot be read \(it is no regular file\)"):
        sha256_of_files(folder, ["pipe"])
