"""From the training loop to a loss a reader passes at most five functions of ours."""

import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from baselines.dosovitskiy_brox import train_2016a, train_2016b
from baselines.dosovitskiy_brox.train_2016a import DosovitskiyBrox2016aRecipe, Task2016a
from baselines.dosovitskiy_brox.train_2016b import DosovitskiyBrox2016bRecipe, Task2016b
from bench.classifiers import LoadedClassifier
from bench.training.engine import Engine
from bench.training.inverters import InverterTask
from bench.training.loop import Schedule, fit
from bench.training.trainer import InverterRecipe
from methods.biggan_logit import train
from methods.biggan_logit.train import BigGANRecipe, BigGANTask
from tests.baselines.dosovitskiy_brox.conftest import tiny_comparator  # noqa: F401
from tests.training.small import make

ROOT = Path(__file__).parents[2]
OURS = [ROOT / name for name in ("bench", "methods", "baselines")]
BIGGAN = BigGANRecipe("tiny", channels=4, hidden=8, steps=2, batch=8)
LOSSES: list[tuple[Any, str, type[InverterTask], InverterRecipe]] = [
    (train, "discriminator_loss", BigGANTask, BIGGAN),
    (train, "generator_loss", BigGANTask, BIGGAN),
    (train, "inconsistency", BigGANTask, replace(BIGGAN, consistency=10.0)),
    (train_2016a, "discriminator_loss", Task2016a, DosovitskiyBrox2016aRecipe(factor=1 / 16, factor_d=1 / 8, batch=8)),
    (train_2016a, "feature_term", Task2016a, DosovitskiyBrox2016aRecipe(factor=1 / 16, factor_d=1 / 8, batch=8)),
    (train_2016b, "squared_error", Task2016b, DosovitskiyBrox2016bRecipe(factor=1 / 16, batch=8)),
]


class ReachedError(Exception):
    """The loss was asked for."""


@pytest.mark.parametrize(("module", "loss", "cls", "recipe"), LOSSES)
def test_five_frames_from_the_loop_to_a_loss(
    module: Any,
    loss: str,
    cls: type[InverterTask],
    recipe: InverterRecipe,
    tiny_cifar: LoadedClassifier,
    tiny_comparator: LoadedClassifier,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = make(cls, recipe, tiny_cifar, Engine())

    def reached(*_: object) -> None:
        raise ReachedError

    monkeypatch.setattr(module, loss, reached)
    with pytest.raises(ReachedError) as error:
        fit(task, Schedule(2), tmp_path, resume=False, title="t")
    frames = traceback.extract_tb(error.value.__traceback__)
    ours = [frame.name for frame in frames if any(Path(frame.filename).is_relative_to(top) for top in OURS)]
    assert ours[0] == "fit"
    assert len(ours) + 1 <= 5, [*ours, loss]  # the loss itself is the last one
