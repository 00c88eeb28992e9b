"""Each switch does what it says and resumes bit for bit."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.classifiers import LoadedClassifier
from bench.inverters.base import Target
from bench.seeding import sample_noise
from bench.training.engine import Engine
from bench.training.inverters import MANTISSA, train_inverter
from bench.weights.files import rounded
from methods.biggan_logit.generator import NOISE_DIM
from methods.biggan_logit.inverter import BigGANLogit
from methods.biggan_logit.recipes import BigGANRecipe
from methods.biggan_logit.train import BigGANTask, Part
from methods.biggan_logit.whiten import Whiten
from tests.training.small import make
from tests.training.test_processes import assert_same_state

OFF = BigGANRecipe(name="tiny", channels=4, hidden=8, steps=4, batch=8)
EACH: dict[str, dict[str, Any]] = {
    "consistency": {"consistency": 10.0},
    "d_steps": {"d_steps": 2},
    "d_channels": {"d_channels": 3},
    "whiten": {"whiten": True},
    "ema_start": {"ema_start": 2},
}


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


def test_a_weight_file_of_whitened_logits_opens_as_what_was_trained(
    tiny_cifar: LoadedClassifier, tmp_path: Path
) -> None:
    task = make(BigGANTask, replace(OFF, whiten=True), tiny_cifar, Engine())
    weights = train_inverter(task, tmp_path / "w", resume=False)
    inverter = BigGANLogit(Target("linear", "ab" * 32, "cifar10", 5, (32, 32), torch.device("cpu")), weights)
    z = task.pairs.val_logits[:4]
    shipped = task.averaged()
    assert isinstance(shipped.standardise, Whiten)
    state = {
        name: rounded(value, MANTISSA).float() if value.is_floating_point() else value
        for name, value in shipped.state_dict().items()
    }
    shipped.load_state_dict(state)
    seeds = [1, 2, 3, 4]
    torch.testing.assert_close(inverter.invert(z, seeds), shipped(z, sample_noise(seeds, NOISE_DIM)))


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
