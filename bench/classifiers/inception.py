"""Inception-v3 (Szegedy et al. 2016, table 1), thin and for 32x32 images.

The block plan is the published one: three blocks A, the reduction B, four blocks C with 7x7 convolutions factorised
into 1x7 and 7x1, the reduction D, two blocks E, and an auxiliary head on the last C in training. Two things are
smaller: every width is a quarter of the published one, rounded to a multiple of 8, and the stem's two max poolings are
left out, so that the blocks work at 16, 8 and 4 pixels instead of 35, 17 and 8. The auxiliary head pools 8 pixels to 4
where the published one pools 17 to 5.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bench.classifiers.base import CIFAR10_MEAN, CIFAR10_STD, Classifier

Width = Callable[[int], int]


class Unit(nn.Sequential):
    """Convolution without bias, batch normalisation, ReLU; the resolution stays unless ``stride`` is 2."""

    def __init__(self, c_in: int, c_out: int, high: int, wide: int, stride: int = 1) -> None:
        convolution = nn.Conv2d(c_in, c_out, (high, wide), stride, (high // 2, wide // 2), bias=False)
        super().__init__(convolution, nn.BatchNorm2d(c_out), nn.ReLU(inplace=True))
        self.channels = c_out


class Chain(nn.Sequential):
    """Units one after another; ``layers`` are (c_out, height, width) of their kernels, the last has ``stride``."""

    def __init__(self, c_in: int, *layers: tuple[int, int, int], stride: int = 1) -> None:
        super().__init__()
        self.channels = c_in
        for k, (c_out, high, wide) in enumerate(layers):
            last = k == len(layers) - 1
            self.append(Unit(self.channels, c_out, high, wide, stride if last else 1))
            self.channels = c_out


class Split(nn.Module):
    """Branches on one input, their outputs concatenated: (N, c_in, H, W) to (N, ``channels``, H', W')."""

    def __init__(self, *branches: nn.Module, channels: int) -> None:
        super().__init__()
        self.branches, self.channels = nn.ModuleList(branches), channels

    def forward(self, x: Tensor) -> Tensor:
        """Every branch sees all of x."""
        return torch.cat([branch(x) for branch in self.branches], 1)


def _split(*chains: Chain | Split, pooled: int = 0, pool: nn.Module | None = None) -> Split:
    """Chains beside an optional pooling that hands on ``pooled`` channels."""
    pools = [] if pool is None else [pool]
    return Split(*chains, *pools, channels=sum(chain.channels for chain in chains) + pooled)


def _projected_pool(c_in: int, c_out: int) -> Chain:
    """3x3 average pooling, then a 1x1 convolution."""
    chain = Chain(c_in, (c_out, 1, 1))
    chain.insert(0, nn.AvgPool2d(3, 1, 1))
    return chain


def block_a(c: int, w: Width, pool: int) -> Split:
    """Figure 5, one of its branches with a 5x5 convolution as in the authors' released network."""
    return _split(
        Chain(c, (w(64), 1, 1)),
        Chain(c, (w(48), 1, 1), (w(64), 5, 5)),
        Chain(c, (w(64), 1, 1), (w(96), 3, 3), (w(96), 3, 3)),
        _projected_pool(c, w(pool)),
    )


def block_b(c: int, w: Width) -> Split:
    """The first reduction (figure 10): halves the resolution."""
    return _split(
        Chain(c, (w(384), 3, 3), stride=2),
        Chain(c, (w(64), 1, 1), (w(96), 3, 3), (w(96), 3, 3), stride=2),
        pooled=c,
        pool=nn.MaxPool2d(3, 2, 1),
    )


def block_c(c: int, w: Width, c7: int) -> Split:
    """Figure 6: 7x7 convolutions as 1x7 and 7x1."""
    m, out = w(c7), w(192)
    return _split(
        Chain(c, (out, 1, 1)),
        Chain(c, (m, 1, 1), (m, 1, 7), (out, 7, 1)),
        Chain(c, (m, 1, 1), (m, 7, 1), (m, 1, 7), (m, 7, 1), (out, 1, 7)),
        _projected_pool(c, out),
    )


def block_d(c: int, w: Width) -> Split:
    """The second reduction: halves the resolution."""
    return _split(
        Chain(c, (w(192), 1, 1), (w(320), 3, 3), stride=2),
        Chain(c, (w(192), 1, 1), (w(192), 1, 7), (w(192), 7, 1), (w(192), 3, 3), stride=2),
        pooled=c,
        pool=nn.MaxPool2d(3, 2, 1),
    )


