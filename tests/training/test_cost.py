"""What a training would cost: said without data and without weights, and it grows with the steps alone."""

import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from bench.classifiers import LoadedClassifier
from bench.cli.app import app
from bench.errors import UnknownNameError
from bench.training import cost
from bench.training.cost import LOGITS, MadeUpPairs, measured
from bench.training.engine import Engine
from methods.biggan_logit.train import BigGANTask, BigGANTrainer
from tests.methods.biggan_logit.small import TINY

pytestmark = pytest.mark.networks


def test_made_up_pairs_have_the_shapes_of_real_ones() -> None:
    pairs = MadeUpPairs(TINY, Engine(), 64, 7)
    images, z = pairs.batch(0, TINY.batch)
    assert images.shape == (TINY.batch, 3, 64, 64)
    assert z.shape == (TINY.batch, 7)
    assert pairs.reference().shape[1] == pairs.num_logits == 7
    assert 0 <= images.min() < 0.1 < 0.9 < images.max() <= 1


def test_without_weights_and_without_images(bench_home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The paper's own scale, on a machine that has nothing of it."""
    monkeypatch.setattr(cost, "seconds_of", lambda task, steps: 0.5 * len(list(steps)))
    found = measured(BigGANTrainer(), replace(TINY, channels=16), "robust_resnet152", "imagenet:64", 64, Engine())
    assert found["classifier_weights"] is False
    assert found["num_logits"] == LOGITS
    assert found["seconds_per_step"] == 0.5
    assert found["hours"] == pytest.approx(0.5 * TINY.steps / 3600, rel=0.01)


def test_the_steps_are_the_trainings_own(monkeypatch: pytest.MonkeyPatch, tiny_cifar: LoadedClassifier) -> None:
    seen: list[tuple[int, ...]] = []

    class Watched(BigGANTask):
        def step(self, step: int) -> dict[str, torch.Tensor]:
            seen.append(tuple(self.pairs.batch(step, self.recipe.batch)[0].shape))
            return super().step(step)

    monkeypatch.setattr(BigGANTrainer, "task", Watched)
    monkeypatch.setattr(cost, "open_classifier", lambda *_, **__: tiny_cifar)
    found = measured(BigGANTrainer(), replace(TINY, match=1.0), "linear", "cifar10", 32, Engine())
    assert seen == [(TINY.batch, 3, 32, 32)] * (cost.WARM_UP + cost.TIMED)
    assert found["num_logits"] == 5
    assert found["seconds_per_step"] > 0
    assert 0.05 < found["peak_memory_gib"] < 64


def test_the_command_prints_the_recipe_and_its_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def measured(*given: Any) -> dict[str, Any]:
        sizes.append(given[4])
        return {"hours": 1.5}

    monkeypatch.setattr(cost, "measured", measured)
    arguments = ["train", "inverter", "biggan-logit", "--classifier", "resnet152", "--recipe", "gpu64", "--dry-run"]
    done = CliRunner().invoke(app, [*arguments, "--dataset", "imagenet:64"])
    said = json.loads(done.stdout)
    assert (said["name"], said["dataset"], said["cost"]) == ("gpu64", "imagenet:64", {"hours": 1.5})
    other = CliRunner().invoke(app, [*arguments, "--dataset", "imagenet:224"])
    assert "imagenet:224 has images of 224 px" in str(other.exception)
    folder = CliRunner().invoke(app, [*arguments, "--dataset", "folder:/photos"])
    assert json.loads(folder.stdout)["cost"] == {"hours": 1.5}
    assert sizes == [64, 32]  # the second is the classifier's own
    unknown = CliRunner().invoke(app, [*arguments, "--dataset", "imagenett:64"])
    assert isinstance(unknown.exception, UnknownNameError)
