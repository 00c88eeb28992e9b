"""Files that appear whole or not at all, whatever goes wrong, and locks between processes."""

import errno
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.errors import StorageError, UsageError
from bench.store import files
from bench.store.files import (
    locked,
    replacing,
    room_for,
    sha256_of_file,
    sha256_of_rows,
    sweep,
    write_atomically,
    write_rows,
)  # fmt: skip
from bench.store.folder import save_array, write_blocks

MIB = 2**20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MiB, where one can be mounted."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_an_error_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_atomically(path, b"old")

    def blocks() -> Iterator[NDArray[np.uint8]]:
        yield np.ones((1, 4), np.uint8)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_blocks(path, (2, 4), blocks())
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.processes
def test_a_full_disk_is_an_error_that_names_file_and_room_and_leaves_nothing(small_disk: Path) -> None:
    write_atomically(small_disk / "kept", b"old")
    big = np.zeros((8, 512, 512), np.uint8)
    writers: list[Callable[[Path], None]] = [
        lambda path: write_blocks(path, big.shape, iter(big[:, None])),
        lambda path: save_array(path, big),
        lambda path: write_atomically(path, big.tobytes()),
    ]
    for write in writers:
        with pytest.raises(StorageError) as caught:
            write(small_disk / "kept")
        text = str(caught.value)
        assert str(small_disk / "kept") in text
        assert "No space left on device" in text
        assert "MiB are free there" in text
        assert "--out" in text
        assert os.listdir(small_disk) == ["kept"]
        assert (small_disk / "kept").read_bytes() == b"old"


def test_a_full_cache_is_not_moved_by_out(tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(folder: Path) -> str:
        folder.mkdir(parents=True, exist_ok=True)
        with pytest.raises(StorageError) as caught, room_for(folder / "a.npy"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return str(caught.value)

    assert "Make room or set BENCH_HOME to another folder, and type" in said(bench_home / "imagenet-64")
    assert "Make room or choose another folder with --out, and type" in said(tmp_path / "runs")
    monkeypatch.setattr(files, "home", _homeless)
    assert "choose another folder with --out" in said(tmp_path / "runs")


def _homeless() -> Path:
    raise UsageError("There is no home folder.")


@pytest.mark.processes
def test_a_sparse_array_is_never_half_there_without_a_word(tmp_path: Path) -> None:
    """The limit on the size of files stands in for a full disk where none can be mounted; SIGBUS would be -7."""
    code = (
        "import resource, sys, numpy as np; from pathlib import Path; from bench.store.folder import write_blocks\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "block = np.zeros((250, 32, 32, 3), np.uint8)\n"
        "try: write_blocks(Path(sys.argv[1]), (1_000, 32, 32, 3), iter([block] * 4))\n"
        "except Exception as error: sys.exit(type(error).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.npy")], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.strip()) == (1, "StorageError")
    assert not list(tmp_path.iterdir())


def test_rows_are_written_as_numpy_would(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (7, 4, 4, 3), np.uint8)
    with replacing(tmp_path / "a.npy") as file:
        digests = write_rows(file, array.shape, iter([array[:5], array[5:]]))
    np.save(tmp_path / "b.npy", array)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    assert digests == [sha256_of_rows(array[:5]), sha256_of_rows(array[5:])]
    with pytest.raises(AssertionError, match="5 rows instead of 7"):
        write_blocks(tmp_path / "a.npy", array.shape, iter([array[:5]]))
    assert np.array_equal(np.load(tmp_path / "a.npy"), array)


def test_names_of_unfinished_files_are_unique_short_and_tell_the_machine(tmp_path: Path) -> None:
    path, seen = tmp_path / ("x" * 250), set()
    for _ in range(3):
        with replacing(path) as file:
            file.write(b"1")
            seen |= {name for name in os.listdir(tmp_path) if name != path.name}
    assert len(seen) == 3
    assert all(platform.node()[:5] in name and str(os.getpid()) in name and name.endswith(".tmp") for name in seen)


def test_sweeping_takes_only_what_begins_alike(tmp_path: Path) -> None:
    for name in (".originals.npy.host.1.ab.tmp", ".logits.npz.host.1.ab.tmp", "originals.npy", ".lock"):
        (tmp_path / name).touch()
    sweep(tmp_path, "originals.")
    assert sorted(os.listdir(tmp_path)) == [".lock", ".logits.npz.host.1.ab.tmp", "originals.npy"]


@pytest.mark.processes
def test_who_waits_for_another_process_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import sys, time; from pathlib import Path; from bench.store.files import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read(); print('free', flush=True)"
    )
    monkeypatch.setattr("bench.store.files.PATIENCE", 0.05)
    command = [sys.executable, "-c", code, str(tmp_path / ".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        import threading

        threading.Timer(0.3, other.stdin.close).start()
        with locked(tmp_path / ".lock"):
            assert other.stdout.readline() == "free\n"
    assert f"waiting for another process that works in {tmp_path}" in capsys.readouterr().err


def test_digests_are_those_of_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of_file(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    rows = np.frombuffer(b"abcdef", np.uint8).reshape(6, 1)
    assert sha256_of_rows(rows, 3) == sha256_of_file(tmp_path / "a")


def test_other_errors_of_the_system_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="odd") as caught, replacing(tmp_path / "a"):
        raise OSError(errno.EIO, "odd")
    assert caught.value.errno == errno.EIO
    assert not list(tmp_path.iterdir())
