"""A small real training as a program of its own: what the tests start, share between processes and kill.

    python -m tests.training.worker KIND FOLDER [--steps N] [--resume] [--precision P] [--accumulate K]
        [--device D] [--pause S] [--unsynchronised]

KIND is ``biggan-logit``, ``dosovitskiy-brox-2016a``, ``dosovitskiy-brox-2016b``, ``flow-matching``,
``nash-2019`` or ``classifier``.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from baselines.dosovitskiy_brox import comparator
from baselines.dosovitskiy_brox.train_2016a import DosovitskiyBrox2016aRecipe, Task2016a
from baselines.dosovitskiy_brox.train_2016b import DosovitskiyBrox2016bRecipe, Task2016b
from bench.classifiers import LoadedClassifier
from bench.classifiers import train as classifier_training
from bench.classifiers.providers.zoo import ZOO
from bench.classifiers.recipes import ClassifierRecipe
from bench.classifiers.resnet import ThinResNet152
from bench.classifiers.train import ClassifierTask
from bench.datasets import cifar10
from bench.datasets.base import ArrayDataset
from bench.training import engine as engine_module
from bench.training.engine import Engine, engine
from bench.training.loop import Schedule, Trainable, fit
from methods.biggan_logit.train import BigGANRecipe, BigGANTask
from methods.flow_matching.train import FlowRecipe, FlowTask
from methods.nash_2019.train import NashRecipe, NashTask
from tests.training.small import make as made

IMAGES = 96
patch = pytest.MonkeyPatch()


def few(split: str = "test") -> ArrayDataset:
    """The first shipped images as ``train``, the next as any other split."""
    pixels, labels = cifar10.shipped_test()
    rows = slice(0, IMAGES) if split == "train" else slice(IMAGES, IMAGES + 40)
    ids = [f"{split}-{k}" for k in range(len(labels[rows]))]
    return ArrayDataset("cifar10", ids, labels[rows], cifar10.CLASS_NAMES, pixels[rows])


def small_resnet() -> ThinResNet152:
    """A network of the right kind, small enough for a test."""
    torch.manual_seed(5)
    return ThinResNet152(width=2, blocks=(1, 1, 2, 1))


def make(kind: str, one: Engine) -> Trainable:
    """The training, on few images and a linear classifier."""
    patch.setattr(cifar10, "load", few)
    torch.manual_seed(3)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 5)).eval().requires_grad_(False)
    target = LoadedClassifier("linear", linear.to(one.device), "ab" * 32, 32)
    if kind == "biggan-logit":
        return made(BigGANTask, BigGANRecipe("tiny", channels=4, hidden=8, steps=20, batch=24), target, one)
    if kind == "dosovitskiy-brox-2016b":
        return made(Task2016b, DosovitskiyBrox2016bRecipe("tiny", factor=1 / 16, steps=20, batch=24), target, one)
    if kind == "flow-matching":
        flow = FlowRecipe("tiny", channels=16, coarse=32, blocks=1, middle=1, width=8, steps=20, batch=24, warm_up=4)
        return made(FlowTask, flow, target, one)
    if kind == "nash-2019":
        nash = NashRecipe("tiny", filters=(8, 8, 8), components=2, width=8, steps=20, batch=24, warm_up=4)
        return made(NashTask, nash, target, one)
    if kind == "dosovitskiy-brox-2016a":
        frozen = small_resnet().eval().requires_grad_(False).to(one.device)
        opened = LoadedClassifier("resnet152", frozen, "cd" * 32, 32)
        patch.setattr(comparator, "open_classifier", lambda name, device: opened)
        recipe = DosovitskiyBrox2016aRecipe("tiny", factor=1 / 16, factor_d=1 / 8, steps=20, batch=24)
        return made(Task2016a, recipe, target, one)
    assert kind == "classifier"
    tiny = replace(ZOO["robust_resnet152"], module=small_resnet.__module__, builder="small_resnet")
    patch.setattr(classifier_training, "ZOO", {"robust_resnet152": tiny})
    return ClassifierTask(ClassifierRecipe("robust_resnet152", epochs=5, batch=24, epsilon=8 / 255), one)


class Unwatched:
    """A training without looks at held-out data, slowed down where asked so that it can be killed in between."""

    def __init__(self, task: Trainable, pause: float) -> None:
        self.task, self.pause, self.engine = task, pause, task.engine
        self.state_dict, self.load_state_dict = task.state_dict, task.load_state_dict

    def step(self, step: int) -> dict[str, Tensor]:
        time.sleep(self.pause)
        return self.task.step(step)

    def alarm(self, scalars: dict[str, float]) -> str | None:
        return None

    def validate(self) -> dict[str, float]:
        return {}

    def samples(self) -> Tensor | None:
        return None


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--precision", default="bf16")
    parser.add_argument("--accumulate", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--unsynchronised", action="store_true", help="statistics of each process's own rows")
    given = parser.parse_args()
    if given.unsynchronised:
        patch.setattr(engine_module, "synchronise_statistics", lambda network: network)
    with engine(torch.device(given.device), given.precision, given.accumulate) as one:
        train(given, one)


def train(given: argparse.Namespace, one: Engine) -> None:
    """In a function of its own, so that nothing of the training outlives the group of processes."""
    task = Unwatched(make(given.kind, one), given.pause)
    fit(task, Schedule(given.steps, 1, given.steps, 3), given.folder, resume=given.resume, title=given.kind)


if __name__ == "__main__":
    main()
