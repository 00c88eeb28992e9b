"""LPIPS v0.1, AlexNet (Zhang et al. 2018), computed by the authors' ``lpips`` package from weights that ship."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from bench.datasets.base import Pixels
from bench.errors import MetricError
from bench.metrics.features import batches
from bench.weights import load_shipped

MIN_SIDE = 64
FILLS = frozenset(("uniform_", "normal_", "kaiming_uniform_", "kaiming_normal_"))


class _Blank(TorchFunctionMode):
    """While it is active, nothing is filled at random: the package builds all of AlexNet to keep its convolutions."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call any function but those of ``FILLS``, which answer with their tensor as it is."""
        given = kwargs or {}
        if getattr(func, "__name__", "") in FILLS:
            return args[0] if args else given["tensor"]
        return func(*args, **given)


def load_lpips(device: torch.device | str = "cpu") -> nn.Module:
    """The authors' network: their linear weights, torchvision's convolutions (float16 in the file), evaluation mode."""
    import lpips

    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]), _Blank():
        # The package calls torchvision with an argument of old; a random start would be overwritten below.
        warnings.filterwarnings(
            "ignore", r"(The parameter 'pretrained'|Arguments other than a weight enum)", UserWarning
        )
        net: nn.Module = lpips.LPIPS(net="alex", version="0.1", pnet_rand=True, verbose=False)
    missing = set(net.load_state_dict(load_shipped("lpips_alex"), strict=False).missing_keys)
    assert not [name for name in missing if name.startswith("net.")]
    net.to(device).to(memory_format=torch.channels_last)
    return net.eval().requires_grad_(False)


@torch.no_grad()
def lpips_distance(net: nn.Module, a: Tensor, b: Tensor) -> Tensor:
    """LPIPS between paired images.

    Args:
        net: from ``load_lpips``.
        a, b: (N, 3, H, W) in [0, 1] on the network's device. Sides under 64 px are enlarged to 64 (bicubic,
            antialiased, the slight overshoot at edges kept): AlexNet's pooling leaves nothing of smaller images.

    Returns:
        (N,) float32 distances, 0 for identical images.
    """
    value: Tensor = net(enlarged(a), enlarged(b), normalize=True)  # (N, 1, 1, 1)
    return value.flatten()


@torch.inference_mode()
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
    pairs = zip(batches(a, device, batch), batches(b, device, batch), strict=True)
    values = np.concatenate([lpips_distance(net, x, y).cpu().numpy() for x, y in pairs])
    if not np.isfinite(values).all():
        raise MetricError("LPIPS gives values that are not finite.")
    return values


def enlarged(images: Tensor) -> Tensor:
    """(N, 3, H, W) to (N, 3, max(H, 64), max(W, 64)), float32."""
    size = [max(side, MIN_SIDE) for side in images.shape[-2:]]
    if size == list(images.shape[-2:]):
        return images.float()
    return F.interpolate(images.float(), size, mode="bicubic", align_corners=False, antialias=True)
