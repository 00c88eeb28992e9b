"""What the trainings of all inverters share."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from baselines.dosovitskiy_brox.train_2016b import DosovitskiyBrox2016bRecipe, Task2016b
from bench.classifiers import LoadedClassifier
from bench.errors import TrainingError, UsageError
from bench.training.engine import Engine
from bench.training.inverters import InverterTask, Reconstruct, train_inverter
from bench.training.pairs import SAMPLES, TrainingPairs
from bench.training.trainer import InverterRecipe
from bench.weights.files import load_file, metadata
from tests.training.own_images import folder
from tests.training.small import make


def test_looks_at_val_see_all_classes(tmp_path: Path, tiny_cifar: LoadedClassifier) -> None:
    """The classes come by turns: every second image would be of one class alone."""
    name = folder(tmp_path, range(680))
    tiny = DosovitskiyBrox2016bRecipe(steps=1, factor=1 / 16, batch=8, dataset=name)
    task = make(Task2016b, tiny, tiny_cifar, Engine())
    assert len(task.pairs.val) == 68
    for count in (17, SAMPLES):
        labels = task.pairs.val.labels[task._some_of_val(count)]
        assert len(labels) == count
        assert 0 <= int((labels == 0).sum() - (labels == 1).sum()) <= 1


class Perfect(InverterTask):
    """Gives the originals back, darker by ``less``; one weight that the average keeps."""

    method = "perfect"
    less = 0.0

    def __init__(
        self, recipe: InverterRecipe, pairs: TrainingPairs, classifier: LoadedClassifier, engine: Engine
    ) -> None:
        super().__init__(recipe, pairs, classifier, engine)
        self.net = nn.Linear(1, 1, bias=False)
        nn.init.constant_(self.net.weight, 0.5)
        self.networks, self.optimizers = {"net": self.net}, {"net": torch.optim.SGD(self.net.parameters(), 0.1)}

    def step(self, step: int) -> dict[str, Tensor]:
        with torch.no_grad():
            self.net.weight.mul_(2)
        return {"loss": torch.ones(())}

    def averaged(self) -> nn.Module:
        return self.net

    def facts(self) -> dict[str, str]:
        return {"of": "ours"}

    def reconstructing(self) -> Reconstruct:
        images = self.pairs.val.batch(torch.arange(len(self.pairs.val)))

        def reconstruct(z: Tensor, draw: int) -> Tensor:
            return images[: len(z)] - self.less

        return reconstruct


RECIPE = InverterRecipe("tiny", steps=3, batch=8)


def test_a_look_at_val_of_the_originals_themselves_finds_no_error(tiny_cifar: LoadedClassifier) -> None:
    task = make(Perfect, RECIPE, tiny_cifar, Engine())
    found = task.validate()
    assert found == pytest.approx({"val_reid_class_target": 1, "val_logit_error": 0, "val_mse": 0}, abs=1e-5)
    task.less = 0.25
    darker = task.validate()
    assert darker["val_mse"] == pytest.approx(0.25**2, rel=1e-4)
    assert darker["val_logit_error"] > 0.001


def test_samples_stand_above_their_reconstructions(tiny_cifar: LoadedClassifier) -> None:
    picture = make(Perfect, RECIPE, tiny_cifar, Engine()).samples()
    assert picture.shape == (3, 2 * 33 + 1, 16 * 33 + 1)
    assert torch.equal(picture[:, :33], picture[:, 33:-1])


def test_the_file_says_how_its_weights_were_made(tiny_cifar: LoadedClassifier, tmp_path: Path) -> None:
    path = train_inverter(make(Perfect, RECIPE, tiny_cifar, Engine()), tmp_path, resume=False, default=False)
    assert path == tmp_path / "perfect-linear.safetensors"
    facts = metadata(path)
    said = {"method": "perfect", "classifier": "linear", "dataset": "cifar10", "image_size": "32", "seed": "1"}
    assert facts.items() >= (said | {"default": "false", "of": "ours"}).items()
    assert facts["classifier_sha256"] == tiny_cifar.sha256
    assert json.loads(facts["recipe"]) == RECIPE.settings() | {"hash": RECIPE.digest()}
    assert load_file(path)["weight"].item() == 0.5 * 2**RECIPE.steps


def test_another_number_of_steps_goes_on_and_any_other_recipe_is_refused(tiny_cifar: LoadedClassifier) -> None:
    state = make(Perfect, RECIPE, tiny_cifar, Engine()).state_dict()
    for steps in (2, 9):
        make(Perfect, replace(RECIPE, steps=steps), tiny_cifar, Engine()).load_state_dict(state)
    for other in (replace(RECIPE, batch=4), replace(RECIPE, seed=2)):
        with pytest.raises(TrainingError, match="another method or recipe"):
            make(Perfect, other, tiny_cifar, Engine()).load_state_dict(state)
    stranger = replace(tiny_cifar, sha256="cd" * 32)
    with pytest.raises(TrainingError, match="other classifier weights"):
        make(Perfect, RECIPE, stranger, Engine()).load_state_dict(state)


def test_a_training_is_shortened_to_no_less_than_it_has_done(tiny_cifar: LoadedClassifier, tmp_path: Path) -> None:
    """Begun for 600 steps and killed after the checkpoint of step 250, it ends at step 300."""

    class Killed(Perfect):
        def step(self, step: int) -> dict[str, Tensor]:
            if step == 260:
                raise KeyboardInterrupt
            return {"loss": torch.ones(())}

    def train(steps: int, cls: type[Perfect]) -> None:
        train_inverter(make(cls, replace(RECIPE, steps=steps), tiny_cifar, Engine()), tmp_path, resume=True)

    with pytest.raises(KeyboardInterrupt):
        train(600, Killed)
    with pytest.raises(UsageError, match=r"was trained for 250 steps, and is to go on to step 249\. .* --steps"):
        train(249, Killed)
    assert json.loads((tmp_path / "run.json").read_text())["recipe"]["steps"] == 600
    with pytest.raises(KeyboardInterrupt):
        train(300, Killed)
    train(255, Killed)
    assert json.loads(metadata(tmp_path / "perfect-linear.safetensors")["recipe"])["steps"] == 255
    assert json.loads((tmp_path / "run.json").read_text())["start"] == 250
