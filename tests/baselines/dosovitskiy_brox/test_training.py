"""What both decoders' trainings share."""

from dataclasses import replace

import pytest
import torch

from baselines.dosovitskiy_brox.train_2016b import DosovitskiyBrox2016bRecipe, Task2016b
from bench.classifiers import LoadedClassifier
from bench.training.engine import Engine
from tests.training.small import make

TINY = DosovitskiyBrox2016bRecipe(name="tiny", factor=1 / 16, steps=6, batch=8)


@pytest.mark.networks
def test_the_decoder_that_ships_standardises_with_the_training_logits(tiny_cifar: LoadedClassifier) -> None:
    task = make(Task2016b, TINY, tiny_cifar, Engine())
    task.step(0)
    z = task.pairs.reference()  # plain and mirrored
    entering = task.averaged().scale * task.averaged().standardise(z)
    torch.testing.assert_close(entering.mean(0), torch.zeros(5), atol=1e-4, rtol=0)
    torch.testing.assert_close(entering.std(0), torch.ones(5), atol=1e-3, rtol=0)


@pytest.mark.networks
def test_what_is_kept_is_the_average_of_the_weights_and_not_the_last_ones(tiny_cifar: LoadedClassifier) -> None:
    task = make(Task2016b, replace(TINY, steps=40), tiny_cifar, Engine())
    for step in range(3):
        task.step(step)
    kept, last = task.averaged().state_dict(), task.g.state_dict()
    assert kept.keys() == last.keys()
    for name, value in task.average.average.items():
        assert torch.equal(kept[name], value)
    assert not torch.equal(kept["fc.0.weight"], last["fc.0.weight"])
    assert not task.averaged().training


def test_looks_see_images_in_range_and_every_draw_the_same(tiny_cifar: LoadedClassifier) -> None:
    task = make(Task2016b, TINY, tiny_cifar, Engine())
    z = 30 * torch.randn(300, 5, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        first, second = (task.reconstructing()(z, draw) for draw in range(2))
        plain = task.averaged()(z)
    assert torch.equal(first, second)
    assert (float(first.min()), float(first.max())) == (0, 1)
    assert plain.min() < 0
    torch.testing.assert_close(first, plain.clamp(0, 1), atol=1e-5, rtol=1e-5)
