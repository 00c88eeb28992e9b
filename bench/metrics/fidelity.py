"""bench's networks for torch-fidelity's own command line and ``calculate_metrics``."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_fidelity import register_feature_extractor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from bench.classifiers.base import Classifier


def register(name: str, network: Classifier) -> None:
    """Make a classifier's penultimate features known to torch-fidelity.

    Afterwards ``torch_fidelity.calculate_metrics(..., feature_extractor=name)`` measures through it; the layer is
    called ``features``. A name can be given once.

    Args:
        name: what torch-fidelity shall call it.
        network: in evaluation mode; torch-fidelity moves it to its own device.
    """

    class Features(FeatureExtractorBase):  # type: ignore[misc]
        """(n, 3, H, W) uint8 images to one tensor (n, F)."""

        def __init__(self, name: str, features_list: list[str], **_: object) -> None:
            super().__init__(name, features_list)
            self.network = network

        @staticmethod
        def get_provided_features_list() -> tuple[str, ...]:
            """The one layer."""
            return ("features",)

        @staticmethod
        def get_default_feature_layer_for_metric(metric: str) -> str:
            """The one layer, for every metric."""
            return "features"

        @staticmethod
        def can_be_compiled() -> bool:
            """Not tried."""
            return False

        @torch.no_grad()
        def forward(self, images: Tensor) -> tuple[Tensor]:
            """Pooled features."""
            return (self.network.features(images.float() / 255),)

    register_feature_extractor(name, Features)
