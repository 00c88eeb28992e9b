"""2016a: its loss by hand, steps that lower it, pauses that hold, a resume that changes nothing."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from baselines.dosovitskiy_brox import comparator
from baselines.dosovitskiy_brox.losses import Balance, discriminator_loss
from baselines.dosovitskiy_brox.train_2016a import DosovitskiyBrox2016aRecipe, Task2016a, Trainer2016a
from bench.classifiers import LoadedClassifier
from bench.errors import TrainingError
from bench.training.engine import Engine
from bench.training.inverters import MANTISSA, train_inverter
from bench.weights.files import load_file, metadata, rounded
from tests.training.small import make

TINY = DosovitskiyBrox2016aRecipe(name="tiny", factor=1 / 16, factor_d=1 / 8, steps=6, batch=8)


@pytest.fixture
def task(tiny_cifar: LoadedClassifier, tiny_comparator: LoadedClassifier) -> Task2016a:
    return make(Task2016a, TINY, tiny_cifar, Engine())


def masks(task: Task2016a) -> list[Tensor]:
    return task.masks(1, torch.Generator().manual_seed(0))[0]


def descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def copies(module: nn.Module) -> list[Tensor]:
    return [p.detach().clone() for p in module.parameters()]


def same(module: nn.Module, before: list[Tensor]) -> bool:
    return all(torch.equal(p, old) for p, old in zip(module.parameters(), before, strict=True))


class OddsOfThree(nn.Module):
    """A discriminator that takes every image for real with probability 3/4."""

    def forward(self, images: Tensor, masks: list[Tensor]) -> Tensor:
        return torch.tensor([math.log(3.0), 0.0]).expand(len(images), 2)


def test_gs_loss_equals_a_hand_computed_value(task: Task2016a, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = masks(task)
    monkeypatch.setattr(task, "d", OddsOfThree())
    monkeypatch.setattr(task, "comparator", lambda images: 3 * images)
    terms = task.terms(torch.full((2, 3, 32, 32), 0.6), torch.full((2, 3, 32, 32), 0.5), kept)
    # a difference of 0.1 everywhere: 25.5 grey levels, 0.3 in the features, whose unit is pool5's RMS of 13.4
    assert terms["image"].item() == pytest.approx(2e-6 / 2 * 154_587 * 25.5**2, rel=1e-4)
    assert terms["feature"].item() == pytest.approx(0.01 / 2 * 9_216 * (13.4 * 0.3) ** 2, rel=1e-4)
    assert terms["adversarial"].item() == pytest.approx(100 * math.log(4 / 3), rel=1e-4)
    assert len(terms) == 3


@pytest.mark.networks
def test_a_step_of_d_lowers_its_loss_and_a_step_of_g_lowers_its_own(task: Task2016a) -> None:
    images, z = task.pairs.batch(0, 8)

    def loss_d() -> Tensor:
        fakes = task.g(z).detach()
        return discriminator_loss(task.d(images, masks(task)), task.d(fakes, masks(task)))

    def loss_g() -> Tensor:
        return torch.stack(list(task.terms(task.g(z), images, masks(task)).values())).sum()

    before_d = loss_d()
    descend(task.d_optimizer, before_d)
    assert loss_d().item() < before_d.item()
    before_g = loss_g()
    descend(task.g_optimizer, before_g)
    assert loss_g().item() < before_g.item()


@pytest.mark.networks
def test_a_step_moves_g_d_and_the_average_and_leaves_the_comparator(
    task: Task2016a, tiny_comparator: LoadedClassifier
) -> None:
    g, d, compared = copies(task.g), copies(task.d), copies(tiny_comparator.network)
    average = task.average.average["fc.0.weight"].clone()
    scalars = task.step(0)
    assert not same(task.g, g)
    assert not same(task.d, d)
    assert not torch.equal(task.average.average["fc.0.weight"], average)
    assert same(tiny_comparator.network, compared)
    assert all(p.grad is None and not p.requires_grad for p in tiny_comparator.network.parameters())
    assert all(p.requires_grad for p in task.d.parameters())
    assert not any(value.requires_grad for value in scalars.values())


@pytest.mark.networks
@pytest.mark.parametrize(("paused", "balance"), [("d", Balance(train_d=False)), ("g", Balance(train_g=False))])
def test_the_paused_one_stands_still_with_its_optimiser(task: Task2016a, paused: str, balance: Balance) -> None:
    task.step(0)
    task.balance = balance
    still, moving = (task.d, task.g) if paused == "d" else (task.g, task.d)
    before, others, counts = copies(still), copies(moving), _steps(task, paused)
    scalars = task.step(1)
    assert same(still, before)
    assert not same(moving, others)
    assert _steps(task, paused) == counts
    assert float(scalars[f"train_{paused}"]) == 0


def _steps(task: Task2016a, name: str) -> list[float]:
    return [float(state["step"]) for state in task.optimizers[name].state.values()]


@pytest.mark.networks
def test_the_ratio_of_the_losses_decides_the_next_step(task: Task2016a, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []

    def after(balance: Balance, ratio: float) -> Balance:
        seen.append(ratio)
        return Balance(train_g=False)

    monkeypatch.setattr(Balance, "after", after)
    scalars = task.step(0)
    assert seen == [pytest.approx(float(scalars["loss_d"]) / float(scalars["adversarial"]), rel=1e-5)]
    assert task.balance == Balance(train_g=False)


@pytest.mark.networks
def test_training_resumes_to_the_very_same_weights(
    tiny_cifar: LoadedClassifier, tiny_comparator: LoadedClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a balance that pauses D and G by turns, so that losing it would show."""
    turns = {(True, True): Balance(train_d=False), (False, True): Balance(train_g=False), (True, False): Balance()}
    monkeypatch.setattr(Balance, "after", lambda now, ratio: turns[now.train_d, now.train_g])
    whole = train_inverter(make(Task2016a, TINY, tiny_cifar, Engine()), tmp_path / "whole", resume=False)
    first = make(Task2016a, TINY, tiny_cifar, Engine())
    for step in range(2):
        first.step(step)
    assert first.balance == Balance(train_g=False)
    torch.save(first.state_dict(), tmp_path / "state")
    second = make(Task2016a, TINY, tiny_cifar, Engine())
    second.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
    torch.manual_seed(99)  # the global stream plays no part
    for step in range(2, TINY.steps):
        second.step(step)
    found = second.averaged().state_dict()
    for name, value in load_file(whole).items():
        torch.testing.assert_close(rounded(found[name], MANTISSA).float(), value, msg=name)
    state = torch.load(tmp_path / "whole" / "checkpoint.pt", weights_only=True)["task"]["networks"]["d"]
    for name, value in second.d.state_dict().items():
        torch.testing.assert_close(value, state[name], msg=name)


