"""The comparator of 2016a: a frozen network in whose middle layer reconstruction and original are compared."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.classifiers import open_classifier
from bench.classifiers.inception import ThinInceptionV3
from bench.classifiers.resnet import Bottleneck, ThinResNet152
from bench.training.data import TrainingImages
from bench.training.engine import Engine

USUAL, FOR_THE_USUAL = "resnet152", "inception_v3"
REFERENCE_IMAGES = 2_000
BLOCK = 250


def comparator_of(target: str) -> str:
    """The comparator's name for a target's: never the target itself, the judge, or a metric's extractor."""
    return FOR_THE_USUAL if target == USUAL else USUAL


class Comparator:
    """C(x), 4x4 maps of a thin classifier where AlexNet's pool5 has 6x6, divided by their RMS on training images.

    Attributes:
        name, sha256: of the classifier whose layers these are.
        network: that classifier, frozen.
        rms: root mean square of the maps over the first ``REFERENCE_IMAGES`` training images.
    """

    def __init__(self, target: str, engine: Engine, data: TrainingImages) -> None:
        opened = open_classifier(comparator_of(target), engine.device)
        self.name, self.sha256, self.dtype = opened.name, opened.sha256, engine.dtype
        self.network = opened.network
        if engine.dtype != torch.float32:
            self.network = copy.deepcopy(opened.network).to(engine.dtype)
        self.rms = 1.0
        with torch.inference_mode():
            blocks = torch.split(torch.arange(min(REFERENCE_IMAGES, len(data)), device=engine.device), BLOCK)
            squares = torch.cat([self(data.batch(rows).to(self.dtype)).square().mean((1, 2, 3)) for rows in blocks])
        self.rms = float(squares.mean().sqrt())

    def __call__(self, images: Tensor) -> Tensor:
        """[0, 1] images (N, 3, 32, 32) to maps (N, C, 4, 4); gradients reach the images and no weight."""
        return middle(self.network, images).to(self.dtype) / self.rms


def middle(network: nn.Module, images: Tensor) -> Tensor:
    """[0, 1] images (N, 3, 32, 32) to a thin classifier's maps at a total stride of 8, (N, C, 4, 4).

    They are the output of ResNet's third stage, or of Inception's reduction D.
    """
    if isinstance(network, ThinResNet152):
        h = F.relu(network.bn1(network.conv1(network.prepare(images))))
        return _three_stages(network)(h)  # type: ignore[no-any-return]
    if isinstance(network, ThinInceptionV3):
        return network.d(network.maps(network.prepare(images)))  # type: ignore[no-any-return]
    raise TypeError(f"A comparator is a ThinResNet152 or a ThinInceptionV3, not a {type(network).__name__}.")


def _three_stages(network: ThinResNet152) -> nn.Sequential:
    """All blocks before the last halving of the resolution."""
    halving = [k for k, b in enumerate(network.stages) if isinstance(b, Bottleneck) and b.conv2.stride == (2, 2)]
    return network.stages[: halving[-1]]
