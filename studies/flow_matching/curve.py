"""How many steps does the flow need, and what does guidance do? Scores of trained weights on ``val``.

    python -m studies.flow_matching.curve --classifier robust_resnet152 --num-images 500 --out curve.json

A row a setting: both solvers over a range of steps at guidance 1.0, then guidance at the method's own steps. All rows
start from the same noise, and ``val`` alone is looked at.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import bench
from bench.cli.printing import print_rows
from bench.metrics.extractors.lpips_alex import load_lpips
from bench.metrics.lpips import lpips_distance
from bench.progress import each
from bench.seeding import sample_seeds
from bench.store.files import write_atomically
from methods.flow_matching.inverter import FlowMatching
from methods.flow_matching.sampler import Sampler
from methods.flow_matching.solvers import EVALUATIONS

STEPS = {"euler": (2, 4, 8, 16, 24, 48), "heun": (1, 2, 4, 8, 12, 24)}  # equal costs
GUIDANCE = (0.0, 1.5, 2.0, 3.0)
BLOCK = 250


@dataclass(frozen=True)
class Held:
    """Images of ``val`` (N, 3, H, W) in [0, 1], their logits (N, K), and the seeds of their noise."""

    images: Tensor
    z: Tensor
    seeds: list[int]

    @classmethod
    def of(cls, dataset: str, classifier: nn.Module, count: int) -> Held:
        """The first images of a dataset's ``val``."""
        val = bench.load_dataset(dataset, split="val")
        ids = val.ids[:count]
        images = val.images(ids)
        with torch.inference_mode():
            z = torch.cat([classifier(part) for part in torch.split(images, BLOCK)]).clone()
        return cls(images, z, sample_seeds(0, ids))


def settings(own: Sampler) -> list[Sampler]:
    """A sampler a row; ``own`` is the method's."""
    rows = [Sampler(steps, solver) for solver, counts in STEPS.items() for steps in counts]
    return rows + [replace(own, guidance=guidance) for guidance in GUIDANCE]


@torch.no_grad()
def row(
    inverter: FlowMatching, sampler: Sampler, held: Held, classifier: nn.Module, lpips: nn.Module
) -> dict[str, Any]:
    """The scores of one setting."""
    inverter.sampler = sampler  # type: ignore[misc]
    began = time.perf_counter()
    made = inverter.invert(held.z, held.seeds)
    seconds = time.perf_counter() - began
    again = torch.cat([classifier(part) for part in torch.split(made, BLOCK)])
    pairs = zip(torch.split(made, BLOCK), torch.split(held.images, BLOCK), strict=True)
    passes = EVALUATIONS[sampler.solver] * sampler.steps * (1 if sampler.guidance == 1.0 else 2)
    return {
        "solver": sampler.solver,
        "steps": sampler.steps,
        "guidance": sampler.guidance,
        "passes": passes,
        "val_lpips": float(torch.cat([lpips_distance(lpips, *pair) for pair in pairs]).mean()),
        "val_mse": float((made - held.images).square().mean()),
        "val_logit_error": float(((again - held.z).norm(dim=1) / held.z.norm(dim=1)).mean()),
        "val_reid_class_target": float((again.argmax(1) == held.z.argmax(1)).float().mean()),
        "seconds_per_image": seconds / len(held.z),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Score every setting and print the rows."""
    parser = argparse.ArgumentParser(description="Scores of a trained flow by solver, steps and guidance, on val.")
    parser.add_argument("--classifier", default="robust_resnet152")
    parser.add_argument("--dataset", default="cifar10")
    parser.add_argument("--num-images", type=int, default=500)
    parser.add_argument("--out", type=Path, help="also write the rows as JSON")
    given = parser.parse_args(arguments)
    classifier = bench.load_classifier(given.classifier)
    inverter = bench.load_inverter("flow-matching", classifier, dataset=given.dataset)
    assert isinstance(inverter, FlowMatching)
    held, lpips = Held.of(given.dataset, classifier, given.num_images), load_lpips()
    rows = [row(inverter, one, held, classifier, lpips) for one in each(settings(inverter.sampler), "settings")]
    if given.out:
        write_atomically(given.out, (json.dumps(rows, indent=2) + "\n").encode())
    print_rows(rows, "")


if __name__ == "__main__":
    main()
