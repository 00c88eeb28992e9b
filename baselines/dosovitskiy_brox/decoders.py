"""The two decoders as layer tables, and the one rule that scales a table to smaller images and fewer weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.errors import UsageError
from bench.inverters.standardise import Standardise

FC_WIDTH = 4096
START = 4  # pixels at which the fully connected layers hand over
START_CHANNELS = 256  # 256 x 4 x 4 = 4096
SIZES = (8, 16, 32, 64, 128)  # sides of images that both tables reach


@dataclass(frozen=True)
class Layer:
    """One row of a published table: a convolution where ``stride`` is 1, an up-convolution where it is 2."""

    channels: int
    kernel: int
    stride: int


@dataclass(frozen=True)
class Table:
    """A published decoder.

    Attributes:
        layers: behind the three fully connected ones, the image's own last.
        slope: of the leaky ReLU behind every layer but the last.
        bias: whether the layers behind the fully connected ones have biases.
    """

    layers: tuple[Layer, ...]
    slope: float
    bias: bool

    def down_to(self, size: int) -> tuple[Layer, ...]:
        """The layers that work at up to ``size`` pixels, the last of which writes the image's three channels.

        Raises:
            UsageError: no layer ends at that size.
        """
        kept: list[Layer] = []
        pixels = START
        for layer in self.layers:
            if pixels * layer.stride > size:
                break
            pixels *= layer.stride
            kept.append(layer)
        if not kept or pixels != size:
            raise UsageError(f"The decoders' tables are for {', '.join(map(str, SIZES))} px, not for {size} px.")
        return (*kept[:-1], Layer(3, kept[-1].kernel, kept[-1].stride))


TABLE_2016A = Table(
    layers=(
        Layer(256, 4, 2), Layer(512, 3, 1),  # 8 px
        Layer(256, 4, 2), Layer(256, 3, 1),  # 16
        Layer(128, 4, 2), Layer(128, 3, 1),  # 32
        Layer(64, 4, 2), Layer(32, 4, 2), Layer(3, 4, 2),  # 64, 128, 256 (cropped to 227)
    ),
    slope=0.3,
    bias=False,
)  # fmt: skip
TABLE_2016B = Table(
    layers=(Layer(256, 5, 2), Layer(128, 5, 2), Layer(64, 5, 2), Layer(32, 5, 2), Layer(3, 5, 2)),  # 8 to 128 px
    slope=0.2,
    bias=True,
)


class Decoder(nn.Module):
    """x^ = G(z): three fully connected layers, 4x4 maps, a table's (up-)convolutions; linear output, no BN.

    Args:
        num_logits: K.
        table: which of the two.
        factor: channels are ``factor`` times the published ones, hidden fully connected widths ``factor``^2 times.
        size: side of the images in pixels, 4 times a power of two.
    """

    def __init__(self, num_logits: int, table: Table, factor: float = 1.0, size: int = 32) -> None:
        super().__init__()
        hidden, channels = round(FC_WIDTH * factor**2), round(START_CHANNELS * factor)
        self.standardise = Standardise(num_logits)
        self.scale = num_logits**0.5  # each logit enters with variance 1
        fully_connected: list[nn.Module] = []
        for c_in, c_out in ((num_logits, hidden), (hidden, hidden), (hidden, channels * START**2)):
            fully_connected += [nn.Linear(c_in, c_out), nn.LeakyReLU(table.slope)]
        self.fc = nn.Sequential(*fully_connected)
        self.up = nn.Sequential(*_up_convolutions(channels, table.down_to(size), table, factor))
        _initialise(self, table.slope)

    def forward(self, logits: Tensor) -> Tensor:
        """Logits (N, K) to images (N, 3, size, size) about [0, 1], not clipped; inside they are about [-1, 1]."""
        h = self.fc(self.scale * self.standardise(logits))
        h = h.view(len(h), -1, START, START).contiguous(memory_format=torch.channels_last)
        return (self.up(h).to(logits.dtype) + 1) / 2  # type: ignore[no-any-return]


def _up_convolutions(c_in: int, layers: Sequence[Layer], table: Table, factor: float) -> list[nn.Module]:
    modules: list[nn.Module] = []
    for k, layer in enumerate(layers):
        last = k == len(layers) - 1
        c_out = layer.channels if last else round(layer.channels * factor)
        if layer.stride == 1:
            modules.append(nn.Conv2d(c_in, c_out, layer.kernel, 1, layer.kernel // 2, bias=table.bias))
        else:
            # zeros between the pixels, then a convolution: doubles the size for kernels of 4 as of 5
            padding, odd = (layer.kernel - 1) // 2, layer.kernel % 2
            modules.append(nn.ConvTranspose2d(c_in, c_out, layer.kernel, 2, padding, odd, bias=table.bias))
        if not last:
            modules.append(nn.LeakyReLU(table.slope))
        c_in = c_out
    return modules


def _initialise(decoder: Decoder, slope: float) -> None:
    """He et al. 2015 for leaky ReLU, biases zero; an up-convolution's output sums a quarter of the kernel's taps."""
    gain = (2 / (1 + slope**2)) ** 0.5
    for module in decoder.modules():
        if isinstance(module, nn.ConvTranspose2d):
            taps = module.in_channels * module.weight[0, 0].numel() / 4
        elif isinstance(module, nn.Linear | nn.Conv2d):
            taps = module.weight[0].numel()
        else:
            continue
        nn.init.normal_(module.weight, std=gain * taps**-0.5)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
