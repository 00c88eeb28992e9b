"""EfficientNet-Lite0 against the published implementation."""

from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from bench.classifiers.efficientnet_lite import EfficientNetLite0, published_state
from bench.classifiers.providers.zoo import ZooProvider
from bench.datasets.base import to_images
from bench.datasets.cifar10 import shipped_test
from bench.errors import WeightsError
from bench.weights.files import entry


@cache
def reference() -> Any:
    """The published package's network with its published weights."""
    package = pytest.importorskip("efficientnet_lite_pytorch")
    net = package.EfficientNet.from_name("efficientnet-lite0")
    net.load_state_dict(torch.load(entry("efficientnet_lite0").path, weights_only=True))
    return net.eval()


def ours() -> EfficientNetLite0:
    net = ZooProvider().build("efficientnet_lite0")
    assert isinstance(net, EfficientNetLite0)
    return net.eval().requires_grad_(False)


def prepared(side: int) -> Tensor:
    """Four CIFAR-10 images as the network sees them at 128 or 224 px."""
    images = to_images(shipped_test()[0][:4])
    if side == 224:
        images = torch.nn.functional.interpolate(images, (70, 90), mode="bilinear").clamp(0, 1)
    made = EfficientNetLite0().prepare(images)
    assert made.shape == (4, 3, side, side)
    return made


@pytest.mark.networks
@pytest.mark.parametrize("side", [128, 224])
@torch.inference_mode()
def test_logits_equal_the_published_implementation(side: int) -> None:
    theirs, x, net = reference(), prepared(side), ours()
    torch.testing.assert_close(net.head(net.embed(x)), theirs(x), atol=1e-4, rtol=1e-5)


def test_another_file_in_its_place_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.weights.files.read", lambda _path: b"another")
    with pytest.raises(WeightsError, match="is damaged or was replaced: expected SHA-256"):
        published_state()


@pytest.mark.networks
def test_features_logits_and_gradients() -> None:
    net = ours()
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)).requires_grad_()
    features = net.features(images)
    assert features.shape == (2, 1280)
    logits = net(images)
    assert torch.equal(logits, net.head(features))
    logits.sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0
    assert not any(p.requires_grad for p in net.parameters())


@pytest.mark.parametrize(("size", "side"), [((32, 32), 128), ((64, 40), 128), ((65, 40), 224), ((224, 224), 224)])
def test_prepare_resizes(size: tuple[int, int], side: int) -> None:
    made = EfficientNetLite0().prepare(torch.full((1, 3, *size), 0.75))
    assert made.shape == (1, 3, side, side)
    torch.testing.assert_close(made, torch.full_like(made, (0.75 - 0.498) / 0.502), atol=1e-5, rtol=0)
