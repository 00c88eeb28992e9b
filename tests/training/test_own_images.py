"""``bench train inverter --dataset folder:PATH``: what is trained on, what is held out, who uses the result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.dosovitskiy_brox.train_2016b import DosovitskiyBrox2016bRecipe, Trainer2016b
from bench.classifiers import LoadedClassifier
from bench.config import RunConfig
from bench.datasets import cifar10, load_dataset, load_training
from bench.line import run_cell
from bench.probes.runner import run_probe
from bench.store.record import Record
from bench.training.commands import Run, train_inverter
from bench.training.engine import Engine
from bench.training.pairs import TrainingPairs
from bench.weights.files import metadata
from bench.weights.lookup import inverter_weights
from tests.training.own_images import METHOD, folder


def test_a_tenth_of_each_class_is_held_out(tmp_path: Path) -> None:
    name = folder(tmp_path, range(47))
    whole, (train, val) = load_dataset(name, image_size=32), load_training(name)
    assert tuple(val.ids) == ("left/0018.png", "right/0019.png", "left/0038.png", "right/0039.png")
    assert sorted((*train.ids, *val.ids)) == sorted(whole.ids)
    assert [image for image in whole.ids if image not in val.ids] == list(train.ids)
    assert len({whole.fingerprint, train.fingerprint, val.fingerprint}) == 3
    assert np.array_equal(val.pixels([0])[0], cifar10.shipped_test()[0][18])


def test_pairs_are_the_folders_images_with_their_own_logits(tmp_path: Path, tiny_cifar: LoadedClassifier) -> None:
    """Other images under the same names and of the same sizes do not take the first ones' logits from the cache."""
    for start in (100, 200):
        name = folder(tmp_path, range(start, start + 40), suffix="bmp")
        pairs = TrainingPairs(tiny_cifar, Engine(), seed=1, dataset=name)
        parts = zip(load_training(name), (pairs.data, pairs.val), (pairs.views[0], pairs.val_logits), strict=True)
        for part, data, logits in parts:
            images = part.images(part.ids)
            assert torch.equal(data.batch(torch.arange(len(data))), images)
            assert torch.allclose(logits, tiny_cifar.network(images), atol=1e-5)


@pytest.mark.networks
def test_the_result_serves_other_folders_and_nothing_else(tmp_path: Path, classifier: str) -> None:
    trained_on, other = folder(tmp_path / "a", range(200)), folder(tmp_path / "b", range(200, 220))
    train_inverter(METHOD, classifier, trained_on, None, 2, Run("cpu", out=tmp_path / "train"))

    def cell(dataset: str) -> Record:
        config = RunConfig(METHOD, classifier, dataset, num_images=20, out=tmp_path / "runs", controls=False)
        return run_cell(config)

    found = cell(other)
    assert found.status == "complete", found.reason
    assert found.recipe is not None
    assert found.recipe["steps"] == 2
    Path(trained_on.removeprefix("folder:"), "left", "0000.png").rename(tmp_path / "b" / "left" / "0000-again.png")
    for dataset, seen in ((trained_on, 20), (other, 1)):  # changed in between; one of its images is elsewhere now
        own = cell(dataset)
        assert own.status == "failed"
        assert f"was trained on {seen} of these 20 images" in (own.reason or "")
    config = RunConfig(METHOD, classifier, trained_on, num_images=20, out=tmp_path / "runs")
    asked = run_probe("noise", config)
    assert asked.status == "failed"
    assert "was trained on 20 of these 20 images" in (asked.reason or "")
    cifar = cell("cifar10")
    assert cifar.status == "skipped"
    assert "bench train inverter" in (cifar.reason or "")


@pytest.mark.networks
def test_cifar10_never_takes_what_a_folder_was_trained_for(
    tmp_path: Path, classifier: str, bench_home: Path, tiny_cifar: LoadedClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes = {"cpu": DosovitskiyBrox2016bRecipe(steps=1, factor=1 / 16, batch=8)}
    monkeypatch.setattr(Trainer2016b, "recipes", recipes)
    name = folder(tmp_path / "a", range(200))
    train_inverter(METHOD, classifier, name, None, 1, Run("cpu", out=tmp_path / "train"))
    sha256 = metadata(tmp_path / "train" / f"{METHOD}-mine.network.safetensors")["classifier_sha256"]
    assert inverter_weights(METHOD, sha256) is None
    found = inverter_weights(METHOD, sha256, "folder:elsewhere")
    assert found is not None
    assert found[0].parent == bench_home / "inverters"
    train_inverter(METHOD, classifier, "cifar10", None, 1, Run("cpu", out=tmp_path / "train-cifar10"))
    assert (inverter_weights(METHOD, sha256) or found)[0] != found[0]
    assert inverter_weights(METHOD, sha256, "folder:elsewhere") == found
