"""``bench train inverter --dataset folder:PATH``: what is trained on, what is held out, who uses the result."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from baselines.dosovitskiy_brox.train_2016b import DosovitskiyBrox2016bRecipe, Task2016b, Trainer2016b
from bench.classifiers import LoadedClassifier, open_classifier
from bench.config import RunConfig
from bench.datasets import cifar10, load_dataset, load_training
from bench.errors import TrainingError, UsageError
from bench.line import run_cell
from bench.store.record import Record
from bench.training import inverters
from bench.training.commands import Run, train_inverter
from bench.training.data import TrainingImages
from bench.training.engine import Engine
from bench.training.journal import last_checkpoint
from bench.training.pairs import SAMPLES, TrainingPairs
from bench.weights.files import metadata
from bench.weights.lookup import inverter_weights
from methods.biggan_logit.recipes import BigGANRecipe
from tests.training.small import make, small_dataset

METHOD = "dosovitskiy-brox-2016b"
CLASSIFIER = """
import torch
from torch import nn

def network():
    torch.manual_seed(1)
    return nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(48, 5))

def large():
    made = network()
    made.input_size = 64
    return made
"""


def folder(root: Path, rows: range, suffix: str = "png") -> str:
    """Real images as files, two classes by turns."""
    pixels, _ = cifar10.shipped_test()
    for k, row in enumerate(rows):
        path = root / ("left", "right")[k % 2] / f"{k:04d}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[row]).save(path)
    return f"folder:{root}"


@pytest.fixture
def classifier(tmp_path: Path, bench_home: Path) -> str:
    (tmp_path / "mine.py").write_text(CLASSIFIER)
    return f"{tmp_path / 'mine.py'}:network"


def test_a_tenth_of_each_class_is_held_out(tmp_path: Path) -> None:
    name = folder(tmp_path, range(47))
    whole, (train, val) = load_dataset(name, image_size=32), load_training(name)
    assert val.ids == ("left/0018.png", "right/0019.png", "left/0038.png", "right/0039.png")
    assert sorted([*train.ids, *val.ids]) == sorted(whole.ids)
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


def test_reading_in_parts_gives_all_images_in_order() -> None:
    dataset = small_dataset(1_200)
    data = TrainingImages(dataset, torch.device("cpu"), seed=0)
    assert np.array_equal(
        data.batch(torch.arange(1_200)).permute(0, 2, 3, 1).mul(255).numpy(), dataset.pixels(slice(None))
    )


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
    cifar = cell("cifar10")
    assert cifar.status == "skipped"
    assert "bench train inverter" in (cifar.reason or "")


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


def test_looks_at_val_see_all_classes(
    tmp_path: Path, tiny_cifar: LoadedClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The classes come by turns: every second image would be of one class alone."""
    monkeypatch.setattr(inverters, "LOOKS_AT", 17)
    name = folder(tmp_path, range(680))
    tiny = DosovitskiyBrox2016bRecipe(steps=1, factor=1 / 16, batch=8, dataset=name)
    task = make(Task2016b, tiny, tiny_cifar, Engine())
    assert len(task.pairs.val) == 68
    for count in (inverters.LOOKS_AT, SAMPLES):
        labels = task.pairs.val.labels[task._some_of_val(count)]
        assert len(labels) == count
        assert 0 <= int((labels == 0).sum() - (labels == 1).sum()) <= 1


def test_what_cannot_be_meant_is_said_before_any_training(tmp_path: Path, classifier: str) -> None:
    few, enough = folder(tmp_path / "few", range(100)), folder(tmp_path / "enough", range(200))
    out = tmp_path / "train"
    with pytest.raises(UsageError, match="90 images to train on and 10 held out"):
        train_inverter(METHOD, classifier, few, None, 1, Run("cpu", out=out))
    with pytest.raises(UsageError, match="18 images to train on and 0 held out"):
        train_inverter(METHOD, classifier, folder(tmp_path / "none", range(18)), None, 1, Run("cpu", out=out))
    with pytest.raises(UsageError, match="lacks what follows its name"):
        train_inverter(METHOD, classifier, "folder:", None, 1, Run("cpu", out=out))
    with pytest.raises(UsageError, match=r"images of 48 px, and .* makes images of 8, 16, 32, 64, 128 px"):
        train_inverter(METHOD, classifier, f"{enough}@48", None, 1, Run("cpu", out=out))
    with pytest.raises(UsageError, match="expects a folder"):
        train_inverter(METHOD, classifier, f"folder:{tmp_path / 'nowhere'}", None, 1, Run("cpu", out=out))
    assert not out.exists()


