"""``bench score`` of finished runs and of two folders."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.cli.score import score_finished, score_two_folders
from bench.datasets import cifar10
from bench.errors import UsageError
from bench.metrics.registry import metrics
from bench.rescore import Scored
from bench.store.record import Record, Score
from tests.cli.test_app import bench, paragraph


@pytest.mark.processes
def test_score_of_two_folders(tmp_path: Path) -> None:
    pixels, _ = cifar10.shipped_test()
    for k in range(4):
        for folder, picture in (("a", pixels[k]), ("b", np.roll(pixels[k], 1, axis=1))):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.fromarray(picture).save(tmp_path / folder / f"{k}.png")
    done = bench("score", "--originals", tmp_path / "a", "--reconstructions", tmp_path / "b", "--json")
    scores = json.loads(done.stdout)
    assert set(scores) == set(metrics())
    assert scores["lpips"]["value"] > 0
    assert scores["logit_error"]["value"] is None
    (tmp_path / "b" / "3.png").unlink()
    assert "missing" in paragraph(bench("score", "--originals", tmp_path / "a", "--reconstructions", tmp_path / "b"), 2)


def scored(key: str, value: float | None, note: str | None = None, reason: str | None = None) -> Scored:
    record = Record("m", "c", "cifar10", 20, 0, metrics={key: Score(value, None, 20, note=note)})
    return Scored(record, Path("somewhere"), (key,), reason)


def test_a_line_a_cell_says_what_was_filled_in_and_what_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = [scored("psnr", 12.5), replace(scored("fid", None, "too few images", "it is damaged"), filled=())]
    asked: list[Any] = []

    def runs(folder: Path, wanted: Any, **more: Any) -> Iterator[Scored]:
        asked.append((folder, wanted, more["classifiers"], more["judge"]))
        yield from cells

    monkeypatch.setattr("bench.rescore.score_runs", runs)
    assert score_finished(tmp_path, ["psnr"], "mine.py:net", "judge", None, "cpu", as_json=False) == 1
    assert asked == [(tmp_path, ["psnr"], ("mine.py:net",), "judge")]
    first, second = capsys.readouterr().out.splitlines()
    assert first == "m on c (cifar10, 20 images): psnr 12.5"
    assert second == "m on c (cifar10, 20 images): nothing to do. Left out: it is damaged"
    assert (
        score_finished(tmp_path, ["fid"], None, None, None, "cpu", as_json=False) == 1
    )  # nothing was filled, as before
    told = "m on c (cifar10, 20 images): fid has no value: too few images. Left out: it is damaged"
    assert capsys.readouterr().out.splitlines()[1] == told
    cells.pop()
    assert score_finished(tmp_path, None, None, None, None, "cpu", as_json=True) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert record["metrics"]["psnr"]["value"] == 12.5


def test_a_folder_without_finished_runs_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert score_finished(tmp_path, None, None, None, None, "cpu", as_json=False) == 0
    assert capsys.readouterr().out == f"{tmp_path} holds no finished run.\n"


def test_the_judge_is_no_target(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"(?i)judge scores reconstructions and is never a target"):
        score_two_folders(tmp_path, tmp_path, None, "judge", None, None, "cpu", as_json=True)


def test_two_folders_print_a_row_a_metric(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, level in (("a", 100), ("b", 120)):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (16, 16), (level, level, level)).save(tmp_path / folder / "x.png")
    score_two_folders(tmp_path / "a", tmp_path / "b", ["psnr"], None, None, None, "cpu", as_json=False)
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("psnr")]
    assert float(row.split()[1]) == pytest.approx(20 * math.log10(255 / 20), rel=1e-3)