def test_the_unit_of_the_features_is_the_checkpoints(
    task: Task2016a, tiny_cifar: LoadedClassifier, tmp_path: Path
) -> None:
    other = make(Task2016a, TINY, tiny_cifar, Engine())
    task.comparator.rms = 3.5
    other.load_state_dict(task.state_dict())
    assert other.comparator.rms == 3.5


def test_another_comparator_is_refused_on_resume(
    task: Task2016a, tiny_cifar: LoadedClassifier, tiny_comparator: LoadedClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    retrained = replace(tiny_comparator, sha256="ef" * 32)
    monkeypatch.setattr(comparator, "open_classifier", lambda name, device: retrained)
    with pytest.raises(TrainingError, match="another method or recipe"):
        make(Task2016a, TINY, tiny_cifar, Engine()).load_state_dict(task.state_dict())


@pytest.mark.networks
def test_the_comparator_is_opened_for_the_target_and_named_in_the_file(
    tiny_cifar: LoadedClassifier, tiny_comparator: LoadedClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def opening(name: str, device: torch.device) -> LoadedClassifier:
        asked.append(name)
        return replace(tiny_comparator, name=name)

    monkeypatch.setattr(comparator, "open_classifier", opening)
    target = replace(tiny_cifar, name="resnet152")
    facts = metadata(train_inverter(make(Task2016a, replace(TINY, steps=1), target, Engine()), tmp_path, resume=False))
    assert asked == ["inception_v3"]
    assert (facts["comparator"], facts["comparator_sha256"]) == ("inception_v3", "cd" * 32)


def test_collapse_rings(task: Task2016a) -> None:
    assert task.alarm({"fake_std": 0.2}) is None
    assert "same image" in (task.alarm({"fake_std": 0.001}) or "")


def test_the_recipe_is_the_same_whatever_is_asked_but_for_the_steps() -> None:
    trainer = Trainer2016a()
    assert trainer.recipe() == DosovitskiyBrox2016aRecipe()
    assert trainer.recipe(steps=7) == DosovitskiyBrox2016aRecipe(steps=7)
    assert trainer.recipe(steps=7).digest() != trainer.recipe().digest()
