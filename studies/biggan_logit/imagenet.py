"""ImageNet at 64 and 128 px on 8 GPUs: the recipes, and a dry run that measures what they would cost.

    python -m studies.biggan_logit.imagenet --size 128 --dry-run --device cuda --batch 32
    torchrun --nproc-per-node 8 -m studies.biggan_logit.imagenet --size 128 --dry-run --device cuda --batch 256

The recipes are those of Brock et al. 2019 (section 3, appendix C): 2,048 images a step, two D steps, Adam(0, 0.999)
with 5e-5 in G and 2e-4 in D, ``ch`` 96 at 128 px; average at 0.9999 from step 20,000 on, as in their PyTorch code.
They are meant for bfloat16. The paper has no 64 px: ``ch`` 64 there, all else the same. 250,000 steps are those of
compare_gan's ``biggan_imagenet128``. The conditioning MLPs are 128 wide, like BigGAN's shared class embedding.

Neither images nor a loader for them ship. Training needs a folder of images, cropped to the size, with the logits that
the frozen classifier gives each of them, behind the three names of ``train.Pairs``; ``Adversaries`` takes that as it
is. The dry run puts random images and 1,000 random logits there and runs a few steps of exactly that architecture.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from bench.environment import resolve_device
from bench.errors import UsageError
from bench.seeding import seed_of
from bench.training.engine import Engine, engine
from methods.biggan_logit.recipes import RECIPES, BigGANRecipe
from methods.biggan_logit.train import Adversaries
from studies.biggan_logit.held import Held

GPUS = 8
CLASSES = 1_000
IMAGES = 64  # random ones, of which every batch is made
SUSTAINED = 100e12  # FLOP/s a GPU: an assumption, about a tenth of an H100's dense bfloat16 peak, not a measurement
WARM_UP, TIMED = 1, 2


BY_SIZE = {64: RECIPES["imagenet64"], 128: RECIPES["imagenet128"]}


class SyntheticPairs:
    """Random images and logits in the place of ImageNet's."""

    def __init__(self, size: int, one: Engine, num_logits: int = CLASSES) -> None:
        self.image_size, self.engine, self.num_logits = size, one, num_logits
        generator = torch.Generator().manual_seed(seed_of("synthetic"))
        self.logits = torch.randn(1, 2 * num_logits, num_logits, generator=generator).to(one.device)
        # drawn once: a loader's speed is not what is measured
        self.images = torch.rand(IMAGES, 3, size, size, generator=generator).to(one.device)

    def reference(self) -> Tensor:
        """All of them."""
        return self.logits[0]

    def batch(self, step: int, size: int, part: int = 0) -> tuple[Tensor, Tensor]:
        """Rows are drawn for the whole batch and shared, as real ones are."""
        one, generator = self.engine, torch.Generator().manual_seed(seed_of("synthetic", step))
        rows = one.share(one.put(torch.randint(len(self.images), (size,), generator=generator)), part)
        images = self.images[rows].to(one.dtype, memory_format=torch.channels_last)
        return images, self.logits[0, rows % self.logits.shape[1]].to(one.dtype)


@dataclass(frozen=True)
class Sample:
    """What a step costs at one batch size, in this process.

    Attributes:
        images: a step's, of this process.
        seconds: a step.
        flops: a step; a multiplication and an addition are two.
        held: bytes of activations that are kept for backward passes at the same time, weights among them.
        peak: bytes of memory at most since the process began, on the GPU or of the whole process.
    """

    images: int
    seconds: float
    flops: int
    held: int
    peak: int


