"""The extractor of the default distances is the classifier that ships under its name."""

import pytest
import torch

from bench.classifiers import open_classifier
from bench.classifiers.base import Classifier
from bench.metrics.extractors import extractors
from bench.metrics.extractors.efficientnet_lite0 import EfficientNetLite0
from bench.weights.files import entry

pytestmark = pytest.mark.networks


def test_it_is_the_shipped_network_with_its_1280_features() -> None:
    one = EfficientNetLite0()
    network = one.network(torch.device("cpu"))
    assert one.sha256() == entry("efficientnet_lite0").sha256
    assert isinstance(network, Classifier)
    images = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        features = network.features(images)
        assert features.shape == (2, one.dimension)
        assert torch.equal(network.head(features), open_classifier("efficientnet_lite0").network(images))
    assert isinstance(extractors()["efficientnet_lite0"], EfficientNetLite0)
