"""Consistency regularisation: the term by hand, T against the augmentation it is made of, and what a step does."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from bench.classifiers import LoadedClassifier
from bench.training.data import flip_and_shift
from bench.training.engine import Engine
from methods.biggan_logit.consistency import draw_moves, inconsistency, moved
from methods.biggan_logit.train import BigGANTask, Part
from tests.methods.biggan_logit.small import TINY
from tests.training.small import make

ON = replace(TINY, consistency=10.0)

CPU = torch.device("cpu")


class Blind(nn.Module):
    """A discriminator that looks at the logits alone."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(5))

    def forward(self, images: Tensor, z: Tensor) -> Tensor:
        return z @ self.weight


class Corner(Blind):
    """One that looks at a single pixel besides."""

    def forward(self, images: Tensor, z: Tensor) -> Tensor:
        return super().forward(images, z) + images[:, 0, 0, 0]


def test_the_term_is_the_mean_square_over_real_plus_that_over_fake() -> None:
    scores, again = torch.tensor([1.0, 2, 3, 4]), torch.tensor([0.0, 4, 3, 1])
    assert inconsistency(scores, again).item() == (1 + 4) / 2 + (0 + 9) / 2


def test_t_is_mirror_and_shift_by_up_to_4_pixels() -> None:
    images = torch.rand(16, 3, 32, 32)
    moves = draw_moves(16, 32, torch.Generator().manual_seed(5), CPU)
    assert torch.equal(moved(images, moves), flip_and_shift(images, torch.Generator().manual_seed(5), 4))
    assert not torch.equal(moved(images, moves), images)


def term_of(task: BigGANTask, part: Part, fakes: torch.Tensor) -> torch.Tensor:
    scores = task._scores(part, fakes)
    return inconsistency(scores[: 2 * len(fakes)], scores[2 * len(fakes) :])


def test_it_vanishes_for_a_discriminator_that_ignores_the_image_and_only_for_such_a_one(
    tiny_cifar: LoadedClassifier,
) -> None:
    task = make(BigGANTask, ON, tiny_cifar, Engine(precision="float32"))
    part = task._parts(0)[0]
    fakes = task.fakes(part.z, part.eps).detach()
    for network, vanishes in ((Blind(), True), (Corner(), False)):
        task._d = network
        assert (term_of(task, part, fakes).item() == 0) is vanishes


@pytest.mark.networks
def test_hinge_loss_and_noise_are_those_of_the_recipe_without_it(tiny_cifar: LoadedClassifier) -> None:
    off, on = (make(BigGANTask, recipe, tiny_cifar, Engine(precision="float64")) for recipe in (TINY, ON))
    assert torch.equal(off._parts(3)[0].eps, on._parts(3)[0].eps)
    first, second = off.step(0), on.step(0)
    torch.testing.assert_close(second["loss_d"], first["loss_d"])
    assert second.keys() - first.keys() == {"inconsistency"}
    assert not torch.equal(off.d.w1.weight, on.d.w1.weight)


@pytest.mark.networks
def test_a_step_of_d_lowers_the_term(tiny_cifar: LoadedClassifier) -> None:
    task = make(BigGANTask, replace(ON, consistency=1e4), tiny_cifar, Engine(precision="float64"))
    part = task._parts(0)[0]
    fakes = task.fakes(part.z, part.eps).detach()
    before = term_of(task, part, fakes)
    before.backward()  # type: ignore[no-untyped-call]
    task.d_optimizer.step()
    assert 0 < term_of(task, part, fakes).item() < before.item()


def test_parts_of_a_batch_move_as_the_whole_does(tiny_cifar: LoadedClassifier) -> None:
    whole = make(BigGANTask, ON, tiny_cifar, Engine())._parts(2)[0]
    parts = make(BigGANTask, ON, tiny_cifar, Engine(accumulate=4))._parts(2)
    assert whole.moves is not None
    for side in range(2):
        together = torch.cat([part.moves[side] for part in parts if part.moves is not None])
        assert torch.equal(together, whole.moves[side])
    assert not torch.equal(whole.moves[0], whole.moves[1])
