"""PixelCNN++ (Salimans et al. 2017), told the logits in every block.

Two streams see a pixel's past: ``above`` all rows above it, ``left`` those and the pixels to its left in its own row.
Each is a U-Net of gated residual blocks; a block of ``left`` is also shown the features of the same block of ``above``.
Features at a place may depend on the *shifted* image there, which holds the pixel before, so that every layer may look
at its own place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations

from bench.inverters.standardise import Standardise
from methods.nash_2019.likelihood import LOG_SCALES, PER_COMPONENT

ABOVE, LEFT = (2, 3), (2, 2)  # kernels of the two streams: a row above and the own one
START = 0.1  # of a usual start, what a block adds to its input
NARROW = -2.0  # log-scales at the start: one from 0 down at the pace of Adam would take thousands of steps
LOGIT_NORM = 10.0  # mean squared norm with which standardised logits enter, as in BigGAN's generator here
Features = dict[int, Tensor]  # by the number of a block


class Causal(nn.Module):
    """Weight-normalised convolution whose place sees itself, what is above it and, by kernels of even width, its left.

    Args:
        inputs, outputs: channels.
        kernel: its height and width; the last row lies on the place, and so does the middle or the last column.
        stride: 2 halves the sides.
    """

    def __init__(self, inputs: int, outputs: int, kernel: tuple[int, int], stride: int = 1) -> None:
        super().__init__()
        self.conv = weight_norm(nn.Conv2d(inputs, outputs, kernel, stride))
        self.top, self.sides = kernel[0] - 1, (kernel[1] // 2, (kernel[1] - 1) // 2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, h, w) to (N, outputs, h / stride, w / stride)."""
        y: Tensor = self.conv(F.pad(x, (*self.sides, self.top, 0)))
        return y


class Enlarge(nn.Module):
    """Each place becomes four: a transposed convolution of 2x2 with stride 2."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = weight_norm(nn.Conv2d(inputs, 4 * outputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, h, w) to (N, outputs, 2 h, 2 w)."""
        return F.pixel_shuffle(self.conv(x), 2)


class Whole:
    """How layers are run: here on all places at once. The sampler has another way, place by place."""

    def conv(self, layer: Causal, x: Tensor) -> Tensor:
        """A convolution."""
        y: Tensor = layer(x)
        return y

    def told(self, block: Gated, embedding: Tensor) -> Tensor:
        """What a block adds for the logits: (N, 2 channels, 1, 1)."""
        y: Tensor = block.told(embedding)
        return y[:, :, None, None]

    def beside(self, features: Features, number: int) -> Tensor:
        """Features of the other stream at the same places."""
        return features[number]

    def inner(self, level: Level, x: Tensor, embedding: Tensor, kept: Features, beside: Features | None) -> Tensor:
        """Down to half the sides, through all that is there, and up again."""
        assert level.inner is not None
        y: Tensor = level.enlarge(level.inner(level.shrink(x), embedding, kept, beside, self))
        return y


WHOLE = Whole()


class Gated(nn.Module):
    """Gated residual block (Salimans et al. 2017, section 2.3; van den Oord et al. 2016): x + a sigmoid(b).

    Args:
        channels: of its input and output.
        kernel: of its two convolutions.
        shown: channels of what it is shown besides: the other stream's features, a short cut, or both.
        width: of the embedding of the logits.
    """

    number: int

    def __init__(self, channels: int, kernel: tuple[int, int], shown: int, width: int) -> None:
        super().__init__()
        self.conv1 = Causal(channels, channels, kernel)
        self.shown = weight_norm(nn.Conv2d(shown, channels, 1)) if shown else None
        self.conv2 = Causal(channels, 2 * channels, kernel)
        self.told = nn.Linear(width, 2 * channels, bias=False)
        with torch.no_grad():
            self.conv2.conv.parametrizations.weight.original0.mul_(START)

    def forward(self, x: Tensor, embedding: Tensor, shown: Sequence[Tensor], run: Whole) -> Tensor:
        """Maps (N, C, h, w), the embedding (N, width) and what is shown to maps of the same shape."""
        h = run.conv(self.conv1, F.silu(x))
        if self.shown is not None:
            h = h + self.shown(F.silu(torch.cat(list(shown), 1)))
        h = run.conv(self.conv2, F.silu(h)) + run.told(self, embedding)
        a, b = h.chunk(2, dim=1)
        return torch.addcmul(x, a, b.sigmoid())


