"""What the metrics look through: networks as feature extractors, with a cache addressed by content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bench.classifiers.base import Classifier
from bench.datasets.base import Pixels, to_images
from bench.errors import StorageError
from bench.store import sealed

BLOCK = 250  # rows a cache entry, and the fixed boundaries at which images are streamed
Features = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class OpenExtractor:
    """A network whose outputs are measured, on its device.

    Attributes:
        name: what it is called in notes and cache keys.
        sha256: of its weights.
        device: where it lies.
        compute: (n, 3, H, W) float32 images in [0, 1] on the device to named tensors, a row an image.
        batch: images at a time; changes speed and memory, not the results.
        resizing: what it does to images first, as its ``Extractor`` says.
    """

    name: str
    sha256: str
    device: torch.device
    compute: Callable[[Tensor], Mapping[str, Tensor]]
    batch: int
    resizing: str = ""

    @torch.inference_mode()
    def __call__(self, pixels: Pixels) -> Features:
        """(n, H, W, 3) uint8 to float32 arrays of n rows, computed in float32."""
        parts = [self.compute(part) for part in batches(pixels, self.device, self.batch)]
        return {name: np.concatenate([part[name].float().cpu().numpy() for part in parts]) for name in parts[0]}


def batches(pixels: Pixels, device: torch.device, batch: int) -> list[Tensor]:
    """Float images in [0, 1], channels last in memory, cut into batches."""
    images = to_images(pixels).to(device).to(memory_format=torch.channels_last)
    return [images[start : start + batch] for start in range(0, len(images), batch)]


def default_batch(device: torch.device) -> int:
    """On a CPU small batches stay in its caches and are up to twice as fast."""
    return BLOCK if device.type == "cuda" else 25


def open_extractor(
    name: str,
    sha256: str,
    network: Callable[[Tensor], Tensor],
    device: torch.device,
    batch: int | None = None,
    ask: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
    resizing: str = "",
) -> OpenExtractor:
    """An extractor of ``logits`` (n, K) and ``features`` (n, F) in one pass, where the network is one of bench's own.

    A module must be in evaluation mode; its weights' memory layout becomes channels last, their values stay.

    Args:
        name: what it is called.
        sha256: of its weights.
        network: a classifier, or whatever makes features of images.
        device: where it lies.
        batch: images at a time; by default what the network gets through fastest.
        ask: what gives which layer, of a network that is none of bench's; by default the network gives logits.
        resizing: what it does to images first, as its ``Extractor`` says.
    """
    if isinstance(network, nn.Module):
        network.to(memory_format=torch.channels_last)
    layers = ask or {"logits": network}

    def compute(images: Tensor) -> Mapping[str, Tensor]:
        if isinstance(network, Classifier):
            features = network.features(images)
            return {"features": features, "logits": network.head(features)}
        return {layer: one(images) for layer, one in layers.items()}

    fastest = getattr(network, "cpu_batch", None) if device.type == "cpu" else None
    return OpenExtractor(name, sha256, device, compute, batch or fastest or default_batch(device), resizing)


@dataclass(frozen=True)
class FeatureCache:
    """Features by the content of the images: a file a block, under a folder; None keeps nothing.

    The key is the SHA-256 over the extractor's name, its weights' SHA-256, the kind of device, torch's version, the
    block's shape and bytes, and the resizing if there is one: whatever could change the numbers. What was damaged or
    altered is computed again.

    Attributes:
        folder: where, or None.
        anew: take nothing that another process wrote.
    """

    folder: Path | None
    anew: bool = False

    def features(
        self, extractor: OpenExtractor, block: Pixels, *, keep: bool, layers: Set[str] = frozenset()
    ) -> Features:
        """Features of a block of images, read from the cache where it has them.

        Args:
            extractor: computes what is not there.
            block: (n, H, W, 3) uint8.
            keep: write what had to be computed; off for reconstructions, which rarely come again.
            layers: those that must be there; a user's own network may have been asked for others before.
        """
        if self.folder is None:
            return extractor(block)
        key = _key(extractor, block)
        path = self.folder / f"{key}.npz"
        found = sealed.load(path, key, own=self.anew)
        if found is not None and found.keys() >= layers:
            return found
        computed = extractor(block)
        if keep:
            with suppress(StorageError, OSError):  # where nothing can be kept, there is no cache
                sealed.save(path, key, computed)
        return computed


def _key(extractor: OpenExtractor, block: Pixels) -> str:
    parts = [extractor.name, extractor.sha256, extractor.device.type, torch.__version__, block.shape]
    parts += [extractor.resizing] if extractor.resizing else []
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode())
    digest.update(block.tobytes())
    return digest.hexdigest()