def sample(task: Adversaries, batch: int) -> Sample:
    """Run some steps with ``batch`` images each."""
    task.recipe = replace(task.recipe, batch=batch)
    for step in range(WARM_UP):
        task.step(step)
    _wait(task.engine)
    began = time.perf_counter()
    for step in range(TIMED):
        task.step(step)
    _wait(task.engine)
    seconds = (time.perf_counter() - began) / TIMED
    peak = peak_memory(task.engine.device)
    with FlopCounterMode(display=False) as counter, Held() as held:
        task.step(0)
    return Sample(batch // task.engine.processes, seconds, counter.get_total_flops(), held.peak, peak)


def peak_memory(device: torch.device) -> int:
    """Bytes at most so far: of the GPU's tensors, or of this process's memory."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _wait(one: Engine) -> None:
    if one.device.type == "cuda":
        torch.cuda.synchronize(one.device)


@dataclass(frozen=True)
class Cost:
    """A recipe's cost: everything is linear in the images of a step, so two batch sizes tell it.

    Attributes:
        recipe: at its full batch.
        size: side of the images in pixels.
        parameters: of G and of D.
        fixed: bytes of weights, gradients, optimiser states and average.
        small, large: the measurements.
    """

    recipe: BigGANRecipe
    size: int
    parameters: tuple[int, int]
    fixed: dict[str, int]
    small: Sample
    large: Sample

    @property
    def activations(self) -> float:
        """Bytes an image."""
        return (self.large.held - self.small.held) / (self.large.images - self.small.images)

    def flops(self, images: int) -> float:
        """Of a step with so many images."""
        slope = (self.large.flops - self.small.flops) / (self.large.images - self.small.images)
        return self.small.flops + slope * (images - self.small.images)

    def report(self, sustained: float | None, where: str) -> str:
        """What the dry run prints: the time at an assumed rate, or without one at the rate that was measured."""
        recipe, (g, d), here = self.recipe, self.parameters, self.large
        if sustained is None:
            sustained, whence = here.flops / here.seconds, "the rate of one process as measured here, without a loader"
        else:
            whence = f"assumes that each GPU sustains {sustained:.1e} FLOP/s; that is not measured"
        share = recipe.batch // GPUS
        step = self.flops(recipe.batch) / (GPUS * sustained)
        fixed = sum(self.fixed.values())
        lines = (
            f"{recipe.name}: {self.size} px, ch {recipe.channels}, {recipe.d_steps} D steps, K = {CLASSES}",
            f"parameters            G {g:,}  D {d:,}",
            "fixed memory          "
            + ", ".join(f"{name} {value / 2**30:.2f} GiB" for name, value in self.fixed.items()),
            f"activations           {self.activations / 2**20:.1f} MiB an image (of {self.small.images} and "
            f"{here.images} images)",
            f"FLOPs a step          {self.flops(here.images):.3e} for {here.images} images, "
            f"{self.flops(recipe.batch):.3e} for {recipe.batch}",
            f"measured here         {where}: {here.seconds:.2f} s a step of {here.images} images, "
            f"{here.images / here.seconds:.2f} images/s, {here.flops / here.seconds:.3e} FLOP/s, "
            f"peak memory {here.peak / 2**30:.2f} GiB",
            f"memory on {GPUS} GPUs      {fixed / 2**30:.2f} GiB + {share} images x "
            f"{self.activations / 2**20:.1f} MiB = {(fixed + share * self.activations) / 2**30:.1f} GiB a GPU, "
            "without workspaces; --accumulate divides the second part",
            f"time on {GPUS} GPUs        {recipe.steps:,} steps x {self.flops(recipe.batch):.3e} FLOPs / ({GPUS} x "
            f"{sustained:.1e} FLOP/s) = {recipe.steps:,} x {step:.2f} s = {recipe.steps * step / 86_400:.1f} days",
            f"                      {whence}",
        )
        return "\n".join(lines)


def dry_run(recipe: BigGANRecipe, size: int, batch: int, one: Engine, num_logits: int = CLASSES) -> Cost:
    """Measure a recipe at ``batch`` and at twice as many images a process.

    Raises:
        UsageError: ``batch`` is less than 2, which leaves no spread to report.
    """
    if batch < 2:
        raise UsageError(f"A process needs at least 2 images, got --batch {batch}.")
    task = Adversaries(recipe, one, SyntheticPairs(size, one, num_logits))
    small, large = (sample(task, n * one.processes) for n in (batch, 2 * batch))
    g, d = (sum(p.numel() for p in net.parameters()) for net in (task.g, task.d))
    weights = [p for net in (task.g, task.d) for p in net.parameters()]
    states = [v for o in (task.g_optimizer, task.d_optimizer) for s in o.state.values() for v in s.values()]
    fixed = {
        "weights": _bytes(weights),
        "gradients": _bytes(weights),
        "optimiser": _bytes(states),
        "average": _bytes(task.average.average.values()),
    }
    return Cost(recipe, size, (g, d), fixed, small, large)


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(t.numel() * t.element_size() for t in tensors)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m studies.biggan_logit.imagenet",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--size", type=int, choices=BY_SIZE, default=128)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--batch", type=int, default=2, help="images a process; twice as many are run as well")
    parser.add_argument("--channels", type=int, help="ch of G and D, for a quick try")
    parser.add_argument("--device", default="auto")
    parser.add_argument(
        "--sustained", type=float, help=f"assumed FLOP/s a GPU: what is measured on a GPU, else {SUSTAINED:.0e}"
    )
    given = parser.parse_args(arguments)
    if not given.dry_run:
        raise UsageError("ImageNet and a loader for it do not ship: only --dry-run runs. See --help for what to add.")
    recipe = BY_SIZE[given.size]
    if given.channels is not None:
        recipe = replace(recipe, name=f"{recipe.name}-ch{given.channels}", channels=given.channels)
    with engine(resolve_device(given.device)) as one:
        cost = dry_run(recipe, given.size, given.batch, one)
        if one.first:
            sustained = SUSTAINED if given.sustained is None and one.device.type == "cpu" else given.sustained
            print(cost.report(sustained, str(one.device)))


if __name__ == "__main__":
    main()
