"""v(x, t, z): a U-Net of two resolutions on patches of pixels, told the time and the logits by scale and shift."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.inverters.standardise import Standardise

GRID = 16  # patches a side at the finer resolution, whatever the size of the images
SIZES = (16, 32, 64, 128)  # sides of images: patches of 1, 2, 4 and 8 pixels
GROUP = 16  # channels a group of GroupNorm; with 8 its kernel for channels-last maps on a CPU is four times as slow
HEAD = 32  # channels a head of the attention
TIME_FEATURES = 64
FASTEST = 1_000.0  # radians that the fastest time feature turns while t goes from 0 to 1
LOGIT_NORM = 10.0  # mean squared norm with which standardised logits enter, as in BigGAN's generator here


class Embedding(nn.Module):
    """The time and the logits as one vector.

    Args:
        num_logits: K.
        width: of the vector.
    """

    def __init__(self, num_logits: int, width: int) -> None:
        super().__init__()
        self.standardise = Standardise(num_logits)
        self.time = _mlp(TIME_FEATURES, width)
        self.logits = _mlp(num_logits, width)
        nn.init.normal_(next(self.logits.parameters()), std=LOGIT_NORM**-0.5)  # units of variance 1, whatever K is
        self.null = nn.Parameter(torch.zeros(width))

    def forward(self, t: Tensor, z: Tensor, given: Tensor) -> Tensor:
        """Times (N,), logits (N, K) and which of them count (N,) to (N, width)."""
        told: Tensor = self.logits(LOGIT_NORM**0.5 * self.standardise(z))
        return F.silu(self.time(time_features(t)) + torch.where(given[:, None], told, self.null.to(told.dtype)))


class Block(nn.Module):
    """Residual block: normalise, scale and shift by the embedding, SiLU, 3x3; again without the embedding, from zero.

    Args:
        channels: of the maps.
        width: of the embedding.
        attention: whether all places of a map look at each other afterwards.
    """

    def __init__(self, channels: int, width: int, *, attention: bool = False) -> None:
        super().__init__()
        self.norm1, self.norm2 = _norm(channels), _norm(channels)
        self.scale_shift = _zero(nn.Linear(width, 2 * channels))
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = _zero(nn.Conv2d(channels, channels, 3, padding=1))
        self.attention = Attention(channels) if attention else None

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """Maps (N, C, h, w) and the embedding (N, width) to maps of the same shape."""
        scale, shift = self.scale_shift(told)[:, :, None, None].chunk(2, dim=1)
        h = self.conv1(F.silu(torch.addcmul(shift, self.norm1(x), 1 + scale)))
        x = x + self.conv2(F.silu(self.norm2(h)))
        return x if self.attention is None else self.attention(x)


class Attention(nn.Module):
    """Residual self-attention over the places of a map (Vaswani et al. 2017), from zero."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.heads = channels // HEAD
        self.norm = _norm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = _zero(nn.Linear(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) to the same."""
        n, c, h, w = x.shape
        tokens = self.norm(x).permute(0, 2, 3, 1).reshape(n, h * w, c)
        q, k, v = self.qkv(tokens).view(n, h * w, 3, self.heads, HEAD).permute(2, 0, 3, 1, 4)  # (N, heads, hw, HEAD)
        # on a CPU in bfloat16 the gradient of PyTorch's fused attention takes seven times as long as that of all this
        weights = (q * HEAD**-0.5 @ k.transpose(-1, -2)).softmax(-1).to(v.dtype)
        mixed = (weights @ v).transpose(1, 2).reshape(n, h * w, c)
        added: Tensor = self.out(mixed).view(n, h, w, c).permute(0, 3, 1, 2)
        return x + added


class Velocity(nn.Module):
    """The velocity of a pixel at time t, given the logits of the image that it is to become part of.

    Args:
        num_logits: K.
        size: side of the images in pixels, one of ``SIZES``.
        channels: of the maps at 16x16 patches.
        coarse: of those at 8x8, a multiple of 32.
        blocks: at 16x16, before the 8x8 ones and after them.
        middle: blocks at 8x8; the one in their middle has attention.
        width: of the embedding.
    """

    def __init__(
        self, num_logits: int, size: int, channels: int, coarse: int, blocks: int, middle: int, width: int
    ) -> None:
        super().__init__()
        self.patch = size // GRID
        values = 3 * self.patch**2
        self.embedding = Embedding(num_logits, width)
        self.enter = nn.Conv2d(values, channels, 3, padding=1)
        self.place = nn.Parameter(torch.zeros(1, channels, GRID, GRID))
        self.down = nn.ModuleList(Block(channels, width) for _ in range(blocks))
        self.shrink = nn.Conv2d(channels, coarse, 2, stride=2)
        self.middle = nn.ModuleList(Block(coarse, width, attention=k == middle // 2) for k in range(middle))
        self.enlarge = nn.ConvTranspose2d(coarse, channels, 2, stride=2)
        self.up = nn.ModuleList(Block(channels, width) for _ in range(blocks))
        self.norm = _norm(channels)
        self.leave = _zero(nn.Conv2d(channels, values, 3, padding=1))

    def forward(self, x: Tensor, t: Tensor, z: Tensor, given: Tensor) -> Tensor:
        """Points (N, 3, H, W), times (N,), logits (N, K), which of these count (N,): velocities (N, 3, H, W)."""
        told = self.embedding(t, z, given)
        h = self.enter(F.pixel_unshuffle(x, self.patch))  # (N, channels, 16, 16)
        h = h + self.place.to(h.dtype)
        for block in self.down:
            h = block(h, told)
        inner = self.shrink(h)  # (N, coarse, 8, 8)
        for block in self.middle:
            inner = block(inner, told)
        h = h + self.enlarge(inner)
        for block in self.up:
            h = block(h, told)
        return F.pixel_shuffle(self.leave(F.silu(self.norm(h))), self.patch)


def velocity_of(num_logits: int, size: int, settings: dict[str, Any]) -> Velocity:
    """The network for a recipe's settings."""
    shape = {name: int(settings[name]) for name in ("channels", "coarse", "blocks", "middle", "width")}
    return Velocity(num_logits, size, **shape)


def time_features(t: Tensor) -> Tensor:
    """Times (N,) to sines and cosines (N, 64) of frequencies from 1 to 1,000 (Vaswani et al. 2017, section 3.5)."""
    half = TIME_FEATURES // 2
    frequencies = FASTEST ** (torch.arange(half, device=t.device, dtype=t.dtype) / (half - 1))
    angles = t[:, None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=1)


def _mlp(features: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(features, width), nn.SiLU(), nn.Linear(width, width))


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(max(1, channels // GROUP), channels)


def _zero(layer: nn.Module) -> Any:
    """A layer that gives zeros until it is trained."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
