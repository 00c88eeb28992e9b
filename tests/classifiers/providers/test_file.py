"""A user's own network: known by its code, too, and what is no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.classifiers import open_classifier
from bench.classifiers.providers.file import FileProvider
from bench.config import RunConfig
from bench.errors import PluginError, UsageError
from bench.line import run_cell
from tests.cells import PLUGINS
from tests.classifiers.conftest import PLAIN, Write


@pytest.mark.networks
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


@pytest.mark.parametrize("size", ["0", "-3", "'32'", "32.0"])
def test_an_input_size_that_is_no_number_of_pixels_is_refused(size: str, write: Write) -> None:
    reference = write(f"def network():\n    net = {PLAIN}\n    net.input_size = {size}\n    return net\n")
    with pytest.raises(UsageError, match=rf"input_size of .*own_net.py:network should be .* and is {size}\."):
        FileProvider().card(reference)


def test_a_network_that_does_not_say_its_size_is_shown_32_pixels_and_told_so(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = write(f"def network():\n    return {PLAIN}\n")
    card, network = FileProvider().open(silent)
    assert (card.name, card.num_logits, card.input_size) == ("own_net.network", 4, 32)
    assert "does not say how large the images are" in capsys.readouterr().err
    assert network.input_size == 32
    said = write(f"def network():\n    net = {PLAIN}\n    net.input_size = 48\n    return net\n")
    assert FileProvider().card(said).input_size == 48
    assert capsys.readouterr().err == ""


def test_what_gives_no_rows_of_logits_has_none_in_its_card(write: Write) -> None:
    """Whoever runs it is told why; a card must not fail for it."""
    for network in ("nn.Identity()", "nn.Linear(7, 4)"):
        reference = write(f"def network():\n    net = {network}\n    net.input_size = 8\n    return net\n")
        assert FileProvider().card(reference).num_logits == 0


def test_weights_are_the_functions_own_business(write: Write, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--classifier-weights is not for own_net\.network: the function"):
        FileProvider().build(write(f"def network():\n    return {PLAIN}\n"), tmp_path / "w.pth")
