"""A user's own network: its identity, and what is no network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bench.classifiers import LoadedClassifier, describe_network, open_classifier
from bench.config import RunConfig
from bench.errors import DataError, PluginError
from bench.line import run, run_cell
from bench.once import one_run
from bench.store import shared
from tests.training.small import small_dataset

PLUGINS = Path(__file__).parents[1] / "plugins.py"
CPU = torch.device("cpu")
HEAD = "import torch\nfrom torch import nn\n"
PLAIN = "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4))"

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write ``own_net.py``, and files beside it; returns the reference to its ``network``."""

    def files(code: str, **beside: str) -> str:
        for name, text in {**beside, "own_net": HEAD + code}.items():
            (tmp_path / f"{name}.py").write_text(text)
        return f"{tmp_path / 'own_net.py'}:network"

    return files


def sha256(reference: str) -> str:
    return open_classifier(reference).sha256


def test_a_changed_helper_is_another_classifier_and_its_cell_is_run_again(write: Write, tmp_path: Path) -> None:
    """On dbbfab3 the record of the old helper came back as finished."""
    code = (
        "from scale_helper import SCALE\nclass Net(nn.Module):\n    def forward(self, x):\n"
        "        return SCALE * x.mean((2, 3))\ndef network():\n    return Net()\n"
    )
    reference = write(code, scale_helper="SCALE = 1.0\n")
    config = RunConfig(f"{PLUGINS}:Grey", reference, num_images=4, out=tmp_path / "runs", controls=False, device="cpu")
    first = run_cell(config)
    assert first.status == "complete", first.reason
    assert run_cell(config).created == first.created
    write(code, scale_helper="SCALE = 3.0\n")
    second = run_cell(config)
    assert second.key != first.key
    stored = np.load(tmp_path / "runs" / "cifar10" / "own_net.network" / "logits.npz")["logits"]
    assert np.allclose(stored[:4], 3 * small_means(4), atol=1e-5)


def small_means(count: int) -> Any:
    from bench.datasets import load_dataset

    return load_dataset("cifar10").pixels(slice(0, count)).mean((1, 2)) / 255


def test_functions_that_wrap_one_network_are_told_apart(write: Write, tmp_path: Path) -> None:
    write(
        f"def base():\n    torch.manual_seed(0)\n    return {PLAIN}\n"
        "class Bright(nn.Module):\n    def __init__(self, f):\n        super().__init__()\n        self.net = base()\n"
        "        self.f = f\n    def forward(self, x):\n        return self.net(x * self.f)\n"
        "def a():\n    return Bright(1.0)\ndef b():\n    return Bright(2.0)\ndef c():\n    return Bright(2.0)\n"
    )
    assert len({sha256(f"{tmp_path / 'own_net.py'}:{name}") for name in "abc"}) == 3


@pytest.mark.parametrize(
    "held",
    [
        "net.register_buffer('mean', torch.tensor({}.0), persistent=False)",
        "net.mean = {}.0",
        "net.means = [{}.0, (1, 'a')]",
        "net.scale = __import__('numpy').float32({}.0)",
        "net.classes = {1} | frozenset([{} + 1])",
        "net.table = dict(a=torch.tensor([{}]))",
        "nn.init.constant_(net[2].bias, {})",
    ],
)
def test_identity_covers_what_the_network_holds(held: str, tmp_path: Path, write: Write) -> None:
    """The number comes from outside the source, so that the network alone can tell."""
    number = tmp_path / "number.txt"
    line = held.replace("{}.0", "float(n)").replace("{}", "int(n)")
    reference = write(
        "from pathlib import Path\ndef network():\n    torch.manual_seed(0)\n"
        f"    n = Path({str(number)!r}).read_text()\n    net = {PLAIN}\n    {line}\n    return net\n"
    )
    found = []
    for text in ("1", "1", "2"):
        number.write_text(text)
        found.append(sha256(reference))
    assert found[0] == found[1] != found[2]


def test_a_bfloat16_network_has_an_identity_and_logits(write: Write) -> None:
    reference = write(
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.net = {PLAIN}.bfloat16()\n"
        "    def forward(self, x):\n        return self.net(x.bfloat16())\ndef network():\n    return Net()\n"
    )
    loaded = open_classifier(reference)
    assert len(loaded.sha256) == 64
    assert loaded.logits(torch.rand(2, 3, 8, 8)).dtype == torch.float32


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys\ndef network():\n    sys.exit(2)\n", r"own_net.network\(\) cannot be built: SystemExit: 2"),
        (
            "def network():\n    raise OSError('no licence')\n",
            r"OSError: no licence \(in own_net.py, line 4, network\)",
        ),
        ("def network():\n    return 3\n", "should return a torch.nn.Module .* and returns int"),
        ("raise ImportError('gone')", "own_net.py cannot be imported: ImportError: gone"),
    ],
)
def test_what_is_no_network_is_named(code: str, words: str, write: Write) -> None:
    with pytest.raises(PluginError, match=words):
        open_classifier(write(code))


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


def test_kept_logits_that_the_network_does_not_give_any_more_are_refused(tmp_path: Path) -> None:
    last = nn.Linear(3072, 3)
    network = nn.Sequential(nn.Flatten(), last).eval()
    dataset, classifier = small_dataset(20), LoadedClassifier("linear", network, "ab" * 32, 32)
    first = shared.logits(tmp_path, classifier, dataset, 20, CPU)
    assert (shared.logits(tmp_path, classifier, dataset, 20, CPU) == first).all()
    with torch.no_grad():
        last.bias.add_(1e-4)
        shared.logits(tmp_path, classifier, dataset, 20, CPU)
        last.bias.add_(1)
    with pytest.raises(DataError, match=r"other logits than linear gives now: they differ by up to 1\..*--force"):
        shared.logits(tmp_path, classifier, dataset, 20, CPU)
    anew = shared.logits(tmp_path, classifier, dataset, 20, CPU, anew=True)
    assert np.allclose(anew, first + 1, atol=1e-3)
    assert (shared.logits(tmp_path, classifier, dataset, 20, CPU) == anew).all()


COUNTING = """
import os
from pathlib import Path


def network():
    count = Path(os.environ["BUILT"])
    count.write_text(str(int(count.read_text() or 0) + 1) if count.exists() else "1")
    torch.manual_seed(1)
    return nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 4))
"""


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


@pytest.mark.parametrize("name", ["resnet152", "robust_resnet152", "inception_v3", "efficientnet_lite0"])
def test_a_copy_of_a_shipped_network_gives_the_same_bits(name: str) -> None:
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode(), one_run():
        first, second = (open_classifier(name) for _ in range(2))
        assert torch.equal(first.network(images), second.network(images))
