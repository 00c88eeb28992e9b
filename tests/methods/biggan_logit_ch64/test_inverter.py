"""The wide inverter takes the weights that were trained under its own name, and no others."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bench.classifiers import LoadedClassifier
from bench.registry import INVERTERS, load
from bench.store.files import write_atomically
from bench.training.engine import Engine
from bench.training.inverters import train_inverter
from bench.weights.lookup import own_inverter_weights
from methods.biggan_logit.inverter import BigGANLogit
from methods.biggan_logit_ch64.inverter import BigGANLogitCh64
from methods.biggan_logit_ch64.train import Ch64Task
from tests.methods.biggan_logit.small import TARGET, TINY
from tests.training.small import make

pytestmark = pytest.mark.networks


def test_its_weights_are_its_own(tiny_cifar: LoadedClassifier, tmp_path: Path) -> None:
    recipe = replace(TINY, steps=1)
    assert "bench train inverter biggan-logit-ch64" in (BigGANLogitCh64.skip(TARGET) or "")
    made = train_inverter(make(Ch64Task, recipe, tiny_cifar, Engine()), tmp_path / "train", resume=False)
    settings = recipe.settings() | {"hash": recipe.digest()}
    own = own_inverter_weights("biggan-logit-ch64", tiny_cifar.sha256, "cifar10", 32, settings)
    write_atomically(own, made.read_bytes())
    assert BigGANLogitCh64.skip(TARGET) is None
    assert "bench train inverter biggan-logit " in (BigGANLogit.skip(TARGET) or "")
    z = torch.randn(2, 5)
    wide, same = BigGANLogitCh64(TARGET), BigGANLogit(TARGET, made)
    assert torch.equal(wide.invert(z, [1, 2]), same.invert(z, [1, 2]))
    assert load(INVERTERS, "method", "biggan-logit-ch64") is BigGANLogitCh64
