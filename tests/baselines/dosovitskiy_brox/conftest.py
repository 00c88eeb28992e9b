"""A tiny comparator in place of the shipped one, whose weights no test may need."""

import pytest
import torch

from baselines.dosovitskiy_brox import comparator
from bench.classifiers import LoadedClassifier
from bench.classifiers.resnet import Bottleneck, ThinResNet152


def tiny_resnet() -> ThinResNet152:
    """Two blocks in the third stage, each of which does something: fresh ones are the identity."""
    torch.manual_seed(5)
    network = ThinResNet152(width=2, blocks=(1, 1, 2, 1))
    for block in network.stages:
        assert isinstance(block, Bottleneck)
        torch.nn.init.ones_(block.bn3.weight)
    return network.eval().requires_grad_(False)


@pytest.fixture
def tiny_comparator(monkeypatch: pytest.MonkeyPatch) -> LoadedClassifier:
    """What ``open_classifier`` gives from now on, whatever is asked for."""
    loaded = LoadedClassifier("resnet152", tiny_resnet(), "cd" * 32, 32)
    monkeypatch.setattr(comparator, "open_classifier", lambda name, device: loaded)
    return loaded
