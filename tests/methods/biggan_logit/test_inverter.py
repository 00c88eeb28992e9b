"""An inverter opens what was trained for its classifier."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bench.classifiers import LoadedClassifier
from bench.errors import WeightsError
from bench.seeding import sample_noise
from bench.training.engine import Engine
from bench.training.inverters import MANTISSA, train_inverter
from bench.weights.files import rounded
from methods.biggan_logit.generator import NOISE_DIM
from methods.biggan_logit.inverter import BigGANLogit
from methods.biggan_logit.train import BigGANTask
from methods.biggan_logit.whiten import Whiten
from tests.methods.biggan_logit.small import TARGET, TINY
from tests.training.small import make

pytestmark = pytest.mark.networks


def test_weights_of_another_classifier_are_refused(tiny_cifar: LoadedClassifier, tmp_path: Path) -> None:
    weights = train_inverter(
        make(BigGANTask, replace(TINY, steps=1), tiny_cifar, Engine()), tmp_path / "w", resume=False
    )
    inverter = BigGANLogit(TARGET, weights)
    images = inverter.invert(torch.randn(2, 5), [1, 2])
    assert images.shape == (2, 3, 32, 32)
    assert math.isclose(inverter.recipe["steps"] if inverter.recipe else 0, 1)
    stranger = replace(TARGET, classifier_sha256="cd" * 32)
    with pytest.raises(WeightsError, match="was trained for linear"):
        BigGANLogit(stranger, weights)
    assert "Train them" in (BigGANLogit.skip(stranger) or "")


def test_a_weight_file_of_whitened_logits_opens_as_what_was_trained(
    tiny_cifar: LoadedClassifier, tmp_path: Path
) -> None:
    task = make(BigGANTask, replace(TINY, steps=4, whiten=True), tiny_cifar, Engine())
    weights = train_inverter(task, tmp_path / "w", resume=False)
    inverter = BigGANLogit(TARGET, weights)
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
