"""On a GPU no step makes the CPU wait: skipped where there is none."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from baselines.dosovitskiy_brox.train_2016b import DosovitskiyBrox2016bRecipe, Task2016b
from bench.classifiers import LoadedClassifier
from bench.training.engine import Engine
from bench.training.loop import Trainable
from methods.biggan_logit.train import BigGANRecipe, BigGANTask
from tests.training.small import make

pytestmark = pytest.mark.networks

GPU = torch.device("cuda")


def biggan(classifier: LoadedClassifier) -> Trainable:
    return make(BigGANTask, BigGANRecipe("tiny", channels=4, hidden=8, steps=20, batch=8), classifier, Engine(GPU))


def decoder(classifier: LoadedClassifier) -> Trainable:
    return make(
        Task2016b, DosovitskiyBrox2016bRecipe("tiny", factor=1 / 16, steps=20, batch=8), classifier, Engine(GPU)
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("make", [biggan, decoder])
def test_no_step_waits_for_the_gpu(make: Callable[[LoadedClassifier], Trainable], tiny_cifar: LoadedClassifier) -> None:
    task = make(replace(tiny_cifar, network=tiny_cifar.network.to(GPU)))
    for step in range(4):  # an epoch has 5 steps: the order of its images is there
        task.step(step)
    torch.cuda.set_sync_debug_mode("error")
    try:
        task.step(4)
    finally:
        torch.cuda.set_sync_debug_mode("default")