def test_a_training_is_not_continued_on_other_images(tmp_path: Path, classifier: str) -> None:
    first, second = folder(tmp_path / "a", range(200)), folder(tmp_path / "b", range(200, 400))
    train_inverter(METHOD, classifier, first, None, 1, Run("cpu", out=tmp_path / "train"))
    go_on = Run("cpu", resume=True, out=tmp_path / "train")
    for other in (second, "cifar10"):
        with pytest.raises(UsageError, match="is a training on folder:"):
            train_inverter(METHOD, classifier, other, None, None, go_on)
    (tmp_path / "a" / "left" / "0100.png").unlink()
    with pytest.raises(TrainingError, match="other images"):
        train_inverter(METHOD, classifier, first, None, None, go_on)


def test_a_refused_resume_leaves_what_the_training_says_of_itself(tmp_path: Path, classifier: str) -> None:
    """Otherwise the next resume would take the refused recipe from there, and be refused for ever."""
    name, out = folder(tmp_path / "a", range(200)), tmp_path / "train"
    train_inverter(METHOD, classifier, name, None, 2, Run("cpu", out=out))
    said = (out / "run.json").read_text()
    with pytest.raises(TrainingError, match="another method or recipe"):
        train_inverter(METHOD, classifier, name, None, 1, Run("cpu", resume=True, out=out))
    assert (out / "run.json").read_text() == said
    train_inverter(METHOD, classifier, name, None, None, Run("cpu", resume=True, out=out))


def test_a_finished_training_goes_on_for_more_steps_as_if_it_had_been_meant_to(tmp_path: Path, classifier: str) -> None:
    name = folder(tmp_path / "a", range(200))
    for out, lengths in ((tmp_path / "parts", (2, 4)), (tmp_path / "whole", (4,))):
        for steps in lengths:
            train_inverter(METHOD, classifier, name, None, steps, Run("cpu", resume=True, out=out))
    parts, whole = (last_checkpoint(tmp_path / out) for out in ("parts", "whole"))
    assert parts is not None
    assert whole is not None
    assert parts["step"] == whole["step"] == 4
    assert parts["task"]["recipe"] == whole["task"]["recipe"]
    for name, network in whole["task"]["networks"].items():
        for key, value in network.items():
            assert torch.equal(parts["task"]["networks"][name][key], value), key
    assert json.loads((tmp_path / "parts" / "run.json").read_text())["recipe"]["steps"] == 4


def test_a_training_within_a_budget_goes_on_for_more_steps(tmp_path: Path, classifier: str) -> None:
    """A budget names its recipe, and --steps goes on with that one."""
    name, out = folder(tmp_path / "a", range(200)), tmp_path / "train"
    named = DosovitskiyBrox2016bRecipe("cpu-1min", steps=2, dataset=name)
    target = open_classifier(classifier)
    inverters.train_inverter(make(Task2016b, named, target, Engine()), out, resume=False)
    train_inverter(METHOD, classifier, name, None, 3, Run("cpu", resume=True, out=out))
    said = json.loads((out / "run.json").read_text())
    assert (said["recipe"]["name"], said["recipe"]["steps"]) == ("cpu-1min", 3)
    assert (said["start"], [one["start"] for one in said["earlier"]]) == (2, [0])


def test_a_training_on_cifar10_is_not_continued_on_a_folder(tmp_path: Path, classifier: str) -> None:
    """And what it says about itself is left alone."""
    out = tmp_path / "train"
    out.mkdir()
    (out / "checkpoint.pt").write_bytes(b"")
    said = json.dumps({"recipe": DosovitskiyBrox2016bRecipe(steps=5).settings()})
    (out / "run.json").write_text(said)
    name = folder(tmp_path / "a", range(200))
    with pytest.raises(UsageError, match="is a training on cifar10"):
        train_inverter(METHOD, classifier, name, None, None, Run("cpu", resume=True, out=out))
    assert (out / "run.json").read_text() == said


def test_a_recipe_that_is_asked_for_is_not_replaced_by_the_stored_one(tmp_path: Path, classifier: str) -> None:
    out = tmp_path / "train"
    out.mkdir()
    (out / "checkpoint.pt").write_bytes(b"")
    (out / "run.json").write_text(json.dumps({"recipe": BigGANRecipe(steps=5).settings()}))
    with pytest.raises(UsageError, match=r"another recipe than gpu: batch, channels differ"):
        train_inverter("biggan-logit", classifier, "cifar10", "gpu", None, Run("cpu", resume=True, out=out))
