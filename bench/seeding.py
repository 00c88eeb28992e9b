"""Seeds that belong to the sample, so that no result depends on the batch size or the order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def seed_of(*parts: object) -> int:
    """A seed in [0, 2^63) from any parts, for instance ``seed_of("eps", run_seed, image_id)``."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big") >> 1


def sample_seeds(run_seed: int, image_ids: Sequence[str]) -> list[int]:
    """One seed a sample, from the run's seed and the image's id alone."""
    return [seed_of("sample", run_seed, image_id) for image_id in image_ids]


def sample_noise(seeds: Sequence[int], *shape: int) -> torch.Tensor:
    """Standard normal noise of shape (N, *shape), row i drawn from ``seeds[i]`` alone, on the CPU."""
    import torch

    rows = [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return torch.stack(rows) if rows else torch.empty(0, *shape)


def step_generator(seed: int, step: int, device: torch.device | str = "cpu") -> torch.Generator:
    """The random stream of one training step; a resumed training continues with the very same numbers."""
    import torch

    return torch.Generator(device).manual_seed(seed_of("step", seed, step))