class Level(nn.Module):
    """Blocks at one resolution, before and after those at half of it; each of the latter has a short cut.

    Args:
        filters: channels at this resolution and at those below.
        blocks: before going down; after coming up there is one more, so that the input has a short cut, too.
        kernel: of the stream.
        beside: whether blocks are shown another stream.
        width: of the embedding.
    """

    def __init__(self, filters: Sequence[int], blocks: int, kernel: tuple[int, int], beside: bool, width: int) -> None:
        super().__init__()
        own, *deeper = filters
        shown = own if beside else 0
        self.up = nn.ModuleList(Gated(own, kernel, shown, width) for _ in range(blocks))
        self.inner = Level(deeper, blocks, kernel, beside, width) if deeper else None
        if deeper:
            self.shrink, self.enlarge = Causal(own, deeper[0], kernel, stride=2), Enlarge(deeper[0], own)
        down = blocks + 1 if deeper else blocks
        self.down = nn.ModuleList(Gated(own, kernel, shown + own, width) for _ in range(down))

    def forward(self, x: Tensor, embedding: Tensor, kept: Features, beside: Features | None, run: Whole) -> Tensor:
        """(N, C, h, w) to the same; every block's features are ``kept`` by its number."""
        short = [x]
        for block in self.up:
            x = self._block(block, x, embedding, kept, beside, [], run)
            short.append(x)
        if self.inner is None:
            short.pop()
        else:
            x = x + run.inner(self, x, embedding, kept, beside)
        for block in self.down:
            x = self._block(block, x, embedding, kept, beside, [short.pop()], run)
        return x

    def _block(
        self,
        block: Any,
        x: Tensor,
        embedding: Tensor,
        kept: Features,
        beside: Features | None,
        shown: list[Tensor],
        run: Whole,
    ) -> Tensor:
        if beside is not None:
            shown = [run.beside(beside, block.number), *shown]
        y: Tensor = block(x, embedding, shown, run)
        kept[block.number] = y
        return y


class PixelCNN(nn.Module):
    """The parameters of every pixel's distribution, given the pixels before it and, if they are told, the logits.

    Args:
        num_logits: K.
        filters: channels at each resolution, the first one that of the images.
        blocks: see ``Level``.
        components: M of the mixture.
        width: of the embedding of the logits.
    """

    def __init__(self, num_logits: int, filters: Sequence[int], blocks: int, components: int, width: int) -> None:
        super().__init__()
        self.levels, first = len(filters), filters[0]
        self.standardise = Standardise(num_logits)
        self.logits = nn.Sequential(nn.Linear(num_logits, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        nn.init.normal_(next(self.logits.parameters()), std=LOGIT_NORM**-0.5)  # units of variance 1, whatever K is
        self.null = nn.Parameter(torch.zeros(width))
        self.enter_above = Causal(4, first, ABOVE)
        self.enter_row, self.enter_left = Causal(4, first, (1, 3)), Causal(4, first, (2, 1))
        self.above = Level(filters, blocks, ABOVE, False, width)
        self.left = Level(filters, blocks, LEFT, True, width)
        for stream in (self.above, self.left):
            for number, block in enumerate(one for one in stream.modules() if isinstance(one, Gated)):
                block.number = number
        self.leave = weight_norm(nn.Conv2d(first, PER_COMPONENT * components, 1))
        with torch.no_grad():
            assert self.leave.bias is not None
            self.leave.bias.view(PER_COMPONENT, -1)[LOG_SCALES] = NARROW

    def embedding(self, z: Tensor, given: Tensor) -> Tensor:
        """Logits (N, K) and which of them are told (N,) to (N, width); a learnt vector stands for none."""
        told: Tensor = self.logits(LOGIT_NORM**0.5 * self.standardise(z))
        return torch.where(given[:, None], told, self.null.to(told.dtype))

    def forward(self, x: Tensor, z: Tensor, given: Tensor) -> Tensor:
        """Values in [-1, 1] (N, 3, H, W), logits (N, K), which are told (N,): parameters (N, 10 M, H, W)."""
        embedding = self.embedding(z, given)
        marked = with_ones(x)
        down, right = F.pad(marked, (0, 0, 1, -1)), F.pad(marked, (1, -1, 0, 0))  # at each place the pixel before
        kept: Features = {}
        self.above(self.enter_above(down), embedding, kept, None, WHOLE)
        start = self.enter_row(down) + self.enter_left(right)
        return self.parameters_of(self.left(start, embedding, {}, kept, WHOLE))

    def parameters_of(self, features: Tensor) -> Tensor:
        """The last layer, never in bfloat16, in which two neighbouring levels are one."""
        weights = self.leave.weight
        with torch.autocast(weights.device.type, enabled=False):
            y: Tensor = self.leave(F.silu(features.to(weights.dtype)))
        return y

    def freeze(self) -> None:
        """Divide each weight by its norm once and for all."""
        for module in list(self.modules()):
            if isinstance(module, nn.Conv2d) and is_parametrized(module):
                remove_parametrizations(module, "weight")


def network_of(num_logits: int, settings: dict[str, Any]) -> PixelCNN:
    """The network for a recipe's settings."""
    shape = {name: int(settings[name]) for name in ("blocks", "components", "width")}
    return PixelCNN(num_logits, [int(one) for one in settings["filters"]], **shape)


def with_ones(x: Tensor) -> Tensor:
    """A fourth channel that tells the image from its padding."""
    return torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
