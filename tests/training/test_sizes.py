"""The whole line at 64 px: 20 classes, 1,000 logits, a folder of images; weights of one size serve no other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from bench.classifiers import LoadedClassifier
from bench.config import RunConfig
from bench.line import run_cell
from bench.store import sealed
from bench.store.record import Record
from bench.training import data as data_module
from bench.training import pairs as pairs_module
from bench.training import trainer as trainer_module
from bench.training.commands import Run, train_inverter
from bench.training.engine import Engine
from bench.training.pairs import TrainingPairs
from methods.biggan_logit.attention import SelfAttention
from methods.biggan_logit.recipes import BigGANRecipe
from methods.biggan_logit.train import BigGANTask
from tests.training.small import make

CLASSIFIER = """
import torch
from torch import nn

def thousand():
    torch.manual_seed(1)
    return nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(48, 1000))
"""
TINY: dict[str, dict[str, Any]] = {
    "biggan-logit": {"channels": 8, "hidden": 8, "batch": 8},
    "dosovitskiy-brox-2016a": {"factor": 1 / 16, "factor_d": 1 / 8, "batch": 8},
    "dosovitskiy-brox-2016b": {"factor": 1 / 16, "batch": 8},
    "flow-matching": {"channels": 16, "coarse": 32, "blocks": 1, "middle": 1, "width": 8, "batch": 8},
    "nash-2019": {"filters": (8, 8, 8), "components": 2, "width": 8, "batch": 8},
    "onehot-biggan": {"channels": 8, "hidden": 8, "batch": 8},
}
SLOW = ("nash-2019",)  # it draws a pixel at a time
SLOWLY = [pytest.param(one, marks=pytest.mark.slow) for one in SLOW]


def folder(root: Path, each: int, start: int) -> str:
    """Smooth colours with noise, 20 classes by turns."""
    random = np.random.default_rng(start)
    for label in range(20):
        (root / f"class{label:02d}").mkdir(parents=True)
        for k in range(each):
            pixels = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
            Image.fromarray(pixels).resize((72, 64)).save(root / f"class{label:02d}" / f"{start + k}.png")
    return f"folder:{root}"


@pytest.fixture
def classifier(tmp_path: Path, bench_home: Path) -> str:
    (tmp_path / "mine.py").write_text(CLASSIFIER)
    return f"{tmp_path / 'mine.py'}:thousand"


def cell(method: str, classifier: str, dataset: str, out: Path) -> Record:
    return run_cell(RunConfig(method, classifier, dataset, num_images=20, out=out, controls=False))


@pytest.mark.networks
@pytest.mark.parametrize("method", [*(one for one in TINY if one not in SLOW), *SLOWLY])
def test_trained_at_64_px_it_runs_at_64_px_and_at_no_other_size(
    method: str, classifier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = trainer_module.open_trainer(method)
    recipe = replace(opened.recipe(steps=3), **TINY[method])
    monkeypatch.setattr(type(opened), "recipes", {"cpu": recipe})
    monkeypatch.setattr(BigGANTask.averaged, "__defaults__", (3,))
    trained_on, other = folder(tmp_path / "a", 10, 0), folder(tmp_path / "b", 1, 100)
    train_inverter(method, classifier, f"{trained_on}@64", None, None, Run("cpu", out=tmp_path / "train"), seed=3)
    found = cell(method, classifier, f"{other}@64", tmp_path / "runs")
    assert found.status == "complete", found.reason
    assert found.recipe is not None
    said = {key: found.recipe[key] for key in ("name", "steps", "seed", "image_size")}
    assert said == {"name": "cpu", "steps": 3, "seed": 3, "image_size": 64}
    assert str(found.recipe["dataset"]).endswith("/a@64")
    (pixels,) = (tmp_path / "runs").glob(f"*/*/{method}/*/reconstructions.npy")
    assert np.load(pixels).shape == (20, 64, 64, 3)
    smaller = cell(method, classifier, f"{other}@32", tmp_path / "runs")
    assert smaller.status == "skipped"
    assert "images of 32 px; those that are here are for 64 px" in str(smaller.reason)
    assert f"bench train inverter {method} --classifier mine.py:thousand --dataset folder:...@32" in str(smaller.reason)
    odd = cell(method, classifier, f"{other}@48", tmp_path / "runs")
    assert "makes images of" in str(odd.reason)
    assert "64, 128 px and" in str(odd.reason)


def large(tmp_path: Path) -> LoadedClassifier:
    """A linear network of 5 logits, for images of 64 px."""
    torch.manual_seed(3)
    network = torch.nn.Sequential(torch.nn.AvgPool2d(16), torch.nn.Flatten(), torch.nn.Linear(48, 5))
    return LoadedClassifier("linear", network.eval().requires_grad_(False), "ab" * 32, 64)


@pytest.mark.networks
def test_the_networks_of_64_px_have_attention(tmp_path: Path, bench_home: Path) -> None:
    recipe = BigGANRecipe("tiny", channels=8, hidden=8, batch=8, dataset=f"{folder(tmp_path / 'a', 10, 0)}@64")
    task = make(BigGANTask, recipe, large(tmp_path), Engine())
    for net in (task.g, task.d, task.averaged(1)):
        assert sum(isinstance(module, SelfAttention) for module in net.modules()) == 1
    images, _ = task.pairs.batch(0, 8)
    assert images.shape == (8, 3, 64, 64)
    assert task.samples().shape == (3, 3 * 65 + 1, 16 * 65 + 1)


def test_pairs_that_are_read_are_those_that_are_held(
    tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the bit, and so are the weights that come of them; only the statistics are of a part."""
    name, classifier = f"{folder(tmp_path / 'a', 10, 0)}@64", large(tmp_path)
    held = TrainingPairs(classifier, Engine(), 1, name)
    assert held.data.held is not None
    monkeypatch.setattr(data_module, "HELD", 0)
    monkeypatch.setattr(sealed, "LARGE", 0)
    read = TrainingPairs(classifier, Engine(), 1, name)
    assert read.data.held is None
    for step in (0, 30):
        for a, b in zip(held.batch(step, 8), read.batch(step, 8), strict=True):
            assert torch.equal(a, b)
        assert torch.equal(held.whole_logits(step, 8), read.whole_logits(step, 8))
    assert torch.equal(held.reference(), read.reference())
    monkeypatch.setattr(pairs_module, "REFERENCE", 50)
    assert len(read.reference()) == 2 * -(-len(read.data) // 4)


@pytest.mark.networks
def test_trainings_of_two_seeds_are_kept_apart_and_the_default_recipe_is_taken(
    classifier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    method = "dosovitskiy-brox-2016b"
    opened = trainer_module.open_trainer(method)
    small = replace(opened.recipe(steps=1), **TINY[method])
    monkeypatch.setattr(type(opened), "recipes", {"cpu": small, "wide": replace(small, name="wide", batch=16)})
    trained_on, other = folder(tmp_path / "a", 10, 0), folder(tmp_path / "b", 1, 100)
    for k, (name, seed) in enumerate((("wide", None), (None, 7), (None, None))):
        train_inverter(method, classifier, f"{trained_on}@64", name, 1, Run("cpu", out=tmp_path / f"{k}"), seed=seed)
        found = cell(method, classifier, f"{other}@64", tmp_path / "runs").recipe or {}
        assert (found["name"], found["seed"]) == (("wide", 1), ("cpu", 7), ("cpu", 1))[k]
    assert len(list((tmp_path / "home" / "inverters").iterdir())) == 3
    assert "there is also" in capsys.readouterr().err
    train_inverter(method, classifier, f"{trained_on}@64", "wide", 2, Run("cpu", out=tmp_path / "3"))
    assert "delete the other one to use it" in capsys.readouterr().out
    weights = json.loads((tmp_path / "3" / "run.json").read_text())
    assert weights["recipe"]["name"] == "wide"
