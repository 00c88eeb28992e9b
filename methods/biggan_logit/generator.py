"""G(z, eps): BigGAN's generator with every batch normalisation conditioned on the logits."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from bench.inverters.standardise import Standardise
from methods.biggan_logit.attention import SelfAttention
from methods.biggan_logit.conditioning import (
    ConditionalBatchNorm,
    add_upsampled_,
    narrow_conv,
    orthogonal_,
    spectral_norm_,
    taps_of,
    upsample_conv,
    upsampling_kernel,
)
from methods.biggan_logit.tables import table
from methods.biggan_logit.whiten import Whiten

NOISE_DIM = 120
SCALE = 10**0.5  # G sees z with mean squared norm 10: gammas then start with a spread of about 0.2


class GeneratorBlock(nn.Module):
    """BN, ReLU, upsample, convolution, BN, ReLU, convolution, around an upsampled 1x1 shortcut."""

    kernel: Tensor | None

    def __init__(self, c_in: int, c_out: int, num_logits: int, hidden: int) -> None:
        super().__init__()
        self.bn1 = ConditionalBatchNorm(c_in, num_logits, hidden)
        self.bn2 = ConditionalBatchNorm(c_out, num_logits, hidden)
        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1)
        self.shortcut = nn.Conv2d(c_in, c_out, 1)
        self.register_buffer("kernel", None, persistent=False)

    def freeze(self) -> None:
        """Make the first convolution's kernel once and for all."""
        self.kernel = upsampling_kernel(self.conv1.weight)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """x (N, c_in, H, W) and z (N, K) to (N, c_out, 2H, 2W)."""
        kernel = upsampling_kernel(self.conv1.weight) if self.kernel is None else self.kernel
        shortcut: Tensor = self.shortcut(x)
        h = upsample_conv(F.relu(self.bn1(x, z), inplace=True), kernel, self.conv1.bias)
        h = self.conv2(F.relu(self.bn2(h, z), inplace=True))
        return add_upsampled_(h, shortcut)  # 1x1 and nearest neighbour commute: the small image was convolved


class Generator(nn.Module):
    """G(z, eps): blocks from 4x4 up by the table of the size; at 32 px three blocks, all of width 4 ``channels``.

    Args:
        num_logits: K.
        channels: BigGAN's ``ch``.
        hidden: width of the conditioning MLPs.
        size: side of the images in pixels.
        whiten: decorrelate the logits instead of standardising each by itself.
    """

    taps: Tensor | None

    def __init__(
        self, num_logits: int, channels: int = 24, hidden: int = 128, size: int = 32, *, whiten: bool = False
    ) -> None:
        super().__init__()
        layout = table(size)
        widths = [multiple * channels for multiple in layout.generator]
        self.width = widths[0]
        self.standardise: Standardise = (Whiten if whiten else Standardise)(num_logits)
        self.linear = nn.Linear(NOISE_DIM, self.width * 4 * 4)
        self.blocks = nn.ModuleList(
            GeneratorBlock(c_in, c_out, num_logits, hidden) for c_in, c_out in itertools.pairwise(widths)
        )
        self.attended = [4 << (index + 1) == layout.attention for index in range(len(self.blocks))]
        self.attention: nn.Module = nn.Identity()
        if True in self.attended:
            self.attention = SelfAttention(widths[self.attended.index(True) + 1])
        self.bn = ConditionalBatchNorm(widths[-1], num_logits, hidden)
        self.conv = nn.Conv2d(widths[-1], 3, 3, padding=1)
        self.register_buffer("taps", None, persistent=False)

    def freeze(self) -> None:
        """Compute what depends on the weights alone once: they must not change any more."""
        for block in self.blocks:
            assert isinstance(block, GeneratorBlock)
            block.freeze()
        self.taps = taps_of(self.conv.weight)

    def forward(self, logits: Tensor, eps: Tensor) -> Tensor:
        """Logits (N, K) and noise (N, 120) to images (N, 3, size, size) in [0, 1]."""
        z = SCALE * self.standardise(logits)
        h = self.linear(eps).view(-1, self.width, 4, 4).contiguous(memory_format=torch.channels_last)
        for block, attended in zip(self.blocks, self.attended, strict=True):
            h = block(h, z)  # (N, width, 8 | 16 | 32 ..., ...)
            h = self.attention(h) if attended else h
        h = F.relu(self.bn(h, z), inplace=True)
        x = torch.tanh(self.conv(h) if self.taps is None else narrow_conv(h, self.taps, self.conv.bias))
        return (x + 1) / 2


def generator_of(num_logits: int, size: int, settings: Mapping[str, Any]) -> Generator:
    """The plain network for images of ``size`` pixels by a recipe's settings; what they do not name is off."""
    return Generator(num_logits, settings["channels"], settings["hidden"], size, whiten=settings.get("whiten", False))


def trainable_generator(
    num_logits: int, channels: int, hidden: int, size: int = 32, *, whiten: bool = False
) -> Generator:
    """A generator as it is trained: orthogonal start, spectral norm everywhere but in the conditioning MLPs."""
    generator = Generator(num_logits, channels, hidden, size, whiten=whiten)
    orthogonal_(generator)
    spectral_norm_(generator, skip=ConditionalBatchNorm)
    return generator


@torch.no_grad()
def effective_state(generator: Generator) -> dict[str, Tensor]:
    """The state of the plain network that a spectrally normalised one computes: weights already divided."""
    mode = generator.training
    generator.eval()  # no power iteration from looking
    state = {n: v for n, v in generator.state_dict().items() if ".parametrizations." not in n}
    for name, module in generator.named_modules():
        if parametrize.is_parametrized(module):
            state[f"{name}.weight"] = module.weight
    generator.train(mode)
    return state


def normalise(net: nn.Module) -> None:
    """Fill the cache of spectrally normalised weights in float32, before autocast could make them bfloat16."""
    for module in net.modules():
        if parametrize.is_parametrized(module):
            _ = module.weight


@torch.no_grad()
def estimate_statistics(generator: Generator, batches: list[tuple[Tensor, Tensor]]) -> None:
    """Re-estimate every BN mean and variance as the plain average over (logits, noise) batches, in place."""
    norms = [m for m in generator.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # cumulative average
    generator.train()
    for logits, eps in batches:
        generator(logits, eps)
    generator.eval()
