"""What this machine can do at most, measured: matrix products, a convolution, a copy of memory."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import nn

SIZES = (512, 1024, 2048, 4096)
PRECISIONS = {"bf16": torch.bfloat16, "float32": torch.float32}
CHANNELS, SIDE, BATCH = 256, 32, 16  # of a 3x3 convolution in the networks at ch 64
COPIED = 2**28  # bytes: far more than caches hold


def limits(quick: bool = False) -> dict[str, float]:
    """GFLOP/s of square matrix products (the best of several sizes) and of a 3x3 convolution, GB/s of a copy."""
    sizes = SIZES[:1] if quick else SIZES
    found = {}
    for name, dtype in PRECISIONS.items():
        found[f"{name} matrix product, GFLOP/s"] = max(matrix_rate(size, dtype) for size in sizes)
        found[f"{name} 3x3 convolution at ch 64, GFLOP/s"] = convolution_rate(dtype, 1 if quick else BATCH)
    found["memory, read and write, GB/s"] = memory_rate(2**20 if quick else COPIED)
    return found


def matrix_rate(size: int, dtype: torch.dtype) -> float:
    """GFLOP/s of (size, size) @ (size, size)."""
    a, b = torch.randn(2, size, size).to(dtype)
    out = torch.empty(size, size, dtype=dtype)
    return 2 * size**3 / best(lambda: torch.mm(a, b, out=out)) / 1e9


@torch.inference_mode()
def convolution_rate(dtype: torch.dtype, batch: int) -> float:
    """GFLOP/s of the forward pass of a 3x3 convolution, channels last."""
    layer = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1).to(dtype).to(memory_format=torch.channels_last)
    images = torch.randn(batch, CHANNELS, SIDE, SIDE).to(dtype).contiguous(memory_format=torch.channels_last)
    flop = 2 * 9 * CHANNELS**2 * SIDE**2 * batch
    return flop / best(lambda: layer(images)) / 1e9


def memory_rate(size: int) -> float:
    """GB/s that a copy reads and writes together."""
    source, copied = torch.ones(size // 4), torch.zeros(size // 4)
    return 2 * size / best(lambda: copied.copy_(source)) / 1e9


def best(run: Callable[[], object], repeats: int = 5) -> float:
    """Seconds of the fastest of some calls, after one that does not count."""
    run()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)
