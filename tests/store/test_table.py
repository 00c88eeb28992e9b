"""The per-image table beside a record: damaged in every way, and what of it is read."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.store.faults import Faults
from bench.store.record import Level, Record, Score
from bench.store.table import columns
from reports.page.render import entries_below
from tests.reports.synthetic import two_cells

N = 60
IDS = [f"test-{row:05d}" for row in range(N)]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_cells(tmp_path_factory.mktemp("table"), N)


def columns_with(**changes: Any) -> Callable[[Path], None]:
    """Rewrite a table with columns replaced, added, or (None) dropped."""

    def change(path: Path) -> None:
        table = pq.read_table(path)
        held = {name: table[name] for name in table.column_names} | {k: pa.array(v) for k, v in changes.items() if v}
        pq.write_table(pa.table({k: v for k, v in held.items() if k not in changes or changes[k]}), path)

    return change


def rows_of(first: int, last: int) -> Callable[[Path], None]:
    return lambda path: pq.write_table(pq.read_table(path).slice(first, last), path)


def written(data: bytes) -> Callable[[Path], None]:
    return lambda path: void(path.write_bytes(data))


def void(_: object) -> None:
    return


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def long_table(path: Path) -> None:
    """A billion rows in a few bytes."""
    pq.write_table(pa.table({"image_id": pa.array(["x"] * 5_000_000), "lpips": np.zeros(5_000_000)}), path)


TABLES: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty": (written(b""), ""),
    "cut in half": (halved, ""),
    "no Parquet": (written(b"nonsense" * 100), "Parquet"),
    "a folder": (as_folder, "no regular file"),
    "fewer rows": (rows_of(0, 50), "50 rows and the record 60 images"),
    "no rows": (rows_of(0, 0), "0 rows"),
    "far more rows": (long_table, "5,000,000 rows"),
    "no ids": (columns_with(image_id=None), "no column image_id"),
    "ids twice": (columns_with(image_id=["a"] * N), "not unique"),
    "ids are numbers": (columns_with(image_id=list(range(N))), "image_id is of type int64"),
    "ids have gaps": (columns_with(image_id=[None, *IDS[1:]]), "1 gaps"),
    "scores are text": (columns_with(lpips=["0.5"] * N), "lpips is of type string"),
    "scores are lists": (columns_with(lpips=[[0.5]] * N), "lpips is of type list"),
    "labels are fractions": (columns_with(label=[0.5] * N), "label is of type double"),
    "another mean": (columns_with(lpips=[0.25] * N), "the mean of its column lpips is 0.25"),
    "a mean off by a millionth": (
        lambda path: columns_with(lpips=list(pq.read_table(path)["lpips"].to_numpy() * (1 + 3e-6)))(path),
        "the mean of its column lpips",
    ),
    "infinite scores": (columns_with(lpips=[float("inf"), *[0.5] * (N - 1)]), "lpips is inf"),
    "no score at all": (columns_with(lpips=[float("nan")] * N), "lpips is nan"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_contradicts_its_record_is_left_out(name: str, good: Path, tmp_path: Path) -> None:
    change, reason = TABLES[name]
    runs = Path(shutil.copytree(good, tmp_path / "runs"))
    (path,) = runs.glob("**/biggan-logit/*/per_image.parquet")
    change(path)
    faults = Faults()
    entry = next(one for one in entries_below(runs, faults) if one.record.method == "biggan-logit")
    assert entry.per_image == {}
    assert [(fault.path, reason in fault.reason) for fault in faults] == [(path, True)], list(faults)


def test_a_metric_that_the_record_lacks_is_missing_whatever_the_table_holds(good: Path, tmp_path: Path) -> None:
    runs = Path(shutil.copytree(good, tmp_path / "runs"))
    (path,) = runs.glob("**/biggan-logit/*/record.json")
    raw = json.loads(path.read_text())
    del raw["metrics"]["ssim"]
    raw["metrics"]["psnr"] = {"value": None, "note": "lost"}
    path.write_text(json.dumps(raw))
    faults = Faults()
    entry = next(one for one in entries_below(runs, faults) if one.record.method == "biggan-logit")
    assert "ssim" not in entry.per_image
    assert np.isnan(entry.per_image["psnr"]).all()
    assert len(entry.per_image["lpips"]) == N
    assert not list(faults)


def probe_of(*levels: Level, **overall: Score) -> Record:
    return Record("m", "c", "cifar10", 2, 0, probe="noise", metrics=overall, levels=levels)


def stored(path: Path, **held: object) -> Path:
    pq.write_table(pa.table(held), path)
    return path


def test_each_level_of_a_probe_agrees_with_its_own_scores(tmp_path: Path) -> None:
    """What a level has no value of is NaN in its rows, whatever the table holds, and stays in those of others."""
    one = Level("draw 1", 1.0, {"lpips": Score(0.25), "contrast": Score(None, note="it failed")})
    two = Level("draw 2", 2.0, {"lpips": Score(0.75), "contrast": Score(0.5)})
    record = probe_of(one, two, lpips=Score(0.5))
    names = ["draw 1", "draw 1", "draw 2", "draw 2", "all", "all"]
    table = stored(
        tmp_path / "t.parquet", level=names, image_id=["a", "b"] * 3, lpips=[0.0, 0.5, 0.5, 1.0, 0.5, 0.5],
        contrast=[9.0, 9.0, 0.25, 0.75, 9.0, 9.0], unheard=[1.0] * 6,
    )  # fmt: skip
    found = columns(table, record)
    assert found.keys() == {"level", "image_id", "lpips", "contrast"}
    assert found["lpips"].tolist() == [0.0, 0.5, 0.5, 1.0, 0.5, 0.5]
    np.testing.assert_array_equal(found["contrast"], [np.nan, np.nan, 0.25, 0.75, np.nan, np.nan])
    with pytest.raises(ValueError, match=r"mean of its column lpips is 0\.25, and the record says 0\.3"):
        columns(table, probe_of(replace(one, metrics={"lpips": Score(0.3)}), two, lpips=Score(0.5)))


def test_levels_that_the_record_does_not_have_are_refused(tmp_path: Path) -> None:
    record = probe_of(Level("draw 1", 1.0, {"lpips": Score(0.25)}))
    other = stored(tmp_path / "a.parquet", level=["draw 1", "draw 9"], image_id=["a", "a"], lpips=[0.25, 0.25])
    with pytest.raises(ValueError, match="it has a level 'draw 9' that the record has not"):
        columns(other, record)
    bare = stored(tmp_path / "b.parquet", image_id=["a", "b"], lpips=[0.25, 0.25])
    with pytest.raises(ValueError, match="no column level"):
        columns(bare, record)
    twice = stored(tmp_path / "c.parquet", level=["draw 1"] * 2, image_id=["a", "a"], lpips=[0.25, 0.25])
    with pytest.raises(ValueError, match="image_id is not unique"):
        columns(twice, record)


def test_single_precision_is_near_enough(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random(2)
    record = Record("m", "c", "cifar10", 2, 0, metrics={"lpips": Score(float(values.mean()))})
    table = stored(tmp_path / "t.parquet", image_id=["a", "b"], lpips=values.astype(np.float32))
    assert columns(table, record)["lpips"].dtype == np.float32


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux tells a process's threads")
def test_reading_starts_no_thread_and_imports_no_pandas(tmp_path: Path) -> None:
    """Those that read a Python stream abort a process that ends soon after."""
    path = tmp_path / "per_image.parquet"
    pq.write_table(pa.table({"image_id": IDS, "label": [1] * N, "psnr": [0.5] * N}), path)
    code = (
        "import os, sys, pathlib, pyarrow.parquet; from bench.store.table import columns; "
        "from bench.store.record import Record, Score; threads = len(os.listdir('/proc/self/task')); "
        f"record = Record('m', 'c', 'd', {N}, 0, metrics={{'psnr': Score(0.5)}}); "
        "found = columns(pathlib.Path(sys.argv[1]), record); assert len(found) == 3, found; "
        "assert len(os.listdir('/proc/self/task')) == threads; assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
