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
from bench.classifiers.library import Described
from bench.classifiers.providers.torchvision import TorchvisionProvider
from bench.classifiers.wrapped import HeadedNetwork
from bench.errors import UnknownNameError, UsageError
from tests.classifiers.providers.libraries import (
    agree,
    is_differentiable,
    photo,
    publish,
    randomised,
    refuses_other_logits,
    refuses_wrong_and_truncated,
    tensor,
)

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


FAMILIES = """alexnet convnext_tiny densenet121 efficientnet_b0 efficientnet_v2_s googlenet inception_v3 maxvit_t
mnasnet0_5 mobilenet_v2 mobilenet_v3_small regnet_y_400mf resnet18 shufflenet_v2_x0_5 squeezenet1_1 swin_t swin_v2_t
vgg11 vit_b_16"""


@pytest.mark.parametrize("architecture", FAMILIES.split())
def test_every_family_has_penultimate_features(architecture: str) -> None:
    """By shapes alone, on a device that computes nothing."""
    weights = models.get_model_weights(architecture).DEFAULT
    shown = weights.transforms()
    special: dict[str, Any] = {"init_weights": False} if architecture in ("googlenet", "inception_v3") else {}
    if architecture.startswith("vit"):
        special["image_size"] = shown.crop_size[0]
    with torch.device("cpu" if architecture.startswith("regnet") else "meta"):  # RegNet computes its widths
        body = models.get_model(architecture, weights=None, **special).eval()
    with torch.device("meta"):
        described = TorchvisionProvider().describe(architecture)
        ours = HeadedNetwork(body, described).to("meta").eval()
        images = torch.rand(2, 3, described.input_size, described.input_size)
        with torch.inference_mode():
            features, logits = ours.features(images), ours(images)
    assert features.ndim == 2
    assert features.shape[0] == 2
    assert features.shape[1] >= 256
    assert logits.shape == (2, 1000)


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


def test_images_are_resized_on_the_shorter_side() -> None:
    described: Described = TorchvisionProvider().describe("resnet18")
    network = HeadedNetwork(nn.Identity(), described)
    assert network.prepare(torch.rand(1, 3, 50, 100)).shape == (1, 3, 224, 448)
    own = tensor(photo(224))
    assert torch.equal(network.prepare(own), (own - network.mean) / network.std)
