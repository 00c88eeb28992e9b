"""From pixels to the arrays that metrics are made of, a block of rows at a time.

A stream is one computation. Where it fails, its arrays are marked missing with the error's text and the other streams
go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bench.datasets.base import Pixels
from bench.errors import MetricError, error_text
from bench.metrics import pixel
from bench.metrics.features import BLOCK, Extractor, FeatureCache
from bench.metrics.folders import PixelSource
from bench.metrics.lpips import pixel_lpips
from bench.progress import progress

Array = NDArray[Any]


@dataclass(frozen=True)
class Block:
    """Paired images of some rows, each (n, H, W, 3) uint8; ``second`` is another draw of the reconstruction."""

    original: Pixels
    reconstruction: Pixels
    second: Pixels | None


@dataclass(frozen=True)
class Stream:
    """One computation: a block to the named arrays of that block's rows."""

    names: tuple[str, ...]
    compute: Callable[[Block], Mapping[str, Array]]


class Arrays:
    """Named arrays of N rows, or the reason why one is missing."""

    def __init__(self, n: int) -> None:
        self.n = n
        self._arrays: dict[str, Array] = {}
        self._missing: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._arrays and name not in self._missing

    def __getitem__(self, name: str) -> Array:
        """The array.

        Raises:
            MetricError: it is missing; the text says why.
        """
        if name in self._missing:
            raise MetricError(self._missing[name])
        return self._arrays[name]

    def put(self, name: str, rows: slice, values: Array) -> None:
        """Fill some rows; the whole array is allocated at the first call, so that memory peaks at its size."""
        if name not in self._arrays:
            self._arrays[name] = np.empty((self.n, *values.shape[1:]), values.dtype)
        self._arrays[name][rows] = values

    def miss(self, names: Iterable[str], reason: str) -> None:
        """Mark arrays as missing and let go of their memory."""
        for name in names:
            self._missing[name] = reason
            self._arrays.pop(name, None)


def collect(
    arrays: Arrays,
    streams: Sequence[Stream],
    originals: PixelSource,
    reconstructions: PixelSource,
    second: PixelSource | None,
) -> None:
    """Run every stream over all blocks; boundaries are fixed, so that nothing depends on how images are stored."""
    alive = list(streams)
    with progress(arrays.n, "scoring") as bar:
        for start in range(0, arrays.n, BLOCK):
            rows = slice(start, min(start + BLOCK, arrays.n))
            again = None if second is None else _read(second, rows)
            block = Block(_read(originals, rows), _read(reconstructions, rows), again)
            alive = [stream for stream in alive if _advance(arrays, stream, block, rows)]
            bar.advance(rows.stop - rows.start)


def _read(source: PixelSource, rows: slice) -> Pixels:
    return np.ascontiguousarray(source[rows])


def _advance(arrays: Arrays, stream: Stream, block: Block, rows: slice) -> bool:
    """One block of one stream; False once it has failed."""
    try:
        for name, values in stream.compute(block).items():
            arrays.put(name, rows, values)
    except (Exception, SystemExit) as error:  # a metric may fail in any way, and the others must go on
        arrays.miss(stream.names, error_text(error))
        return False
    return True


def pixel_streams() -> list[Stream]:
    """``psnr`` and ``ssim``, (N,)."""
    return [
        Stream(("psnr",), lambda block: {"psnr": pixel.psnr(block.original, block.reconstruction)}),
        Stream(("ssim",), lambda block: {"ssim": pixel.ssim(block.original, block.reconstruction)}),
    ]


def lpips_streams(net: nn.Module, device: torch.device, batch: int, *, second: bool) -> list[Stream]:
    """``lpips`` and, where there is a second draw, ``diversity``, (N,)."""

    def distance(a: Pixels, b: Pixels) -> Array:
        return pixel_lpips(net, a, b, device, batch)

    def diversity(block: Block) -> Mapping[str, Array]:
        assert block.second is not None
        return {"diversity": distance(block.reconstruction, block.second)}

    streams = [Stream(("lpips",), lambda block: {"lpips": distance(block.original, block.reconstruction)})]
    return [*streams, Stream(("diversity",), diversity)] if second else streams


def network_stream(
    extractor: Extractor, wanted: Mapping[str, str], cache: FeatureCache, known: Iterable[str] = ()
) -> Stream:
    """What one network makes of originals and reconstructions.

    Args:
        extractor: the network.
        wanted: name of the array to the extractor's output; ``{"target": "logits"}`` gives ``target_original`` and
            ``target_reconstruction``.
        cache: keeps the originals' features.
        known: names that are there already; where a side needs nothing else, the network does not look at it.
    """
    known = set(known)
    sides = {
        side: {f"{name}_{side}": layer for name, layer in wanted.items() if f"{name}_{side}" not in known}
        for side in ("original", "reconstruction")
    }

    def compute(block: Block) -> Mapping[str, Array]:
        found: dict[str, Array] = {}
        for side, layers in sides.items():
            if layers:
                features = cache.features(extractor, getattr(block, side), keep=side == "original")
                found |= {name: _finite(extractor.name, features[layer]) for name, layer in layers.items()}
        return found

    return Stream(tuple(name for layers in sides.values() for name in layers), compute)


def _finite(name: str, values: Array) -> Array:
    if not np.isfinite(values).all():
        raise MetricError(f"{name} gives values that are not finite.")
    return values
