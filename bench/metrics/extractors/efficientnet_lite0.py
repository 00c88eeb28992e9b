"""EfficientNet-Lite0 with its ImageNet weights: the extractor of the default set-level distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.metrics.extractors.base import Extractor
from bench.weights.files import entry

if TYPE_CHECKING:
    import torch


class EfficientNetLite0(Extractor):
    """The published network; what is done to images stands in ``bench/classifiers/efficientnet_lite.py``."""

    name = "efficientnet_lite0"
    title = "EffNet"
    about = "EfficientNet-Lite0's 1,280 pooled features"
    dimension = 1280
    resizing = "sides up to 64 px to 128, larger ones to 224; bicubic, antialiased"
    citation = ("tan2019efficientnet",)

    def sha256(self) -> str:
        """Of the published weights."""
        return entry(self.name).sha256

    def network(self, device: torch.device) -> Any:
        """The shipped classifier of that name."""
        from bench.classifiers import open_classifier

        return open_classifier(self.name, device).network
