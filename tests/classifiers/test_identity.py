"""A network without a file of weights is known by all that it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bench.classifiers import open_classifier
from tests.classifiers.conftest import PLAIN, Write


def sha256(reference: str) -> str:
    return open_classifier(reference).sha256


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
