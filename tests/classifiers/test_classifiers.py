"""Opening a classifier: once a run, for each caller one of their own, and logits as they should be."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from bench.classifiers import LoadedClassifier, describe_network, open_classifier
from bench.config import RunConfig
from bench.errors import PluginError
from bench.line import run
from bench.once import one_run
from tests.cells import PLUGINS
from tests.classifiers.conftest import PLAIN, Write


class Pair(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x.mean((2, 3)), x


def test_a_network_that_answers_with_more_than_logits_is_told_so() -> None:
    with pytest.raises(
        PluginError, match=r"pair cannot be used: it should give logits \(2, K\).* and gave tuple.*alone"
    ):
        LoadedClassifier("pair", Pair(), "ab" * 32, 32).logits(torch.rand(2, 3, 8, 8))
    with pytest.raises(PluginError, match=r"gave shape \(2, 3, 8, 8\)"):
        LoadedClassifier("same", nn.Identity(), "ab" * 32, 32).logits(torch.rand(2, 3, 8, 8))


COUNTING = """
import os
from pathlib import Path


def network():
    count = Path(os.environ["BUILT"])
    count.write_text(str(int(count.read_text() or 0) + 1) if count.exists() else "1")
    torch.manual_seed(1)
    return nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 4))
"""


@pytest.mark.networks
def test_a_run_builds_it_once_and_the_next_run_again(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, count = write(COUNTING), tmp_path / "count"
    monkeypatch.setenv("BUILT", str(count))
    config = RunConfig(f"{PLUGINS}:Grey", reference, num_images=4, out=tmp_path / "runs", device="cpu")
    assert run(config).status == "complete"  # with all controls
    assert count.read_text() == "1"
    run(config)
    assert count.read_text() == "2"


def test_nobody_changes_what_others_are_given(write: Write) -> None:
    reference = write(f"def network():\n    torch.manual_seed(1)\n    return {PLAIN}\n")
    images = torch.rand(2, 3, 8, 8)
    with one_run():
        first = open_classifier(reference)
        expected = first.network(images)
        next(first.network.parameters()).add_(1.0)
        second = open_classifier(reference)
        assert second.sha256 == first.sha256
        assert second.network is not first.network
        assert torch.equal(second.network(images), expected)
        assert describe_network(second.network).name == first.name


def test_a_network_that_cannot_be_copied_is_built_each_time(write: Write) -> None:
    code = "class Net(nn.Module):\n    def __deepcopy__(self, memo):\n        raise TypeError('one of its kind')\n"
    code += "    def forward(self, x):\n        return x.mean((2, 3))\ndef network():\n    return Net()\n"
    reference = write(code)
    with one_run():
        assert open_classifier(reference).network is not open_classifier(reference).network


@pytest.mark.networks
@pytest.mark.parametrize("name", ["resnet152", "robust_resnet152", "inception_v3", "efficientnet_lite0"])
def test_a_copy_of_a_shipped_network_gives_the_same_bits(name: str) -> None:
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode(), one_run():
        first, second = (open_classifier(name) for _ in range(2))
        assert torch.equal(first.network(images), second.network(images))
