"""The training: it learns, resumes to the bit, draws whole batches, drops logits, looks at val, keeps its bounds."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bench.classifiers import LoadedClassifier
from bench.training.engine import Engine
from bench.training.trainer import open_trainer
from methods.flow_matching.train import RECIPES, FlowRecipe, FlowTask
from tests.methods.flow_matching.small import TINY
from tests.training.small import assert_resumes, assert_same_state, make

pytestmark = pytest.mark.networks


def test_a_step_lowers_the_error_of_its_own_batch(tiny_cifar: LoadedClassifier) -> None:
    task = make(FlowTask, TINY, tiny_cifar, Engine())
    (part,) = task._parts(0)
    before = task._error(task.v, part).item()
    assert before == pytest.approx((part.images - part.noise).square().mean().item(), rel=1e-3)  # it starts from v = 0
    scalars = task.step(0)
    assert scalars["loss"].item() == pytest.approx(before, rel=1e-3)
    assert scalars["gradient"].item() > 0
    assert task._error(task.v, part).item() < before


def test_it_learns_what_the_logits_say(tiny_cifar: LoadedClassifier) -> None:
    """On few images over and over; the logits then help, as to be given none is worse."""
    recipe = replace(TINY, channels=32, width=64, steps=150, batch=32, lr=3e-3)
    task = make(FlowTask, recipe, tiny_cifar, Engine())
    first = [task.step(step)["loss"].item() for step in range(5)]
    last = [task.step(step)["loss"].item() for step in range(5, 150)][-20:]
    assert sum(last) / 20 < 0.5 * sum(first) / 5
    (part,) = task._parts(150)
    given, free = (task._error(task.v, replace(part, given=torch.full((32,), on))).item() for on in (True, False))
    assert given < free


def test_training_resumes_to_the_very_same_weights(tiny_cifar: LoadedClassifier, tmp_path: Path) -> None:
    assert_resumes(FlowTask, TINY, tiny_cifar, tmp_path)


def test_a_batch_is_drawn_whole_whoever_computes_it(tiny_cifar: LoadedClassifier) -> None:
    (whole,) = make(FlowTask, TINY, tiny_cifar, Engine())._parts(3)
    parts = make(FlowTask, TINY, tiny_cifar, Engine(accumulate=4))._parts(3)
    for name in ("images", "noise", "z", "t", "given"):
        assert torch.equal(torch.cat([getattr(part, name) for part in parts]), getattr(whole, name))
    (other,) = make(FlowTask, TINY, tiny_cifar, Engine())._parts(4)
    assert not torch.equal(other.noise, whole.noise)
    assert float(whole.images.min()) == -1
    assert float(whole.images.max()) <= 1


def test_parts_of_a_batch_add_up_to_the_whole(tiny_cifar: LoadedClassifier) -> None:
    whole, parts = (make(FlowTask, TINY, tiny_cifar, Engine(precision="float64", accumulate=k)) for k in (1, 2))
    for step in range(3):
        one, other = whole.step(step), parts.step(step)
        assert one["loss"].item() == pytest.approx(other["loss"].item(), rel=1e-9)
        assert one["gradient"].item() == pytest.approx(other["gradient"].item(), rel=1e-9)


@pytest.mark.parametrize("drop", [0.0, 0.1, 1.0])
def test_logits_are_left_out_as_often_as_the_recipe_says(drop: float, tiny_cifar: LoadedClassifier) -> None:
    task = make(FlowTask, replace(TINY, drop=drop), tiny_cifar, Engine())
    given = torch.cat([task._parts(step)[0].given for step in range(250)])
    assert 1 - float(given.float().mean()) == pytest.approx(drop, abs=0.025)


def test_the_rate_rises_and_then_stays(tiny_cifar: LoadedClassifier) -> None:
    task, rates = make(FlowTask, replace(TINY, warm_up=4), tiny_cifar, Engine()), []
    for step in range(6):
        task.step(step)
        rates.append(task.optimizer.param_groups[0]["lr"] / TINY.lr)
    assert rates == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])


def test_looks_at_val_are_the_same_each_time(tiny_cifar: LoadedClassifier) -> None:
    task = make(FlowTask, TINY, tiny_cifar, Engine())
    task.step(0)
    found = task.validate()
    assert found == task.validate()
    assert {"val_loss", "val_lpips", "val_mse", "val_logit_error", "val_reid_class_target"} == set(found)
    assert 0.5 < found["val_loss"] < 2
    assert 0 < found["val_lpips"] < 2
    assert task.samples().shape == (3, 3 * 33 + 1, 16 * 33 + 1)  # originals, and two draws


def test_draws_of_a_look_differ_by_their_noise_alone(tiny_cifar: LoadedClassifier) -> None:
    task = make(FlowTask, TINY, tiny_cifar, Engine())
    reconstruct, z = task.reconstructing(), torch.randn(3, 5)
    one = reconstruct(z, 0)
    assert torch.equal(one, reconstruct(z, 0))
    assert not torch.equal(one, reconstruct(z, 1))
    assert 0 <= float(one.min()) <= float(one.max()) <= 1


def test_a_longer_training_goes_on_from_a_shorter_one(tiny_cifar: LoadedClassifier) -> None:
    """No rate depends on the steps: what was trained so far is the same."""
    short, long = (make(FlowTask, replace(TINY, steps=steps), tiny_cifar, Engine()) for steps in (3, 6))
    for step in range(3):
        short.step(step)
        long.step(step)
    assert_same_state(short.v.state_dict(), long.v.state_dict())
    long.load_state_dict(short.state_dict())


def test_recipes() -> None:
    trainer = open_trainer("flow-matching")
    assert trainer.recipe() == FlowRecipe() == RECIPES["cpu"]
    assert trainer.recipe("cpu64").settings()["blocks"] == 3
    assert trainer.method == "flow-matching"
