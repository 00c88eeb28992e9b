import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.datasets import prepare as module
from bench.datasets.archive import Member
from bench.datasets.base import Pixels
from bench.datasets.decode import decode
from bench.datasets.prepare import BLOCK, JOURNAL, prepare, sha256_of_blocks
from bench.errors import DataError
from bench.store.files import sha256_of_file


def pictures(folder: Path, count: int) -> list[Member]:
    """Noise of several sizes, modes and formats."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for k in range(count):
        noise = rng.integers(0, 256, (6 + k % 5, 8, 3), dtype=np.uint8)
        picture = Image.fromarray(noise).convert("L" if k % 7 == 0 else "RGB")
        picture.save(folder / f"{k:05d}.{'jpg' if k % 2 else 'png'}")
    return [Member(path.name, str(path)) for path in sorted(folder.iterdir())]


def wanted(files: list[Member], size: int) -> Pixels:
    return np.stack([decode(Path(one.path), size) for one in files])


def test_two_splits_become_two_memory_maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 4)
    monkeypatch.setattr(module, "cpu_count", lambda: 1)
    files = pictures(tmp_path / "in", 15)
    made = prepare(tmp_path / "out", {"test": files[:10], "val": files[10:], "train": []}, 6, "title")
    for split, some in (("test", files[:10]), ("val", files[10:])):
        stored = np.load(tmp_path / "out" / f"{split}.npy", mmap_mode="r")
        assert np.array_equal(stored, wanted(some, 6))
        assert made[split].blocks == sha256_of_blocks(stored)
        assert list(made[split].sha256()) == [sha256_of_file(Path(one.path)) for one in some]
    assert np.load(tmp_path / "out" / "train.npy").shape == (0, 6, 6, 3)


def test_it_goes_on_where_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 4)
    monkeypatch.setattr(module, "cpu_count", lambda: 1)
    files, out = pictures(tmp_path / "in", 10), tmp_path / "out"
    first = prepare(out, {"test": files}, 6, "title")
    journal = (out / JOURNAL).read_text().splitlines(keepends=True)
    (out / JOURNAL).write_text("".join(journal[:3]) + journal[3][:20])  # killed while the third block was noted
    decoded: list[str] = []

    def noting(name: str, size: int, data: bytes) -> Pixels:
        decoded.append(Path(name).name)
        return decode(name, size, data)

    monkeypatch.setattr(module, "decode", noting)
    assert prepare(out, {"test": files}, 6, "title") == first
    assert decoded == [one.name for one in files[8:]]
    assert prepare(out, {"test": files[::-1]}, 6, "title").keys() == {"test"}  # another order: all anew
    assert len(decoded) == 12
    (out / "test.npy").unlink()
    prepare(out, {"test": files[::-1]}, 6, "title")
    assert np.array_equal(np.load(out / "test.npy"), wanted(files[::-1], 6))


def test_a_copy_whose_files_have_other_lengths_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 4)
    monkeypatch.setattr(module, "cpu_count", lambda: 1)
    files, other, out = pictures(tmp_path / "in", 10), tmp_path / "other", tmp_path / "out"
    other.mkdir()
    for one in files[:8]:
        Image.new("RGB", (6, 6)).save(other / one.name)
    for one in files[8:]:
        (other / one.name).write_bytes(b"no image")
    with pytest.raises(DataError, match="cannot be read as an image"):
        prepare(out, {"test": [Member(one.name, str(other / one.name)) for one in files]}, 6, "title")
    prepare(out, {"test": files}, 6, "title")
    assert np.array_equal(np.load(out / "test.npy"), wanted(files, 6))


def test_a_file_that_is_no_image_is_named(tmp_path: Path) -> None:
    files = pictures(tmp_path / "in", 3)
    Path(files[1].path).write_text("no image")
    with pytest.raises(DataError, match=r"00001\.jpg cannot be read as an image"):
        prepare(tmp_path / "out", {"test": files}, 6, "title")


KILLED = """
import sys
from pathlib import Path
from bench.datasets import prepare as module
from bench.datasets.archive import Member
from bench.datasets.base import Pixels
module.cpu_count = lambda: 2
if __name__ == "__main__":
    files = [Member(f"{k:05d}", sys.argv[1]) for k in range(60_000)]
    module.prepare(Path(sys.argv[2]), {"test": files}, 32, "title")
"""


@pytest.mark.processes
def test_a_kill_loses_no_finished_block_and_leaves_no_process(tmp_path: Path) -> None:
    """Two processes at work are killed with their parent; what the journal has is what the file holds."""
    noise = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    (tmp_path / "killed.py").write_text(KILLED)
    command = [sys.executable, str(tmp_path / "killed.py"), str(tmp_path / "a.png"), str(tmp_path / "out")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    journal, lines = tmp_path / "out" / JOURNAL, 0
    for _ in range(600):
        time.sleep(0.1)
        lines = journal.read_text().count("\n") if journal.exists() else 0
        if lines > 3:
            break
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    process.wait()
    assert 3 < lines < 120
    stored = np.load(tmp_path / "out" / "test.npy", mmap_mode="r")
    for line in journal.read_text().splitlines()[1:]:
        _, start, _ = json.loads(line)
        assert (stored[start : start + BLOCK] == noise).all()
    for _ in range(100):
        if not any(_alive(int(child)) for child in children):
            break
        time.sleep(0.1)
    assert children
    assert not any(_alive(int(child)) for child in children)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path(f"/proc/{pid}").exists() else False


@pytest.mark.processes
def test_processes_give_what_one_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cpu_count", lambda: 2)
    before = signal.getsignal(signal.SIGINT)
    files = pictures(tmp_path / "in", 40) * 50
    made = prepare(tmp_path / "out", {"test": files}, 6, "title")
    stored = np.load(tmp_path / "out" / "test.npy", mmap_mode="r")
    assert len(made["test"].blocks) == 4
    assert np.array_equal(stored, np.tile(wanted(files[:40], 6), (50, 1, 1, 1)))
    Path(files[3].path).write_text("no image")
    with pytest.raises(DataError, match="cannot be read as an image"):
        prepare(tmp_path / "again", {"test": files}, 6, "title")
    assert signal.getsignal(signal.SIGINT) is before
