"""Many image files to one uint8 memory map a split, on all cores; a kill loses at most the blocks that were at work.

folder/SPLIT.npy        (N, size, size, 3) uint8
folder/SPLIT.sha256     digests of the N files, 32 bytes each
folder/journal.jsonl    what is done: a line a block, with the digest of its pixels

Memory holds the list of the files, a block a process, and no more, however many there are.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import IO, Any

import numpy as np

from bench.datasets.archive import Member
from bench.datasets.base import Pixels
from bench.datasets.decode import bombs_are_errors, decode
from bench.environment import cpu_count
from bench.errors import BenchError, DataError, StorageError
from bench.progress import progress
from bench.store.files import FULL, write_atomically

BLOCK = 500  # images that one process decodes at a time, and that a kill may lose
JOURNAL = "journal.jsonl"
DIGESTS, WIDTH = ".sha256", 32  # ending of the files with digests, bytes of one


@dataclass(frozen=True)
class Block:
    """Consecutive images of a split, from row ``start`` on, and the folder that they go to."""

    split: str
    start: int
    members: Sequence[Member] = field(repr=False)
    folder: Path
    size: int

    @property
    def pixels(self) -> Path:
        """The split's memory map."""
        return self.folder / f"{self.split}.npy"

    @property
    def digests(self) -> Path:
        """Of the split's files."""
        return self.folder / f"{self.split}{DIGESTS}"


@dataclass(frozen=True)
class Prepared:
    """What became of one split.

    Attributes:
        files: SHA-256 of each image file, in order, 32 bytes each.
        blocks: SHA-256 of the pixels of each block of ``BLOCK`` images.
    """

    files: bytes
    blocks: list[str]

    def sha256(self) -> Iterator[str]:
        """That of each file, as ``sha256sum`` has it."""
        return (self.files[start : start + WIDTH].hex() for start in range(0, len(self.files), WIDTH))


def prepare(folder: Path, splits: Mapping[str, Sequence[Member]], size: int, title: str) -> dict[str, Prepared]:
    """Decode image files into ``folder``, going on where an earlier call for the same files ended.

    Args:
        folder: of this preparation alone; emptied where it belongs to another.
        splits: the files of each split, in the order of its rows.
        size: side of the images, which are resized on the shorter side and cropped in the middle.
        title: of the progress bar.

    Raises:
        DataError: a file is no image; names it.
        StorageError: the disk is full.
    """
    done = _resumed(folder, splits, size)
    blocks = [
        Block(split, start, files[start : start + BLOCK], folder, size)
        for split, files in splits.items()
        for start in range(0, len(files), BLOCK)
    ]
    todo = [block for block in blocks if (block.split, block.start) not in done]
    total = sum(len(block.members) for block in blocks)
    left = sum(len(block.members) for block in todo)
    began = time.monotonic()
    with (folder / JOURNAL).open("a") as journal, progress(total, title, total - left) as bar:
        for block, pixels in _decoded(todo):
            _keep(block)
            done[block.split, block.start] = pixels
            journal.write(json.dumps([block.split, block.start, pixels]) + "\n")
            journal.flush()
            bar.advance(len(block.members))
    if left:
        print(f"{title}: {left:,} images, {left / (time.monotonic() - began):,.0f} a second")
    return {
        split: Prepared(
            (folder / f"{split}{DIGESTS}").read_bytes(),
            [done[split, start] for start in range(0, len(files), BLOCK)],
        )
        for split, files in splits.items()
    }


def sha256_of_blocks(pixels: Pixels) -> list[str]:
    """What ``Prepared.blocks`` holds, of an array (N, H, W, 3)."""
    parts = (pixels[start : start + BLOCK] for start in range(0, len(pixels), BLOCK))
    return [hashlib.sha256(np.ascontiguousarray(part).data).hexdigest() for part in parts]


Done = dict[tuple[str, int], str]  # the digest of a block's pixels, by split and start


def _resumed(folder: Path, splits: Mapping[str, Sequence[Member]], size: int) -> Done:
    """What the journal says is done; a folder that belongs to other files, or to their order, begins anew."""
    plan, path, done = _plan(splits, size), folder / JOURNAL, Done()
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    there = all((folder / f"{split}{ending}").exists() for split in splits for ending in (".npy", DIGESTS))
    if lines[:1] == [plan] and there:
        whole = [line for line in lines[1:] if line.endswith("\n")]  # the last may be cut short
        for line in whole:
            split, start, pixels = json.loads(line)
            done[split, start] = pixels
    else:
        folder.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        for split, files in splits.items():
            _allocate(folder, split, len(files), size)
        whole = []
    write_atomically(path, "".join([plan, *whole]).encode())
    return done


