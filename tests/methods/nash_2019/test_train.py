"""The training: it learns, resumes to the bit, draws whole batches, drops logits, looks at val, keeps its bounds."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bench.classifiers import LoadedClassifier
from bench.training.engine import Engine
from bench.training.trainer import open_trainer
from methods.nash_2019.train import RECIPES, NashRecipe, NashTask
from tests.methods.nash_2019.small import TINY
from tests.training.small import assert_resumes, assert_same_state, make

pytestmark = pytest.mark.networks


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws take seconds; the end of a training makes none here."""
    monkeypatch.setattr(NashTask, "samples", lambda task: None)


def test_a_step_lowers_the_bits_of_its_own_batch(tiny_cifar: LoadedClassifier) -> None:
    task = make(NashTask, TINY, tiny_cifar, Engine(precision="float32"))
    (part,) = task._parts(0)
    before = task._bits(task.q, part).mean().item()
    assert 6 < before < 10  # bits a value, where 8 say nothing
    scalars = task.step(0)
    assert float(scalars["bits_per_dim"]) == pytest.approx(before, rel=1e-4)
    assert float(scalars["gradient"]) > 0
    assert task._bits(task.q, part).mean().item() < before


def test_it_learns_what_the_logits_say(tiny_cifar: LoadedClassifier) -> None:
    """On few images over and over: without the logits, or by another image's, they cost more."""
    recipe = replace(TINY, width=32, steps=30, batch=20, lr=0.01, drop=0.5)
    task = make(NashTask, recipe, tiny_cifar, Engine())
    first, *_, last = [float(task.step(step)["bits_per_dim"]) for step in range(30)]
    assert last < 0.85 * first
    (part,) = task._parts(30)
    told, free, wrong = (
        task._bits(task.q, replace(part, **change)).mean().item()
        for change in (
            {"given": torch.ones(20, dtype=torch.bool)},
            {"given": torch.zeros(20, dtype=torch.bool)},
            {"given": torch.ones(20, dtype=torch.bool), "z": part.z.roll(1, 0)},
        )
    )
    assert told < free < wrong


def test_training_resumes_to_the_very_same_weights(tiny_cifar: LoadedClassifier, tmp_path: Path) -> None:
    assert_resumes(NashTask, TINY, tiny_cifar, tmp_path)


def test_a_batch_is_drawn_whole_whoever_computes_it(tiny_cifar: LoadedClassifier) -> None:
    (whole,) = make(NashTask, TINY, tiny_cifar, Engine())._parts(3)
    parts = make(NashTask, TINY, tiny_cifar, Engine(accumulate=4))._parts(3)
    for name in ("x", "z", "given"):
        assert torch.equal(torch.cat([getattr(part, name) for part in parts]), getattr(whole, name))
    levels = (whole.x + 1) * 127.5
    torch.testing.assert_close(levels, levels.round(), rtol=0, atol=1e-4)


def test_parts_of_a_batch_add_up_to_the_whole(tiny_cifar: LoadedClassifier) -> None:
    whole, parts = (make(NashTask, TINY, tiny_cifar, Engine(precision="float64", accumulate=k)) for k in (1, 2))
    for step in range(2):
        one, other = whole.step(step), parts.step(step)
        for name in ("bits_per_dim", "gradient"):
            assert float(one[name]) == pytest.approx(float(other[name]), rel=1e-9)


@pytest.mark.parametrize("drop", [0.0, 0.25, 1.0])
def test_logits_are_left_out_as_often_as_the_recipe_says(drop: float, tiny_cifar: LoadedClassifier) -> None:
    task = make(NashTask, replace(TINY, drop=drop), tiny_cifar, Engine())
    given = torch.cat([task._parts(step)[0].given for step in range(250)])
    assert 1 - float(given.float().mean()) == pytest.approx(drop, abs=0.03)


def test_the_rate_rises_and_then_stays(tiny_cifar: LoadedClassifier) -> None:
    task, rates = make(NashTask, replace(TINY, warm_up=3), tiny_cifar, Engine()), []
    for step in range(5):
        task.step(step)
        rates.append(task.optimizer.param_groups[0]["lr"] / TINY.lr)
    assert rates == pytest.approx([1 / 3, 2 / 3, 1, 1, 1])


def test_looks_at_val_are_the_same_each_time(tiny_cifar: LoadedClassifier) -> None:
    task = make(NashTask, TINY, tiny_cifar, Engine())
    task.step(0)
    found = task.validate()
    assert found == task.validate()
    assert set(found) == {"val_bits_per_dim", "val_bits_per_dim_free", "val_information"}
    gap = found["val_bits_per_dim_free"] - found["val_bits_per_dim"]
    assert found["val_information"] == pytest.approx(3072 * gap)


def test_draws_of_a_look_differ_by_their_noise_alone(tiny_cifar: LoadedClassifier) -> None:
    task = make(NashTask, TINY, tiny_cifar, Engine())
    task.pairs.image_size = 8
    reconstruct, z = task.reconstructing(), torch.randn(3, 5)
    one = reconstruct(z, 0)
    assert one.shape == (3, 3, 8, 8)
    assert torch.equal(one, reconstruct(z, 0))
    assert not torch.equal(one, reconstruct(z, 1))
    assert 0 <= float(one.min()) <= float(one.max()) <= 1


def test_a_longer_training_goes_on_from_a_shorter_one(tiny_cifar: LoadedClassifier) -> None:
    """No rate depends on the steps: what was trained so far is the same."""
    short, long = (make(NashTask, replace(TINY, steps=steps), tiny_cifar, Engine()) for steps in (2, 6))
    for step in range(2):
        short.step(step)
        long.step(step)
    assert_same_state(short.q.state_dict(), long.q.state_dict())
    long.load_state_dict(short.state_dict())


def test_recipes() -> None:
    trainer = open_trainer("nash-2019")
    assert trainer.recipe() == NashRecipe() == RECIPES["cpu"]
    assert trainer.recipe(seed=2).seed == 2
    assert trainer.method == "nash-2019"
