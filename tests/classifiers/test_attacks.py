"""PGD against an independent library; the budget of both attacks."""

import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bench.classifiers import load_classifier
from bench.classifiers.attacks import noise_fgsm, pgd
from bench.datasets import load_dataset

pytestmark = pytest.mark.networks

EPSILON, STEP, STEPS = 8 / 255, 2 / 255, 10


@pytest.fixture(scope="module")
def images() -> tuple[Tensor, Tensor]:
    dataset = load_dataset("cifar10")
    return dataset.images(dataset.ids[:200]), torch.from_numpy(dataset.labels[:200])


@pytest.fixture(scope="module")
def robust() -> nn.Module:
    return load_classifier("robust_resnet152")


@pytest.fixture(scope="module")
def attacked_accuracy(robust: nn.Module, images: tuple[Tensor, Tensor]) -> float:
    """Under our PGD-10 with gradients in float32."""
    x, y = images
    return accuracy(robust, pgd(robust, x, y, steps=STEPS, generator=torch.Generator().manual_seed(0)), y)


def independent() -> Any:
    """foolbox, whose import warns of names that SciPy moved."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import foolbox
    return foolbox


def accuracy(net: nn.Module, images: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float((net(images).argmax(1) == labels).float().mean())


@pytest.mark.slow
def test_pgd_agrees_with_foolbox_to_one_point(
    robust: nn.Module, images: tuple[Tensor, Tensor], attacked_accuracy: float
) -> None:
    x, y = images
    library = independent()
    model = library.PyTorchModel(robust, bounds=(0, 1), device="cpu")
    attack = library.attacks.LinfPGD(abs_stepsize=STEP, steps=STEPS, random_start=True)
    torch.manual_seed(0)
    _, attacked, _ = attack(model, x, y, epsilons=EPSILON)
    assert attacked_accuracy == pytest.approx(accuracy(robust, attacked, y), abs=0.01)
    assert attacked_accuracy < accuracy(robust, x, y)


def test_bfloat16_gradients_attack_as_well(
    robust: nn.Module, images: tuple[Tensor, Tensor], attacked_accuracy: float
) -> None:
    x, y = images
    fast = accuracy(
        robust, pgd(robust, x, y, steps=STEPS, generator=torch.Generator().manual_seed(0), autocast=True), y
    )
    assert attacked_accuracy == pytest.approx(fast, abs=0.015)


def test_pgd_stays_in_its_ball_and_in_range(robust: nn.Module, images: tuple[Tensor, Tensor]) -> None:
    x, y = images[0][:20], images[1][:20]
    attacked = pgd(robust, x, y, steps=5)
    assert (attacked - x).abs().max().item() <= EPSILON + 1e-6
    assert attacked.min().item() >= 0
    assert attacked.max().item() <= 1


def test_n_fgsm_moves_every_pixel_by_noise_and_one_signed_step() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    x, y, noise = torch.rand(4, 3, 2, 2), torch.tensor([0, 1, 2, 0]), 0.01 * torch.randn(4, 3, 2, 2)
    moved = noise_fgsm(net, x, y, 0.1, noise) - x - noise
    torch.testing.assert_close(moved.abs(), torch.full_like(moved, 0.1))
