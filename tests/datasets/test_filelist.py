import pickle
from pathlib import Path

import numpy as np
import pytest

from bench.datasets import filelist
from bench.datasets.archive import Member
from bench.datasets.filelist import ALL, Columns, FileList


def files(count: int = 10) -> FileList:
    within, names = np.arange(count, dtype=np.int32) % 2, np.array([f"{k}.jpg" for k in range(count)], "S")
    starts = np.arange(count) * 100
    return FileList(("/a folder", "/x.tar"), within, names, starts, np.where(within == 0, ALL, 50))


def test_each_is_a_member_when_it_is_asked_for() -> None:
    some = files()
    assert some[2] == Member("2.jpg", "/a folder/2.jpg")
    assert some[3] == Member("3.jpg", "/x.tar", 300, 50)
    assert list(some[np.array([3, 2])]) == [some[3], some[2]]
    assert [one.name for one in some[4:7]] == ["4.jpg", "5.jpg", "6.jpg"]
    assert len(some[20:30]) == 0
    assert list(pickle.loads(pickle.dumps(some[2:4]))) == [some[2], some[3]]


def test_a_block_of_them_takes_few_bytes() -> None:
    assert len(pickle.dumps(files(100_000)[500:1000])) < 40_000


def test_names_need_not_be_text(tmp_path: Path) -> None:
    name = b"\xff.jpg"
    some = FileList((str(tmp_path),), np.zeros(1, np.int32), np.array([name]), np.zeros(1, np.int64), np.full(1, ALL))
    assert some[0].path == f"{tmp_path}/\udcff.jpg"


def test_rows_become_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filelist, "FEW", 4)
    table = Columns("S", "i2")
    for k in range(10):
        table.add(b"x" * k, k)
    assert len(table) == 10
    names, numbers = table.arrays()
    assert names.tolist() == [b"x" * k for k in range(10)]
    assert numbers.tolist() == list(range(10))
    assert numbers.dtype == np.dtype(np.int16)
    names, numbers = Columns("S", "i2").arrays()
    assert (len(names), len(numbers)) == (0, 0)
