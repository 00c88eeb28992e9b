"""Where the workers of one machine compute: their cores, their GPU, their log."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bench.sweep.plan import Plan


@dataclass(frozen=True)
class Place:
    """Where a worker computes: its cores, none where they are not its own, its GPU or None, and its log.

    Without a log it writes where the executor writes.
    """

    cores: tuple[int, ...]
    gpu: str | None
    log: Path | None


def places_for(plan: Plan, folder: Path | None, workers: int | None, device: str) -> list[Place]:
    """Where the workers compute, by default as many as have cores (or, with ``device`` cuda, a GPU) of their own."""
    cores: list[int] = sorted(getattr(os, "sched_getaffinity", lambda _: ())(0))
    gpus: list[str | None] = [None]
    if device == "cuda":
        import torch

        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        gpus = list(visible.split(",") if visible else map(str, range(torch.cuda.device_count()))) or [None]
    each = plan.threads
    count = workers or (len(gpus) if device == "cuda" else max(1, (len(cores) or os.cpu_count() or 1) // each))
    own = folder is not None and count * each <= len(cores)
    return [
        Place(
            tuple(cores[k * each : (k + 1) * each]) if own else (),
            gpus[k % len(gpus)],
            None if folder is None else folder / f"worker-{k + 1}.log",
        )
        for k in range(count)
    ]
