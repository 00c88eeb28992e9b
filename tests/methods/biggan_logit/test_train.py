"""The training of the BigGAN: a step helps, resumes are bit for bit, each switch does what it says."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from bench.classifiers import LoadedClassifier
from bench.errors import TrainingError
from bench.training.engine import Engine
from bench.training.inverters import MANTISSA, train_inverter
from bench.weights.files import load_file, rounded
from methods.biggan_logit.generator import NOISE_DIM
from methods.biggan_logit.loss import discriminator_loss, generator_loss
from methods.biggan_logit.train import BigGANTask, Part
from tests.methods.biggan_logit.small import TINY
from tests.training.small import assert_same_state, make

pytestmark = pytest.mark.networks

OFF = replace(TINY, steps=4)
EACH: dict[str, dict[str, Any]] = {
    "consistency": {"consistency": 10.0},
    "d_steps": {"d_steps": 2},
    "d_channels": {"d_channels": 3},
    "whiten": {"whiten": True},
    "ema_start": {"ema_start": 2},
    "match": {"match": 1.0},
}


def test_a_step_of_g_lowers_its_loss_and_a_step_of_d_lowers_its_own(tiny_cifar: LoadedClassifier) -> None:
    task = make(BigGANTask, TINY, tiny_cifar, Engine())
    images, z = task.pairs.batch(0, 8)
    eps = torch.randn(8, NOISE_DIM)

    def losses() -> tuple[Tensor, Tensor]:
        fakes = task.g(z, eps)
        return discriminator_loss(task.d(images, z), task.d(fakes.detach(), z)), generator_loss(task.d(fakes, z))

    before_d, _ = losses()
    task.d_optimizer.zero_grad()
    before_d.backward()  # type: ignore[no-untyped-call]
    task.d_optimizer.step()
    after_d, before_g = losses()
    assert after_d.item() < before_d.item()
    task.g_optimizer.zero_grad()
    before_g.backward()  # type: ignore[no-untyped-call]
    task.g_optimizer.step()
    assert losses()[1].item() < before_g.item()


def test_training_resumes_to_the_very_same_weights(tiny_cifar: LoadedClassifier, tmp_path: Path) -> None:
    whole = train_inverter(make(BigGANTask, TINY, tiny_cifar, Engine()), tmp_path / "whole", resume=False)
    task = make(BigGANTask, TINY, tiny_cifar, Engine())
    for step in range(3):
        task.step(step)
    again = make(BigGANTask, TINY, tiny_cifar, Engine())
    again.load_state_dict(task.state_dict())
    for step in range(3, TINY.steps):
        again.step(step)
    expected, found = load_file(whole), again.averaged().state_dict()
    for name, value in expected.items():
        same = rounded(found[name], MANTISSA).float() if value.is_floating_point() else found[name]
        torch.testing.assert_close(same, value, msg=name)
    assert (tmp_path / "whole" / "samples-000006.png").exists()


def test_what_ships_does_not_depend_on_how_many_processes_share_a_batch(tiny_cifar: LoadedClassifier) -> None:
    task = make(BigGANTask, TINY, tiny_cifar, Engine())
    alone = task.averaged(batches=3).state_dict()
    task.pairs.engine = Engine(rank=0, processes=2)
    for name, value in task.averaged(batches=3).state_dict().items():
        assert torch.equal(value, alone[name]), name


def test_a_training_in_float64_looks_at_held_out_data_too(tiny_cifar: LoadedClassifier) -> None:
    task = make(BigGANTask, TINY, tiny_cifar, Engine(precision="float64"))
    task.step(0)
    assert 0 < task.validate()["val_mse"] < 1


def test_a_resumed_training_remembers_how_long_d_was_flat(tiny_cifar: LoadedClassifier) -> None:
    task, again = (make(BigGANTask, TINY, tiny_cifar, Engine()) for _ in range(2))
    flat = {"loss_d": 0.001, "fake_std": 0.2}
    assert all(task.alarm(flat) is None for _ in range(5))
    again.load_state_dict(task.state_dict())
    assert again.alarm(flat) is not None


def test_another_recipe_is_refused_on_resume(tiny_cifar: LoadedClassifier) -> None:
    task = make(BigGANTask, TINY, tiny_cifar, Engine())
    other = make(BigGANTask, replace(TINY, lr_g=1.0), tiny_cifar, Engine())
    with pytest.raises(TrainingError, match="another method or recipe"):
        other.load_state_dict(task.state_dict())


def test_collapse_and_divergence_ring(tiny_cifar: LoadedClassifier) -> None:
    task = make(BigGANTask, TINY, tiny_cifar, Engine())
    flat = {"loss_d": 0.001, "fake_std": 0.2}
    assert [task.alarm(flat) is None for _ in range(6)] == [True] * 5 + [False]
    assert "same image" in (task.alarm({"loss_d": 1.0, "fake_std": 0.0}) or "")


def test_two_d_steps_move_d_twice_on_batches_of_their_own(
    tiny_cifar: LoadedClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make(BigGANTask, replace(OFF, d_steps=2), tiny_cifar, Engine())
    asked: list[int] = []
    batch = task.pairs.batch

    def asking(step: int, size: int, part: int) -> tuple[torch.Tensor, torch.Tensor]:
        asked.append(step)
        return batch(step, size, part)

    monkeypatch.setattr(task.pairs, "batch", asking)
    for step in range(2):
        task.step(step)
    assert asked == [0, 1, 2, 3]
    moves = [{int(state["step"]) for state in o.state.values()} for o in (task.g_optimizer, task.d_optimizer)]
    assert moves == [{2}, {4}]
    assert not torch.equal(task._parts(0)[0].eps, task._parts(1)[0].eps)


def test_g_learns_from_the_fakes_of_the_last_d_step(
    tiny_cifar: LoadedClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make(BigGANTask, replace(OFF, d_steps=2), tiny_cifar, Engine())
    judged: list[torch.Tensor] = []
    step_g = task._step_g

    def watching(parts: Sequence[Part], fakes: list[torch.Tensor], totals: dict[str, torch.Tensor]) -> None:
        judged.extend(part.z for part in parts)
        step_g(parts, fakes, totals)

    monkeypatch.setattr(task, "_step_g", watching)
    task.step(0)
    first, last = (task._parts(number)[0].z for number in range(2))
    assert len(judged) == 1
    assert torch.equal(judged[0], last)
    assert not torch.equal(judged[0], first)


def test_another_width_changes_d_alone(tiny_cifar: LoadedClassifier) -> None:
    plain, thin = (make(BigGANTask, recipe, tiny_cifar, Engine()) for recipe in (OFF, replace(OFF, d_channels=3)))
    assert_same_state(dict(plain.g.state_dict()), dict(thin.g.state_dict()))
    assert (plain.d.w1.weight.shape[1], thin.d.w1.weight.shape[1]) == (16, 12)


@pytest.mark.parametrize("name", EACH)
def test_each_switch_trains_and_resumes_to_the_very_same_state(name: str, tiny_cifar: LoadedClassifier) -> None:
    recipe = replace(OFF, **EACH[name])
    whole = make(BigGANTask, recipe, tiny_cifar, Engine())
    for step in range(2):
        whole.step(step)
    again = make(BigGANTask, recipe, tiny_cifar, Engine())
    again.load_state_dict(copy.deepcopy(whole.state_dict()))  # an optimiser takes tensors as they are
    start = {key: value.clone() for key, value in again.average.average.items()}
    for step in range(2, 4):
        whole.step(step)
        again.step(step)
    assert_same_state(again.state_dict(), whole.state_dict())
    assert not torch.equal(start["conv.weight"], again.average.average["conv.weight"])
