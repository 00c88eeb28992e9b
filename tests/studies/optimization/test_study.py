"""What the measurements share: some images and their scores, and one command that prints a table and writes JSON."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.optimization import chunks, mahendran_vedaldi
from bench.classifiers import LoadedClassifier
from bench.datasets.base import to_images
from bench.errors import UsageError
from bench.inverters.base import Inverter
from bench.metrics.extractors.lpips_alex import load_lpips
from bench.metrics.lpips import lpips_distance
from bench.seeding import sample_seeds
from studies.optimization import no_prior, random_start
from studies.optimization.study import Study, lpips, report


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mahendran_vedaldi.ITERATIONS, "fast", (2, 1, 1))
    monkeypatch.setitem(chunks.SIZES, "cpu", (2,))


@pytest.mark.networks
@pytest.mark.parametrize("module", [random_start, pytest.param(no_prior, marks=pytest.mark.slow)])
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


@pytest.mark.parametrize("count", [0, 1, 2_501])
def test_a_study_needs_two_images_and_no_more_than_there_are(count: int, bench_home: Path) -> None:
    with pytest.raises(UsageError, match=f"between 2 and 2500, got {count}"):
        Study.open("robust_resnet152", "test", count)


def test_a_reconstruction_has_the_seeds_of_its_images_and_of_the_run(tiny_cifar: LoadedClassifier) -> None:
    asked: list[list[int]] = []

    class Seeing(Inverter):
        def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
            asked.append(list(seeds))
            assert self.target.network is tiny_cifar.network
            return torch.zeros(len(logits), 3, *self.target.image_size)

    ids = ("a", "b", "c")
    study = Study(tiny_cifar, ids, np.zeros(3, np.int64), np.zeros((3, 32, 32, 3), np.uint8), torch.zeros(3, 5), "fast")
    for seed in (0, 7):
        assert study.reconstruct(Seeing, seed).shape == (3, 32, 32, 3)  # type: ignore[arg-type]
    assert asked == [sample_seeds(0, ids), sample_seeds(7, ids)]


@pytest.mark.networks
def test_lpips_of_pairs_is_that_of_the_metric() -> None:
    a, b = (np.random.default_rng(seed).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8) for seed in range(2))
    found = lpips(a, b)
    with torch.no_grad():
        expected = lpips_distance(load_lpips(), to_images(a), to_images(b))
    assert found == pytest.approx(expected.numpy(), rel=1e-4)
    assert lpips(a, a).tolist() == [0, 0]


def test_rows_show_means_with_their_intervals(
    tiny_cifar: LoadedClassifier, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = SimpleNamespace(preset="fast", classifier=tiny_cifar)
    given = Namespace(split="val", num_images=4, out=tmp_path / "x.json")
    report([{"setting": "s", "lpips": (0.51234, 0.4, 0.6), "none": None}], [study], given, {"starts": 3})  # type: ignore[list-item]
    assert "0.5123 [0.4, 0.6]" in capsys.readouterr().out
    document = json.loads(given.out.read_text())
    assert (document["starts"], document["rows"][0]["lpips"]) == (3, [0.51234, 0.4, 0.6])
    assert document["classifiers"] == {"linear": tiny_cifar.sha256}
