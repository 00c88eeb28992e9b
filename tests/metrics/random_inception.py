"""Random weights in torch-fidelity's own format, and its view of images: FID's plumbing without the real weights."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from bench.classifiers.base import Classifier


class Images(Dataset[Tensor]):
    """(N, H, W, 3) uint8 as torch-fidelity wants it."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, row: int) -> Tensor:
        return torch.from_numpy(self.pixels[row]).permute(2, 0, 1)


class Blank(FeatureExtractorInceptionV3):  # type: ignore[misc]
    """The architecture as it is constructed, whatever the file holds."""

    def load_state_dict(self, *_: Any, **__: Any) -> None:
        return


def write_random_inception(path: Path) -> Path:
    """He's initialisation and batch normalisations that do something, seeded, under the published file's keys."""
    torch.save({}, path)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Blank("inception-v3-compat", ["2048"], feature_extractor_weights_path=str(path))
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.normal_(std=(2 / module.weight[0].numel()) ** 0.5)
            elif isinstance(module, nn.BatchNorm2d):
                assert module.running_mean is not None
                assert module.running_var is not None
                for tensor, low, high in (
                    (module.weight, 0.8, 1.2), (module.bias, -0.1, 0.1),
                    (module.running_mean, -0.1, 0.1), (module.running_var, 0.8, 1.2),
                ):  # fmt: skip
                    tensor.uniform_(low, high)
    torch.save(network.state_dict(), path)
    return path


class Penultimate(FeatureExtractorBase):  # type: ignore[misc]
    """One of bench's networks as an extractor of torch-fidelity's: uint8 images to one layer, ``features``."""

    network: Classifier

    def __init__(self, name: str, features_list: list[str], **_: object) -> None:
        super().__init__(name, features_list)

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        return ("features",)

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        return "features"

    @staticmethod
    def can_be_compiled() -> bool:
        return False

    @torch.no_grad()
    def forward(self, images: Tensor) -> tuple[Tensor]:
        return (self.network.features(images.float() / 255),)
