"""2016b: squared error by hand, a step that lowers it, a resume that changes nothing."""

from pathlib import Path

import pytest
import torch

from baselines.dosovitskiy_brox.train_2016b import DosovitskiyBrox2016bRecipe, Task2016b, Trainer2016b, squared_error
from bench.classifiers import LoadedClassifier
from bench.training.engine import Engine
from tests.training.small import assert_resumes, make

TINY = DosovitskiyBrox2016bRecipe(name="tiny", factor=1 / 16, steps=6, batch=8)


def test_loss_equals_a_hand_computed_value() -> None:
    generated = torch.tensor([0.5, 0.0, 1.0]).view(1, 3, 1, 1)
    images = torch.tensor([0.0, 0.2, 1.0]).view(1, 3, 1, 1)
    assert squared_error(generated, images).item() == pytest.approx((0.25 + 0.04) / 3)


@pytest.mark.networks
def test_a_step_lowers_the_error_of_its_own_batch(tiny_cifar: LoadedClassifier) -> None:
    task = make(Task2016b, TINY, tiny_cifar, Engine())
    images, z = task.pairs.batch(0, 8)
    before = squared_error(task.g(z), images).item()
    assert task.step(0)["loss"].item() == pytest.approx(before, rel=0.05)  # the same in bfloat16
    assert squared_error(task.g(z), images).item() < before


@pytest.mark.networks
def test_training_resumes_to_the_very_same_weights(tiny_cifar: LoadedClassifier, tmp_path: Path) -> None:
    assert_resumes(Task2016b, TINY, tiny_cifar, tmp_path)


def test_the_recipe_is_the_same_whatever_is_asked_but_for_the_steps() -> None:
    trainer = Trainer2016b()
    assert trainer.recipe() == DosovitskiyBrox2016bRecipe()
    assert trainer.recipe(steps=7) == DosovitskiyBrox2016bRecipe(steps=7)
    assert trainer.recipe(steps=7).digest() != trainer.recipe().digest()
