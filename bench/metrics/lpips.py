"""LPIPS v0.1, AlexNet (Zhang et al. 2018), computed by the authors' ``lpips`` package from weights that ship."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.cards import MetricCard
from bench.datasets.base import Pixels
from bench.errors import MetricError
from bench.metrics.base import FAMILIES, Array, Block, Data, Metric, Needs, PerImage

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

MIN_SIDE = 64


def lpips_distance(net: nn.Module, a: Tensor, b: Tensor) -> Tensor:
    """LPIPS between paired images; no gradient flows.

    Args:
        net: from ``load_lpips``.
        a, b: (N, 3, H, W) in [0, 1] on the network's device. Sides under 64 px are enlarged to 64 (bicubic,
            antialiased, the slight overshoot at edges kept): AlexNet's pooling leaves nothing of smaller images.

    Returns:
        (N,) float32 distances, 0 for identical images.
    """
    import torch

    with torch.no_grad():
        value: Tensor = net(enlarged(a), enlarged(b), normalize=True)  # (N, 1, 1, 1)
        return value.flatten()


def pixel_lpips(net: nn.Module, a: Pixels, b: Pixels, device: torch.device, batch: int) -> NDArray[np.float32]:
    """LPIPS between paired stored images.

    Args:
        net: from ``load_lpips``, on ``device``.
        a, b: (N, H, W, 3) uint8.
        device: where to compute.
        batch: images at a time; changes speed and memory, not the results.

    Returns:
        (N,) distances.

    Raises:
        MetricError: a distance is not finite.
    """
    import torch

    from bench.metrics.features import batches

    parts = []
    with torch.inference_mode():
        for x, y in zip(batches(a, device, batch), batches(b, device, batch), strict=True):
            parts.append(net(enlarged(x), enlarged(y), normalize=True).flatten().cpu().numpy())
    values = np.concatenate(parts)
    if not np.isfinite(values).all():
        raise MetricError("LPIPS gives values that are not finite.")
    return values


def enlarged(images: Tensor) -> Tensor:
    """(N, 3, H, W) to (N, 3, max(H, 64), max(W, 64)), float32."""
    from torch.nn.functional import interpolate

    size = [max(side, MIN_SIDE) for side in images.shape[-2:]]
    if size == list(images.shape[-2:]):
        return images.float()
    return interpolate(images.float(), size, mode="bicubic", align_corners=False, antialias=True)


class Lpips(Metric):
    """``lpips``."""

    card = MetricCard(
        "lpips",
        "LPIPS",
        "learned perceptual distance v0.1, AlexNet; images under 64 px enlarged to 64",
        higher_is_better=False,
        level="image",
        family=FAMILIES[1],
        resolution=1e-4,
        headline=4,
        question="How alike do the two look?",
        reads_distance=True,
        sees="features",
        roles=("closest", "terminal", "ends"),
        version="v0.1 alex, float16 convolutions, 64 px/1",
        citation=("zhang2018unreasonable",),
        formula="Σ over layers l of the mean over places of ‖w_l ⊙ (φ_l(x) − φ_l(x̂))‖²",
        good="0 is the same image. Two images of a class, taken at random, are as far apart as the class alone tells: "
        "an inverter that knows more stays below that.",
        lowest=0,
    )
    needs = Needs(pixels=True, networks=("lpips_alex",))

    def look(self, block: Block) -> Array:
        """(n,) distances of originals and reconstructions."""
        net = block.networks["lpips_alex"]
        return pixel_lpips(net, block.original, block.reconstruction, block.device, block.batch)


class Diversity(Metric):
    """``diversity``."""

    card = replace(
        Lpips.card,
        key="diversity",
        title="Diversity",
        definition="mean LPIPS between two reconstructions of the same logits from two noise draws; 0 if deterministic",
        higher_is_better=None,
        family=FAMILIES[4],
        headline=14,
        question="How much does the noise change?",
        sees="draws",
        roles=(),
        version="as lpips/1",
        formula="mean of LPIPS(x̂(ε₁), x̂(ε₂)) for two fixed draws of the noise ε",
        good="Neither high nor low is good in itself: a sampler that knows little should vary much.",
    )
    needs = Needs(second=True, networks=("lpips_alex",))

    def look(self, block: Block) -> Array:
        """(n,) distances of both draws."""
        assert block.second is not None
        net = block.networks["lpips_alex"]
        return pixel_lpips(net, block.reconstruction, block.second, block.device, block.batch)

    def compute(self, data: Data) -> PerImage:
        """(N,); zeros where noise changes nothing."""
        if not data.stochastic:
            return PerImage(np.zeros(data.n), note="deterministic")
        return PerImage(data.arrays["diversity",].astype(np.float64))


METRICS = (Lpips, Diversity)
