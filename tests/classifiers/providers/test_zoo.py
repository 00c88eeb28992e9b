"""``zoo:``: cards from the manifest, without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from bench.classifiers import classifier_card, open_classifier
from bench.classifiers.base import Classifier
from bench.classifiers.providers.zoo import TARGETS, ZOO, ZooProvider
from bench.errors import UnknownNameError, UsageError, WeightsError
from bench.weights.files import entry, load_shipped, save_weights
from tests.conftest import AddWeights


@pytest.mark.networks
@pytest.mark.parametrize("name", ZooProvider().names())
def test_the_card_is_what_the_network_is(name: str) -> None:
    card, network = ZooProvider().open(name)
    assert isinstance(network, Classifier)
    assert card.identity == entry(name).sha256
    assert network.input_size == card.input_size
    assert network.mean.flatten().tolist() == pytest.approx(card.preprocessing["mean"])
    assert network.std.flatten().tolist() == pytest.approx(card.preprocessing["std"])
    with torch.inference_mode():
        assert network.eval()(torch.zeros(1, 3, 32, 32)).shape == (1, card.num_logits)
    assert card.licence
    assert card.citation
    assert card.target == (name in TARGETS)


def test_thin_versions_say_so_and_robust_ones_against_what() -> None:
    cards = {name: classifier_card(f"zoo:{name}") for name in ZooProvider().names()}
    assert {name for name, card in cards.items() if card.caveat.startswith("a thin, 32x32 version")} == {
        "resnet152",
        "robust_resnet152",
        "inception_v3",
    }
    assert {name: card.robust for name, card in cards.items() if card.robust} == {"robust_resnet152": "Linf 8/255"}
    assert cards["robust_resnet152"].accuracy["test_pgd20"] == 0.3997
    assert cards["resnet152"].accuracy["test_accuracy"] == 0.8832


def test_a_card_needs_no_torch() -> None:
    code = "import sys; from bench.classifiers import classifier_card; classifier_card('judge'); assert 'torch' not in "
    done = subprocess.run([sys.executable, "-c", f"{code}sys.modules"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_ones_own_weights(tmp_path: Path, zoo: AddWeights) -> None:
    """What ``bench train classifier`` wrote, although nothing ships."""
    state = {key: value + 0.01 for key, value in ZOO["judge"].build().state_dict().items()}
    path = save_weights(state, tmp_path / "own.safetensors")
    with pytest.raises(WeightsError, match=r"The weights of zoo:judge are not here\. Install bench again"):
        classifier_card("judge")
    loaded = open_classifier("judge", weights=path)
    assert loaded.card is not None
    assert (loaded.card.verified, loaded.card.accuracy, loaded.card.target) == (False, {}, False)
    assert torch.equal(loaded.network.state_dict()["fc.bias"], state["fc.bias"].half().float())


def test_the_judge_of_64_px_knows_the_classes_of_its_images() -> None:
    card = classifier_card("zoo:judge-tiny-imagenet")
    assert (card.input_size, card.num_logits, card.classes, card.target) == (64, 200, "tiny-imagenet", False)


def test_weights_that_do_not_fit(tmp_path: Path) -> None:
    state = load_shipped("judge")
    path = save_weights(state | {"fc.bias": torch.zeros(11)}, tmp_path / "own.safetensors")
    with pytest.raises(
        WeightsError, match=r"does not fit zoo:judge: fc.bias has shape \(11,\).*expects \(10,\) \(1 such"
    ):
        open_classifier("judge", weights=path)
    with pytest.raises(UsageError, match="not for zoo:efficientnet_lite0"):
        open_classifier("efficientnet_lite0", weights=path)
    with pytest.raises(UnknownNameError, match="network of the zoo"):
        classifier_card("zoo:resnet15")
