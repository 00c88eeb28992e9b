"""A notebook shows scores as a table and pictures as a strip, and runs nothing that a record holds."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from bench.store.notebook import STRIP, run_html, runs_html
from bench.store.reader import Left
from bench.store.record import Record, Score
from bench.store.runs import load_runs
from tests.reports.synthetic import write_cell

RECORD = Record(
    "m", "c", "d", 20, 0, key="k",
    metrics={"lpips": Score(0.25, (0.2, 0.3), 20), "fid": Score(None, note="no weights"), "psnr": Score(12.0)},
)  # fmt: skip


def test_scores_stand_with_half_their_interval_and_a_null_with_its_reason() -> None:
    shown = run_html(Left(RECORD))
    assert "<td>LPIPS</td><td>0.25 ± 0.05</td>" in shown
    assert "<td>FID</td><td>—</td><td>no weights</td>" in shown
    assert "<img" not in shown


def test_the_strip_holds_the_first_originals_over_their_reconstructions(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pixels, originals = (rng.integers(0, 256, (20, 8, 8, 3), dtype=np.uint8) for _ in range(2))
    place = write_cell(tmp_path, RECORD, {"image_id": [f"i{k}" for k in range(20)]}, pixels)
    np.save(place.parents[2] / "originals.npy", originals)
    (run,) = load_runs(tmp_path)
    found = re.search(r"base64,([^\"]+)", run._repr_html_())
    assert found is not None
    strip = np.asarray(Image.open(io.BytesIO(base64.b64decode(found.group(1)))))
    assert strip.shape == (16, 8 * STRIP, 3)
    assert np.array_equal(strip[:8, 8:16], originals[1])
    assert np.array_equal(strip[8:, 8:16], pixels[1])


def test_names_are_shown_and_never_run() -> None:
    evil = replace(RECORD, method="<script>alert(1)</script>", status="failed", reason="<b>")
    for shown in (run_html(Left(evil)), runs_html([Left(evil)])):
        assert "<script>" not in shown
        assert "&lt;script&gt;" in shown


def test_a_table_of_runs_has_the_main_scores_that_some_run_has() -> None:
    other = replace(RECORD, method="n", metrics={"ssim": Score(0.5)})
    shown = runs_html([Left(RECORD), Left(other)])
    head = re.findall(r"<th>(.*?)</th>", shown)
    assert head[:5] == ["method", "classifier", "dataset", "num_images", "status"]
    assert "LPIPS" in head
    assert "FID" not in head
    assert shown.count("<tr>") == 3
    assert runs_html([]).count("<tr>") == 1