def _plan(splits: Mapping[str, Sequence[Member]], size: int) -> str:
    """A digest of what is to be done: which files in which order, by name and length, and not where they lie."""
    digest = hashlib.sha256(json.dumps([size, BLOCK]).encode())
    for split, files in splits.items():
        digest.update(json.dumps([split, len(files)]).encode())
        for start in range(0, len(files), BLOCK):
            digest.update(json.dumps([[one.name, one.size] for one in files[start : start + BLOCK]]).encode())
    return digest.hexdigest() + "\n"


def _allocate(folder: Path, split: str, count: int, size: int) -> None:
    """Files for the pixels and the digests of this many images, without any."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, size, size, 3)}
    with (folder / f"{split}.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + count * size * size * 3)
    with (folder / f"{split}{DIGESTS}").open("wb") as file:
        file.truncate(count * WIDTH)


def _decoded(blocks: Sequence[Block]) -> Iterator[tuple[Block, str]]:
    """The blocks as they are finished, in any order: here where there are few, else in a process a core."""
    count = min(cpu_count(), len(blocks))
    if count < 2 or len(blocks) < 3:
        yield from ((block, _decode(block)) for block in blocks)
        return
    waiting = iter(blocks)
    with _workers(count) as lanes:
        at_work: dict[Connection, Block] = {}
        for lane in lanes:
            _give(lane, waiting, at_work)
        while at_work:
            for lane in _ready(at_work):
                block, answer = at_work.pop(lane), _answer(lane)
                if isinstance(answer, BaseException):
                    raise answer
                _give(lane, waiting, at_work)
                yield block, answer


def _give(lane: Connection, waiting: Iterator[Block], at_work: dict[Connection, Block]) -> None:
    if (block := next(waiting, None)) is not None:
        lane.send(block)
        at_work[lane] = block


def _ready(at_work: Iterable[Connection]) -> list[Connection]:
    return [lane for lane in wait(list(at_work)) if isinstance(lane, Connection)]


def _answer(lane: Connection) -> Any:
    try:
        return lane.recv()
    except EOFError:
        return DataError(
            "A process that decodes images was killed. Type the same command again: what is done is kept, "
            "but not with --force."
        )


@contextmanager
def _workers(count: int) -> Iterator[list[Connection]]:
    """Processes that decode what they are sent, until their pipe is closed: they outlive nobody who is killed."""
    context = get_context("spawn")  # a forked process would hold the ends of others' pipes
    lanes, processes = [], []
    for _ in range(count):
        here, there = context.Pipe()
        process = context.Process(target=_work, args=(there,), daemon=True)
        process.start()
        there.close()
        lanes.append(here)
        processes.append(process)
    try:
        yield lanes
    finally:
        for lane in lanes:
            lane.close()
        for process in processes:
            process.join()


def _work(lane: Connection) -> None:
    """What a worker does."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends, and with it the pipe
    while True:
        try:
            block = lane.recv()
        except EOFError:
            return
        try:
            answer: Any = _decode(block)
        except BenchError as error:
            answer = error
        try:
            lane.send(answer)
        except OSError:  # nobody is there any more
            return


def _decode(block: Block) -> str:
    """Write a block's pixels and the digests of its files; the SHA-256 of the pixels."""
    pixels = np.empty((len(block.members), block.size, block.size, 3), np.uint8)
    digests = bytearray()
    with bombs_are_errors():
        for row, member in enumerate(block.members):
            data = member.read()
            digests += hashlib.sha256(data).digest()
            pixels[row] = decode(member.place, block.size, data)
    with _writing(block.pixels) as file:  # plainly: a full disk is then an error, and not the end of the process
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        file.seek(block.start * pixels[0].nbytes, os.SEEK_CUR)
        file.write(pixels.data)
    with _writing(block.digests) as file:
        file.seek(block.start * WIDTH)
        file.write(digests)
    return hashlib.sha256(pixels.data).hexdigest()


def _keep(block: Block) -> None:
    """Have the disk hold a block before the journal says so; here, where nobody waits for it but the journal."""
    for path in (block.pixels, block.digests):
        with _writing(path) as file:
            os.fsync(file.fileno())


@contextmanager
def _writing(path: Path) -> Iterator[IO[bytes]]:
    """A file that is there, to write into."""
    try:
        with path.open("r+b") as file:
            yield file
    except OSError as error:
        if error.errno in FULL:
            free = shutil.disk_usage(path.parent).free / 2**20
            raise StorageError(
                f"{path} could not be written: {error.strerror} ({free:,.1f} MiB are free there). Make room and type "
                "the same command again: what is done is kept, but not with --force."
            ) from error
        raise DataError(f"{path} could not be written: {error.strerror}.") from error
