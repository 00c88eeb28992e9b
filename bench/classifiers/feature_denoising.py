"""ResNet-152 as Xie et al. 2019 trained it adversarially, with and without denoising blocks, from TensorFlow's arrays.

The network is torchvision's, stride in the 3x3 convolutions, except that every layer pads as TensorFlow does.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.resnet import Bottleneck, ResNet

from bench.classifiers.same import SameConv, SameMaxPool

RESNET152 = (3, 8, 36, 3)
NORM = {"weight": "gamma", "bias": "beta", "running_mean": "mean/EMA", "running_var": "variance/EMA"}


class Denoise(nn.Module):
    """x + BN(W f), f a softmax-weighted mean of the maps over all places (Xie et al. 2019, equation 2, figure 4)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.theta = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.phi = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.conv = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        theta, phi, g = (
            maps.flatten(2).mT for maps in (self.theta(x), self.phi(x), x)
        )  # (N, HW, C/2), twice, (N, HW, C)
        f = F.scaled_dot_product_attention(theta, phi, g).mT.reshape(x.shape)  # scores over the root of C/2
        return x + self.bn(self.conv(f))  # type: ignore[no-any-return]


def same_resnet(denoise: bool, blocks: tuple[int, ...] = RESNET152) -> ResNet:
    """The network with fresh weights: 1,000 logits."""
    body = ResNet(Bottleneck, list(blocks))
    body.conv1, body.maxpool = SameConv(3, 64, 7, 2, bias=False), SameMaxPool()
    for group in (body.layer2, body.layer3, body.layer4):
        width = group[0].conv2.in_channels
        group[0].conv2 = SameConv(width, width, 3, 2, bias=False)
    if denoise:
        for group in (body.layer1, body.layer2, body.layer3, body.layer4):
            group.append(Denoise(group[-1].conv3.out_channels))
    return body


def load_arrays(body: ResNet, arrays: dict[str, Tensor]) -> None:
    """Put the arrays of one of tensorpack's archives into the network.

    Raises:
        ValueError: it holds other arrays than the network, or one of another shape.
    """
    arrays = {name.removesuffix(":0"): _turned(array) for name, array in arrays.items()}
    names, state = array_names(body), body.state_dict()
    odd = [f"lacks {name}" for name in sorted(set(names.values()) - arrays.keys())]
    odd += [f"holds {name}, which the network does not have" for name in sorted(arrays.keys() - set(names.values()))]
    shapes = [(name, arrays[name].shape, state[key].shape) for key, name in names.items() if name in arrays]
    odd += [f"holds {name} for {tuple(got)} in place of {tuple(due)}" for name, got, due in shapes if got != due]
    if odd:
        others = f" ({len(odd)} of its arrays are not as they should be)" if len(odd) > 1 else ""
        raise ValueError(f"the archive {odd[0]}{others}")
    body.load_state_dict(state | {key: arrays[name] for key, name in names.items()})


def array_names(body: ResNet) -> dict[str, str]:
    """What the archive calls each tensor of the network, ``group0/block0/conv1/W`` for ``layer1.0.conv1.weight``."""
    names = {"fc.weight": "linear/W", "fc.bias": "linear/b"}
    for convolution, norm, theirs in _layers(body):
        names[f"{convolution}.weight"] = f"{theirs}/W"
        names |= {f"{norm}.{ours}": f"{theirs}/bn/{part}" for ours, part in NORM.items() if norm}
    return names


def _layers(body: ResNet) -> Iterator[tuple[str, str, str]]:
    """(our convolution, the batch normalisation behind it if there is one, their name of both), a row a layer."""
    yield "conv1", "bn1", "conv0"
    for group in range(4):
        for place, block in enumerate(body.get_submodule(f"layer{group + 1}")):
            ours, theirs = f"layer{group + 1}.{place}", f"group{group}/block{place}"
            if isinstance(block, Denoise):
                yield f"{ours}.theta", "", f"group{group}_denoise/embedding_theta"
                yield f"{ours}.phi", "", f"group{group}_denoise/embedding_phi"
                yield f"{ours}.conv", f"{ours}.bn", f"group{group}_denoise/conv"
                continue
            yield from ((f"{ours}.conv{k}", f"{ours}.bn{k}", f"{theirs}/conv{k}") for k in (1, 2, 3))
            if block.downsample is not None:
                yield f"{ours}.downsample.0", f"{ours}.downsample.1", f"{theirs}/convshortcut"


def _turned(array: Tensor) -> Tensor:
    """Kernels (H, W, in, out) to (out, in, H, W), matrices (in, out) to (out, in)."""
    return array.permute(3, 2, 0, 1) if array.ndim == 4 else array.mT if array.ndim == 2 else array
