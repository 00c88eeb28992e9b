"""Exact ancestral sampling, every feature computed once (Ramachandran et al. 2017).

Pixels are drawn one after the other. The stream of what is above is run a row at a time, the other one a pixel at a
time; each convolution remembers the rows that it still needs, and blocks at half the sides run where both places are
even. All pixels together cost about one pass over the whole image, not one pass a pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from methods.nash_2019.likelihood import draw
from methods.nash_2019.network import Causal, Features, Gated, Level, PixelCNN, Whole, with_ones


@dataclass
class Walk(Whole):
    """Runs layers on one row, or at one pixel of it, and remembers what later places need.

    Attributes:
        width: of a row, at the resolution that is run.
        row: that is run.
        column: None for the whole row.
    """

    width: int
    row: int = 0
    column: int | None = None
    _rows: dict[nn.Module, Tensor] = field(default_factory=dict)
    _told: dict[nn.Module, Tensor] = field(default_factory=dict)

    def conv(self, layer: Causal, x: Tensor) -> Tensor:
        """(N, C, 1, row or pixel) to the convolution there."""
        self._remember(layer, x)
        start, (height, wide) = self.column or 0, layer.conv.kernel_size
        rows = self._rows[layer]
        if self.column is not None:
            rows = rows[..., start : start + wide]
        columns = F.unfold(rows, (height, wide), stride=layer.conv.stride)  # (N, C kh kw, places)
        y: Tensor = columns.transpose(1, 2) @ layer.conv.weight.flatten(1).T + layer.conv.bias
        return y.transpose(1, 2)[:, :, None]

    def _remember(self, layer: Causal, x: Tensor) -> None:
        """Keep the place among the layer's last rows, padded with zeros."""
        if layer not in self._rows:
            padded = (len(x), x.shape[1], layer.top + 1, self.width + sum(layer.sides))
            self._rows[layer] = x.new_zeros(padded)
        rows = self._rows[layer]
        if not self.column:  # a row begins
            rows[:, :, :-1] = rows[:, :, 1:].clone()
            rows[:, :, -1] = 0
        start = layer.sides[0] + (self.column or 0)
        rows[:, :, -1:, start : start + x.shape[3]] = x

    def told(self, block: Gated, embedding: Tensor) -> Tensor:
        """The same at every place."""
        if block not in self._told:
            self._told[block] = super().told(block, embedding)
        return self._told[block]

    def beside(self, features: Features, number: int) -> Tensor:
        """The row that the other stream left, or its pixel."""
        assert self.column is not None
        return features[number][..., self.column : self.column + 1]

    def inner(self, level: Level, x: Tensor, embedding: Tensor, kept: Features, beside: Features | None) -> Tensor:
        """At even places through all that is there; at the others what came of it."""
        assert level.inner is not None
        if self.row % 2 or (self.column or 0) % 2:
            self._remember(level.shrink, x)
        else:
            y = self.conv(level.shrink, x)
            with self._halved():
                y = level.enlarge(level.inner(y, embedding, kept, beside, self))  # (N, C, 2, 2 or row)
            self._keep(level, y)
        row = self._rows[level][:, :, self.row % 2]
        return (row if self.column is None else row[..., self.column : self.column + 1])[:, :, None]

    def _keep(self, level: Level, y: Tensor) -> None:
        if level not in self._rows:
            self._rows[level] = y.new_zeros(*y.shape[:3], self.width)
        start = self.column or 0
        self._rows[level][..., start : start + y.shape[3]] = y

    @contextmanager
    def _halved(self) -> Iterator[None]:
        before = self.width, self.row, self.column
        self.width, self.row = self.width // 2, self.row // 2
        self.column = None if self.column is None else self.column // 2
        yield
        self.width, self.row, self.column = before


@torch.no_grad()
def parameters_by_walk(network: PixelCNN, z: Tensor, given: Tensor, side: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Pixel by pixel the parameters of its distribution, and the place for its values.

    Args:
        network: a frozen one, see ``PixelCNN.freeze``.
        z: logits (N, K).
        given: which of them are told (N,).
        side: of the images.

    Yields:
        (N, 10 M), and a view (N, 3) of the image, to be filled before the next pixel is asked for.
    """
    embedding = network.embedding(z, given)
    x = embedding.new_zeros(len(z), 3, side, side)
    above, left = Walk(side), Walk(side)
    for row in range(side):
        before = with_ones(x[:, :, row - 1 : row]) if row else x.new_zeros(len(z), 4, 1, side)
        above.row = left.row = row
        kept: Features = {}
        network.above(above.conv(network.enter_above, before), embedding, kept, None, above)
        start = above.conv(network.enter_row, before)  # (N, C, 1, side)
        for column in range(side):
            left.column = column
            pixel = with_ones(x[:, :, row : row + 1, column - 1 : column]) if column else x.new_zeros(len(z), 4, 1, 1)
            features = start[..., column : column + 1] + left.conv(network.enter_left, pixel)
            features = network.left(features, embedding, {}, kept, left)
            yield network.parameters_of(features)[:, :, 0, 0], x[:, :, row, column]


def sample(network: PixelCNN, z: Tensor, given: Tensor, uniform: Tensor) -> Tensor:
    """Draws from the network's distribution.

    Args:
        network: a frozen one.
        z: logits (N, K).
        given: which of them are told (N,).
        uniform: (N, 4, H, W) in (0, 1): all chance there is.

    Returns:
        (N, 3, H, W) in [0, 1], of 256 levels.
    """
    side = uniform.shape[3]
    made = []
    for k, (parameters, place) in enumerate(parameters_by_walk(network, z, given, side)):
        place.copy_(draw(parameters, uniform[:, :, k // side, k % side]))
        made.append(place)
    whole = torch.stack(made, dim=2)  # (N, 3, H W)
    return (whole.view(len(z), 3, side, side) + 1) / 2
