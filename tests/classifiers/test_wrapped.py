"""Networks of libraries as classifiers: features of every family, images resized whole."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torchvision import models

from bench.classifiers.library import Described
from bench.classifiers.providers.torchvision import TorchvisionProvider
from bench.classifiers.wrapped import HeadedNetwork
from tests.classifiers.providers.libraries import photo, tensor

FAMILIES = """alexnet convnext_tiny densenet121 efficientnet_b0 efficientnet_v2_s googlenet inception_v3 maxvit_t
mnasnet0_5 mobilenet_v2 mobilenet_v3_small regnet_y_400mf resnet18 shufflenet_v2_x0_5 squeezenet1_1 swin_t swin_v2_t
vgg11 vit_b_16"""


@pytest.mark.networks
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


def test_images_are_resized_on_the_shorter_side() -> None:
    described: Described = TorchvisionProvider().describe("resnet18")
    network = HeadedNetwork(nn.Identity(), described)
    assert network.prepare(torch.rand(1, 3, 50, 100)).shape == (1, 3, 224, 448)
    own = tensor(photo(224))
    assert torch.equal(network.prepare(own), (own - network.mean) / network.std)
