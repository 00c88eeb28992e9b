"""The two measurements: what they average, and that one command prints a table and writes JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from baselines.optimization import chunks, mahendran_vedaldi
from bench.datasets.base import Pixels
from studies.optimization import no_prior, random_start
from studies.optimization.study import lpips


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mahendran_vedaldi.ITERATIONS, "fast", (2, 1, 1))
    monkeypatch.setitem(chunks.SIZES, "cpu", (2,))


def pixels(seed: int, n: int = 3) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)


def study(runs: list[Pixels]) -> Any:
    return SimpleNamespace(originals=pixels(9), reconstruct=lambda make, seed: runs[seed])


def test_equal_answers_do_not_depend_on_the_start() -> None:
    found = random_start.measure(study([pixels(0)] * 3), 3)
    assert found["starts"].tolist() == [0, 0, 0]
    assert (found["images"] > 0.01).all()


def test_distances_are_averaged_over_pairs_of_starts() -> None:
    """Two equal runs and another one: two of three pairs differ, each by the same."""
    a, b = pixels(0), pixels(1)
    found = random_start.measure(study([a, a, b]), 3)
    assert found["starts"] == pytest.approx(lpips(a, b) * 2 / 3)
    assert found["originals"] == pytest.approx(lpips(pixels(9), np.roll(pixels(9), -1, axis=0)))
    assert found["original"] == pytest.approx((2 * lpips(pixels(9), a) + lpips(pixels(9), b)) / 3)


def test_roughness_by_hand() -> None:
    """One bright pixel in the middle of a black image: sqrt 2 at itself, 1 at its two predecessors."""
    image = np.zeros((1, 8, 8, 3), np.uint8)
    image[0, 4, 4] = 255
    assert no_prior.roughness(image)[0] == pytest.approx((np.sqrt(2) + 2) / 64, abs=1e-4)


def test_differences_are_paired_and_without_prior_minus_with() -> None:
    keys = (*no_prior.METRICS, "total_variation")
    found = {
        "original": {"total_variation": np.array([1.0, 2.0])},
        "default": {key: np.array([1.0, 2.0]) for key in keys},
        "no prior": {key: np.array([1.5, 2.5]) for key in keys},
    }
    rows = no_prior.rows_of("c", found)
    assert [row["setting"] for row in rows] == ["original", "default", "no prior", "no prior - default"]
    assert rows[3]["lpips"] == (0.5, 0.5, 0.5)
    assert rows[0]["lpips"] is None
    assert rows[0]["total_variation"][0] == 1.5


@pytest.mark.parametrize("module", [random_start, no_prior])
def test_one_command_prints_a_table_and_writes_json(
    module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "found" / "x.json"
    command = ["x", "--num-images", "2", "--preset", "fast", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", [*command, "--starts", "2"] if module is random_start else command)
    module.main()
    document = json.loads(out.read_text())
    assert document["num_images"] == 2
    assert document["split"] == "test"
    assert set(document["classifiers"]) == set(module.CLASSIFIERS)
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[2:-1]] == [row["classifier"].split()[0] for row in document["rows"]]
    mean, lower, upper = document["rows"][1]["lpips" if module is no_prior else "starts"]
    assert 0 < lower <= mean <= upper
