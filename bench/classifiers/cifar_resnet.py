"""ResNets for 32x32 images, of full width: torchvision's, with a 3x3 stem of stride 1 and no pooling behind it.

That is He et al. 2016, table 1, as public code for CIFAR has it since 2017: other than section 4.2 of that paper.
"""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.models import get_model


def cifar_resnet(depth: int, num_classes: int) -> nn.Module:
    """(N, 3, 32, 32) to (N, K); depths as torchvision has them."""
    body = get_model(f"resnet{depth}", weights=None, num_classes=num_classes)
    body.conv1, body.maxpool = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.Identity()
    return body  # type: ignore[no-any-return]


def renamed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """That code's names as torchvision's."""
    pairs = ((name.replace(".shortcut.", ".downsample."), value) for name, value in state.items())
    return {f"fc.{name.removeprefix('linear.')}" if name.startswith("linear.") else name: v for name, v in pairs}