def block_e(c: int, w: Width) -> Split:
    """Figure 7: the widest block, its 3x3 convolutions split into 1x3 beside 3x1."""
    out = w(384)
    return _split(
        Chain(c, (w(320), 1, 1)),
        _then_split(Chain(c, (out, 1, 1)), out),
        _then_split(Chain(c, (w(448), 1, 1), (out, 3, 3)), out),
        _projected_pool(c, w(192)),
    )


def _then_split(chain: Chain, out: int) -> Chain:
    """A chain with 1x3 beside 3x1 at its end."""
    both = _split(Chain(chain.channels, (out, 1, 3)), Chain(chain.channels, (out, 3, 1)))
    chain.append(both)
    chain.channels = both.channels
    return chain


class ThinInceptionV3(Classifier):
    """Inception-v3 at ``width`` times its published widths; the penultimate features have 2,048 ``width`` dimensions.

    The published network's dropout before the last layer is left out: the thin one under-fits.
    """

    def __init__(self, width: float = 1 / 4, num_classes: int = 10) -> None:
        super().__init__(CIFAR10_MEAN, CIFAR10_STD)
        self.num_classes = num_classes
        self.auxiliary: nn.Module | None = None

        def w(published: int) -> int:
            return max(8, round(published * width / 8) * 8)

        first = Unit(3, w(32), 3, 3, stride=2)
        rest = Chain(w(32), (w(32), 3, 3), (w(64), 3, 3), (w(80), 1, 1), (w(192), 3, 3))
        self.stem = nn.Sequential(first, rest)  # (N, 192 w, 16, 16)
        self.a, c = _stack(rest.channels, lambda c, pool: block_a(c, w, pool), (32, 64, 64))
        self.b = block_b(c, w)  # (N, 768 w, 8, 8)
        self.c, c = _stack(self.b.channels, lambda c, c7: block_c(c, w, c7), (128, 160, 160, 192))
        self.auxiliary_widths = (c, w(128), w(768))
        self.d = block_d(c, w)  # (N, 1,280 w, 4, 4)
        self.e, c = _stack(self.d.channels, lambda c, _: block_e(c, w), (0, 0))
        self.fc = nn.Linear(c, num_classes)
        _initialise(self)

    def for_training(self) -> ThinInceptionV3:
        """Add the auxiliary head: pooling, 1x1, a convolution over the whole map, a fully connected layer."""
        c, squeezed, wide = self.auxiliary_widths
        pooled = nn.Conv2d(squeezed, wide, 4, bias=False)  # (N, wide, 1, 1)
        head = nn.Sequential(
            nn.AvgPool2d(2), Chain(c, (squeezed, 1, 1)), pooled, nn.BatchNorm2d(wide), nn.ReLU(inplace=True),
            nn.Flatten(), nn.Linear(wide, self.num_classes),
        )  # fmt: skip
        _initialise(head)
        self.auxiliary = head
        return self

    def training_logits(self, images: Tensor) -> tuple[Tensor, ...]:
        """The logits and those of the auxiliary head."""
        if self.auxiliary is None:
            raise RuntimeError("Call for_training() before training_logits().")
        maps = self.maps(self.prepare(images))
        return self.head(self._pooled(maps)), self.auxiliary(maps)

    def maps(self, normalised: Tensor) -> Tensor:
        """Up to the last block C: (N, 768 w, 8, 8)."""
        return self.c(self.b(self.a(self.stem(normalised))))  # type: ignore[no-any-return]

    def _pooled(self, maps: Tensor) -> Tensor:
        features: Tensor = self.e(self.d(maps))  # (N, 2,048 w, 4, 4)
        return features.mean((2, 3))

    def embed(self, normalised: Tensor) -> Tensor:
        """Normalised images (N, 3, 32, 32) to globally pooled features (N, 2,048 w)."""
        return self._pooled(self.maps(normalised))

    def head(self, features: Tensor) -> Tensor:
        """The one fully connected layer."""
        return self.fc(features)  # type: ignore[no-any-return]


def _stack(c: int, block: Callable[[int, int], Split], settings: tuple[int, ...]) -> tuple[nn.Sequential, int]:
    """Blocks one after another, and the channels that they end with."""
    blocks = nn.Sequential()
    for setting in settings:
        split = block(c, setting)
        blocks.append(split)
        c = split.channels
    return blocks, c


def _initialise(module: nn.Module) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
