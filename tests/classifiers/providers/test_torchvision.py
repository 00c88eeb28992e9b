"""``torchvision:``, against torchvision's own pipeline, on networks with random weights in torchvision's own files."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from bench.classifiers import classifier_card, open_classifier
from bench.classifiers.providers.torchvision import TorchvisionProvider
from bench.errors import UnknownNameError, UsageError
from tests.classifiers.providers.libraries import (
    agree,
    is_differentiable,
    publish,
    randomised,
    refuses_other_logits,
    refuses_wrong_and_truncated,
)

pytestmark = pytest.mark.networks

# What is special about loading each: nothing; no linear layer; own classes per width; heads for training alone and
# rescaled input; other names in the published file.
ARCHITECTURES = ["resnet18", "squeezenet1_1", "mobilenet_v3_small", "googlenet", "densenet121"]
LAST = {"resnet18": "fc", "mobilenet_v3_small": "classifier.3", "googlenet": "fc", "densenet121": "classifier"}
SPECIAL: dict[str, dict[str, Any]] = {"googlenet": {"transform_input": True, "init_weights": False}}


@cache
def theirs(architecture: str) -> nn.Module:
    torch.manual_seed(1)
    return randomised(models.get_model(architecture, weights=None, **SPECIAL.get(architecture, {})))


def saved(architecture: str, folder: Path) -> Path:
    """In the form in which torchvision publishes it."""
    state = theirs(architecture).state_dict()
    if architecture == "densenet121":  # published in 2017, before names could not hold points any more
        state = {_before(key): value for key, value in state.items() if "num_batches" not in key}
    folder.mkdir(exist_ok=True)
    torch.save(state, folder / "w.pth")
    return folder / "w.pth"


def _before(key: str) -> str:
    for part in ("norm", "conv"):
        for k in ("1", "2"):
            if ".denselayer" in key:
                key = key.replace(f".{part}{k}.", f".{part}.{k}.")
    return key


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_equals_torchvision(architecture: str, tmp_path: Path, bench_home: Path) -> None:
    network = theirs(architecture)
    ours = open_classifier(f"torchvision:{architecture}", weights=saved(architecture, tmp_path)).network
    weights = models.get_model_weights(architecture).DEFAULT
    pipeline = weights.transforms(resize_size=weights.transforms().crop_size[0])  # all of the picture

    def features(given: Tensor) -> Tensor:
        kept: list[Tensor] = []
        if architecture == "squeezenet1_1":
            return network.features(given).mean((2, 3))  # type: ignore[operator,no-any-return]
        handle = network.get_submodule(LAST[architecture]).register_forward_pre_hook(lambda _, x: kept.append(x[0]))
        network(given)
        handle.remove()
        return kept[0]

    agree(ours, network, features, pipeline)
    is_differentiable(ours)


def test_what_is_not_the_published_network_is_refused(
    tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a file has the published hash."""
    refuses_wrong_and_truncated("torchvision:resnet18", saved("resnet18", tmp_path))
    publish(TorchvisionProvider, saved("resnet18", tmp_path), monkeypatch)
    place = bench_home / "classifiers" / "torchvision" / "resnet18-f37072fd.pth"
    refuses_other_logits("torchvision:resnet18", None, place)


def test_the_card_says_what_torchvision_says(tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(TorchvisionProvider, saved("resnet18", tmp_path), monkeypatch)
    card = classifier_card("torchvision:resnet18")
    assert card.name == "torchvision:resnet18"
    assert card.id == "torchvision:resnet18@IMAGENET1K_V1"
    assert (card.num_logits, card.input_size, card.classes, card.verified) == (1000, 224, "imagenet", True)
    assert card.accuracy == {"imagenet_val_acc1": 0.69758, "imagenet_val_acc5": 0.89078}
    assert card.preprocessing["mean"] == [0.485, 0.456, 0.406]
    assert card.preprocessing["interpolation"] == "bilinear"
    assert (bench_home / "classifiers" / "torchvision" / "resnet18-f37072fd.pth").is_file()


def test_published_hashes_are_known_for_all() -> None:
    for architecture in models.list_models(module=models):
        for weights in models.get_model_weights(architecture):
            if weights.meta.get("categories"):
                described = TorchvisionProvider().describe(f"{architecture}@{weights.name}")
                assert len(described.file.sha256) >= 8, weights
                assert described.file.name.endswith(f"-{described.file.sha256}.pth")


def test_another_normalisation_or_size_is_another_identity(tmp_path: Path, bench_home: Path) -> None:
    path = saved("resnet18", tmp_path)
    first = classifier_card("torchvision:resnet18", weights=path)
    assert classifier_card("torchvision:resnet18@IMAGENET1K_V1", weights=path).identity == first.identity
    assert classifier_card("torchvision:vgg11", weights=path).identity == first.identity  # known by weights and pixels
    assert classifier_card("torchvision:inception_v3", weights=path).identity != first.identity
    assert classifier_card("torchvision:efficientnet_b0", weights=path).identity != first.identity


def test_unknown_names() -> None:
    provider = TorchvisionProvider()
    with pytest.raises(UnknownNameError, match="Did you mean 'resnet152'"):
        provider.describe("resnet15")
    with pytest.raises(UnknownNameError, match="Known: IMAGENET1K_V1, IMAGENET1K_V2"):
        provider.describe("resnet152@V3")
    with pytest.raises(UsageError, match="gives features and no logits"):
        provider.describe("vgg16@IMAGENET1K_FEATURES")
