"""The comparator of 2016a: a frozen network in whose middle layer reconstruction and original are compared."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.classifiers import open_classifier
from bench.classifiers.inception import ThinInceptionV3
from bench.classifiers.resnet import Bottleneck, ThinResNet152
from bench.metrics.extractors.lpips_alex import load_lpips
from bench.training.data import TrainingImages
from bench.training.engine import Engine
from bench.weights.files import entry

USUAL, FOR_THE_USUAL = "resnet152", "inception_v3"
THIN_SIDE = 32  # of the images that those two were trained on
ALEXNET, ALEXNET_SIDE = "lpips_alex", 128  # its weights' name, and what images are enlarged to
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
REFERENCE_IMAGES = 2_000
BLOCK = 250


def comparator_of(target: str) -> str:
    """The comparator's name for a target's: never the target itself, the judge, or a metric's extractor."""
    return FOR_THE_USUAL if target == USUAL else USUAL


class AlexNet(nn.Module):
    """AlexNet's convolutions, those that LPIPS carries; their pool5 has 3x3 maps of images at 128 px.

    LPIPS as a score is near to what it trains: it looks at the same network's layers.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        carrier = load_lpips(device).net
        self.slices = nn.Sequential(*(getattr(carrier, f"slice{k}") for k in range(1, 6)))  # to the fifth ReLU
        self.register_buffer("mean", torch.tensor(MEAN, device=device).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(STD, device=device).view(3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """[0, 1] images (N, 3, H, W) to pool5 (N, 256, 3, 3)."""
        if images.shape[-1] < ALEXNET_SIDE:
            images = F.interpolate(images, size=ALEXNET_SIDE, mode="bilinear", align_corners=False)
        return F.max_pool2d(self.slices((images - self.mean) / self.std), 3, 2)


class Comparator:
    """C(x), the maps of a middle layer in place of AlexNet's pool5 at 227 px, divided by their RMS on training images.

    At 32 px a thin classifier's, 4x4; above, AlexNet's own pool5 of images enlarged to 128 px, 3x3 where the published
    one is 6x6.

    Attributes:
        name, sha256: of the weights whose layers these are.
        network: frozen.
        rms: root mean square of the maps over the first ``REFERENCE_IMAGES`` training images.
    """

    def __init__(self, target: str, engine: Engine, data: TrainingImages) -> None:
        self.dtype = engine.dtype
        self.network: nn.Module
        if data.image_size > THIN_SIDE:
            self.name, self.sha256, self.network = ALEXNET, entry(ALEXNET).sha256, AlexNet(engine.device)
        else:
            opened = open_classifier(comparator_of(target), engine.device)
            self.name, self.sha256, self.network = opened.name, opened.sha256, opened.network
        if engine.dtype != torch.float32:
            self.network = copy.deepcopy(self.network).to(engine.dtype)
        self.rms = 1.0
        with torch.inference_mode():
            blocks = torch.split(torch.arange(min(REFERENCE_IMAGES, len(data)), device=data.place), BLOCK)
            squares = torch.cat([self(data.batch(rows).to(self.dtype)).square().mean((1, 2, 3)) for rows in blocks])
        self.rms = float(squares.mean().sqrt())

    def __call__(self, images: Tensor) -> Tensor:
        """[0, 1] images (N, 3, H, W) to maps (N, C, h, w); gradients reach the images and no weight."""
        return middle(self.network, images).to(self.dtype) / self.rms


def middle(network: nn.Module, images: Tensor) -> Tensor:
    """[0, 1] images (N, 3, 32, 32) to a thin classifier's maps at a total stride of 8, (N, C, 4, 4).

    They are the output of ResNet's third stage, or of Inception's reduction D; of AlexNet it is pool5.
    """
    if isinstance(network, AlexNet):
        return network(images)  # type: ignore[no-any-return]
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
