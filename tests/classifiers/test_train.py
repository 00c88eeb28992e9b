"""The training of a classifier: its rate, its loss by hand, what it measures, what ships."""

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.classifiers import LoadedClassifier
from bench.classifiers import train as training
from bench.classifiers.attacks import noise_fgsm
from bench.classifiers.providers.zoo import ZOO
from bench.classifiers.recipes import ClassifierRecipe
from bench.classifiers.resnet import ThinResNet152
from bench.classifiers.train import ClassifierTask, accuracy, kept, robust_accuracy
from bench.errors import TrainingError
from bench.training.data import TrainingImages
from bench.training.engine import Engine
from tests.training.small import small_dataset

CPU = torch.device("cpu")
PLAIN = ClassifierRecipe("resnet152", epochs=3, batch=8)


def tiny_resnet() -> ThinResNet152:
    return ThinResNet152(width=2, blocks=(1, 1, 1, 1))


@pytest.fixture(autouse=True)
def tiny_zoo(monkeypatch: pytest.MonkeyPatch, tiny_cifar: LoadedClassifier) -> None:
    """40 training images, and networks of four blocks."""
    tiny = replace(ZOO["resnet152"], module=__name__, builder="tiny_resnet")
    monkeypatch.setattr(training, "ZOO", {"resnet152": tiny})


def test_the_rate_is_one_triangle_over_all_steps() -> None:
    task = ClassifierTask(replace(PLAIN, epochs=4, peak_lr=0.2, warmup=0.25), Engine())
    assert task.steps == 4 * 5
    rates = [task.lr(step) for step in range(task.steps)]
    assert rates[:5] == pytest.approx([0.04, 0.08, 0.12, 0.16, 0.2])
    assert rates[5:] == pytest.approx([0.2 * (15 - k) / 15 for k in range(1, 16)])


def test_the_loss_is_cross_entropy_with_smoothed_labels_by_hand() -> None:
    task = ClassifierTask(replace(PLAIN, label_smoothing=0.1), Engine())
    logits = torch.tensor([[2.0, 0.0, 0.0, 0.0]])
    logs = logits - logits.exp().sum().log()
    expected = -(0.925 * logs[0, 0] + 0.025 * logs[0, 1:].sum())  # 0.9, and a tenth spread over all four
    assert task.loss(logits, torch.tensor([0])).item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.networks
@pytest.mark.parametrize("epsilon", [0.0, 8 / 255])
def test_a_step_moves_the_weights_at_the_rate_of_its_step(epsilon: float, monkeypatch: pytest.MonkeyPatch) -> None:
    attacked: list[float] = []

    def watching(net: nn.Module, images: Tensor, labels: Tensor, radius: float, start: Tensor, **more: Any) -> Tensor:
        attacked.append(radius)
        return noise_fgsm(net, images, labels, radius, start, **more)

    monkeypatch.setattr(training, "noise_fgsm", watching)
    task = ClassifierTask(replace(PLAIN, epsilon=epsilon), Engine())
    before = [p.detach().clone() for p in task.net.parameters()]
    scalars = task.step(0)
    assert {group["lr"] for group in task.optimizer.param_groups} == {task.lr(0)}
    assert any(not torch.equal(p, old) for p, old in zip(task.net.parameters(), before, strict=True))
    assert scalars.keys() == {"loss", "train_accuracy"}
    assert attacked == ([epsilon] if epsilon else [])


def test_only_weights_decay_and_no_bias_or_scale() -> None:
    task = ClassifierTask(PLAIN, Engine())
    decayed, plain = task.optimizer.param_groups
    assert (decayed["weight_decay"], plain["weight_decay"]) == (PLAIN.weight_decay, 0)
    assert {p.ndim for p in decayed["params"]} == {2, 4}
    assert {p.ndim for p in plain["params"]} == {1}
    assert len(decayed["params"]) + len(plain["params"]) == len(list(task.net.parameters()))


@pytest.mark.networks
def test_it_goes_on_where_it_was_and_not_by_another_recipe() -> None:
    whole, again = ClassifierTask(PLAIN, Engine()), ClassifierTask(PLAIN, Engine())
    whole.step(0)
    again.load_state_dict(copy.deepcopy(whole.state_dict()))  # an optimiser takes tensors as they are
    for task in (whole, again):
        task.step(1)
    for name, value in whole.averaged().state_dict().items():
        assert torch.equal(value, again.averaged().state_dict()[name]), name
    with pytest.raises(TrainingError, match="another recipe"):
        ClassifierTask(replace(PLAIN, peak_lr=0.1), Engine()).load_state_dict(whole.state_dict())


@pytest.mark.networks
def test_what_ships_is_the_average_without_what_training_adds() -> None:
    task = ClassifierTask(PLAIN, Engine())
    task.step(0)
    shipped = task.averaged()
    assert not shipped.training
    for name, value in shipped.state_dict().items():
        assert torch.equal(value, task.average.average[name])
    assert (
        kept({**shipped.state_dict(), "auxiliary.weight": torch.zeros(1)}, shipped).keys()
        == shipped.state_dict().keys()
    )


class Always(nn.Module):
    """One class whatever it sees."""

    def __init__(self, answer: int) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, images: Tensor) -> Tensor:
        return F.one_hot(torch.full((len(images),), self.answer), 10).float() + 0 * images.mean((1, 2, 3))[:, None]


class Bright(nn.Module):
    """Class 1 where a picture is brighter than half, else 0: the least change of all pixels decides."""

    def forward(self, images: Tensor) -> Tensor:
        level = images.mean((1, 2, 3))
        return torch.stack([0.5 - level, level - 0.5], 1)


def test_accuracy_is_the_share_of_right_answers_whatever_the_batch() -> None:
    data = TrainingImages(small_dataset(37), CPU, 0)
    expected = float((data.labels == 3).float().mean())
    assert 0 < expected < 1
    for batch in (5, 37, 500):
        assert accuracy(Always(3), data, batch) == pytest.approx(expected)


def test_robust_accuracy_counts_what_no_change_of_8_of_255_turns_over() -> None:
    """Grey pictures at 0.5 plus so many grey levels: 4 are turned over, 20 are not."""
    data = TrainingImages(small_dataset(4), CPU, 0)
    assert data.held is not None
    for row, level in enumerate((128 + 4, 128 + 20, 127 - 4, 127 - 20)):
        data.held[row] = level
    data.labels = torch.tensor([1, 1, 0, 0])
    assert accuracy(Bright(), data) == 1
    assert robust_accuracy(Bright(), data, steps=10, limit=4) == 0.5
