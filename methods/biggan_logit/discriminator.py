"""D(x, z) = (w1 + W2 z)^T psi(x): BigGAN's discriminator with a projection of the logits."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.inverters.standardise import Standardise
from methods.biggan_logit.attention import SelfAttention
from methods.biggan_logit.conditioning import orthogonal_, spectral_norm_, upsample
from methods.biggan_logit.tables import Table, table
from methods.biggan_logit.whiten import Whiten


class _Halved(torch.autograd.Function):
    @staticmethod
    def forward(_: object, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 2)

    @staticmethod
    def backward(_: object, gradient: Tensor) -> Tensor:
        return upsample(gradient * 0.25)


def halved(x: Tensor) -> Tensor:
    """``avg_pool2d(x, 2)``, (N, C, H, W) to (N, C, H / 2, W / 2), with a faster gradient; both to the bit.

    avg_pool2d's own gradient was a sixth of what a GPU computed in a step, channels last in bfloat16.
    """
    return _Halved.apply(x)  # type: ignore[no-any-return]


class DiscriminatorBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut, ReLU first except on the image, average pooling where ``down``."""

    def __init__(self, c_in: int, c_out: int, *, down: bool, first: bool = False) -> None:
        super().__init__()
        self.down, self.first = down, first
        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1)
        self.shortcut: nn.Module = nn.Conv2d(c_in, c_out, 1) if down or c_in != c_out else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(N, c_in, H, W) to (N, c_out, H, W), halved in size where ``down``."""
        h = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x))))
        if not self.down:
            return h + self.shortcut(x)  # type: ignore[no-any-return]
        # pooling commutes with the 1x1 shortcut: pool first, it is four times cheaper
        return halved(h) + self.shortcut(halved(x))  # type: ignore[no-any-return]


class Discriminator(nn.Module):
    """Blocks by the table of the size (at 32 px: 32, 16, 8, 8 pixels), global sum pooling to psi(x) in R^{n_d}.

    Args:
        num_logits: K.
        channels: BigGAN's ``ch``; n_d is 4 ``channels`` at 32 px and 16 ``channels`` above.
        size: side of the images in pixels.
        whiten: decorrelate the logits instead of standardising each by itself.
    """

    def __init__(self, num_logits: int, channels: int = 24, size: int = 32, *, whiten: bool = False) -> None:
        super().__init__()
        layout = table(size)
        n_d = layout.discriminator[-1] * channels
        self.standardise: Standardise = (Whiten if whiten else Standardise)(num_logits)
        self.blocks = nn.Sequential(*_blocks(layout, channels, size))
        self.w1 = nn.Linear(n_d, 1, bias=False)
        self.W2 = nn.Linear(num_logits, n_d, bias=False)

    def psi(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W) in [0, 1] to features (N, n_d)."""
        return F.relu(self.blocks(2 * images - 1)).sum((2, 3))

    def forward(self, images: Tensor, logits: Tensor) -> Tensor:
        """Images (N, 3, H, W) in [0, 1] and logits (N, K) to scores (N,); w1 judges naturalness, W2 agreement."""
        psi = self.psi(images)
        return self.w1(psi).squeeze(1) + (self.W2(self.standardise(logits)) * psi).sum(1)  # type: ignore[no-any-return]


def _blocks(layout: Table, channels: int, size: int) -> Iterator[nn.Module]:
    """The blocks in order, self-attention among them where the table has it."""
    c_in = 3
    for index, multiple in enumerate(layout.discriminator):
        down = index < layout.halvings
        yield DiscriminatorBlock(c_in, multiple * channels, down=down, first=index == 0)
        c_in = multiple * channels
        if down and size >> (index + 1) == layout.attention:
            yield SelfAttention(c_in)


def trainable_discriminator(num_logits: int, channels: int, size: int = 32, *, whiten: bool = False) -> Discriminator:
    """A discriminator as it is trained: orthogonal start, spectral norm in every layer."""
    discriminator = Discriminator(num_logits, channels, size, whiten=whiten)
    orthogonal_(discriminator)
    spectral_norm_(discriminator)
    return discriminator
