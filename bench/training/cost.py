"""What a training would cost here: a few of its steps, timed on made-up images, so that neither data nor weights are
needed.
"""

from __future__ import annotations

import resource
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.classifiers import LoadedClassifier, open_classifier
from bench.config import DEFAULT_DATASET
from bench.datasets import aliases_of
from bench.datasets.base import ArrayDataset
from bench.environment import processor
from bench.errors import WeightsError
from bench.training.budget import seconds_of
from bench.training.data import TrainingImages
from bench.training.engine import Engine
from bench.training.pairs import SAMPLES, TrainingPairs
from bench.training.trainer import InverterRecipe, Trainer

WARM_UP, TIMED = 1, 3
ON_CPU = 64  # images of a step that a process takes at most there: a larger batch takes as much longer
LOGITS = 1_000  # of a network whose weights are not here: what ImageNet's have


class MadeUpPairs(TrainingPairs):
    """Noise images with random logits, as many as a batch needs: what steps cost does not depend on what is in them."""

    def __init__(self, recipe: InverterRecipe, engine: Engine, image_size: int, num_logits: int) -> None:
        self.engine, self.dataset, self.image_size = engine, recipe.dataset, image_size
        count = max(2 * recipe.batch, SAMPLES)
        generator = torch.Generator().manual_seed(0)
        pixels = np.random.default_rng(0).integers(0, 256, (count, image_size, image_size, 3), np.uint8)
        ids, labels = [str(k) for k in range(count)], np.zeros(count, np.int64)
        images = ArrayDataset(DEFAULT_DATASET, ids, labels, ["none"], pixels)
        self.data = self.val = TrainingImages(images, engine.device, recipe.seed)
        self._held: Tensor | None = torch.randn(2, count, num_logits, generator=generator).to(engine.device)
        self.views, self.val_logits = tuple(self._held), self._held[0]
        self.hashes, self.identity, self.given = (), "", lambda logits: logits


class _Absent(nn.Module):
    """In place of a network whose weights are not here."""

    def forward(self, images: Tensor) -> Tensor:
        """Zeros (N, 1,000), with a graph."""
        return images.flatten(1).mean(1, keepdim=True).expand(-1, LOGITS)


def measured(
    trainer: Trainer, recipe: InverterRecipe, classifier: str, dataset: str, image_size: int, engine: Engine
) -> dict[str, Any]:
    """What the steps of a recipe cost on this machine.

    Args:
        trainer, recipe: of the method.
        classifier, dataset: names; neither weights nor images need to be here.
        image_size: side of the images in pixels.
        engine: where it would train.

    Returns:
        ``seconds_per_step``, ``hours`` of all steps without looks at held-out data and without the logits of the
        training images, ``measured_batch`` (on a CPU no more than 64 images a process, from which a larger batch is
        extrapolated), ``peak_memory_gib`` (of the GPU, or of the process, at that batch), ``device``, ``processes``,
        ``num_logits``, and whether ``classifier_weights`` are here; without them 1,000 logits are taken, and a recipe
        whose loss asks the classifier costs more than is said.
    """
    batch = min(recipe.batch, ON_CPU * engine.processes) if engine.device.type == "cpu" else recipe.batch
    trial = replace(recipe, batch=batch)
    try:
        target = open_classifier(classifier, engine.device, aliases=aliases_of(dataset))
        blank = torch.zeros(1, 3, image_size, image_size, device=engine.device)
        with torch.no_grad():
            num_logits, here = target.logits(blank).shape[1], True
    except WeightsError:
        target, num_logits, here = LoadedClassifier(classifier, _Absent(), "0" * 64, image_size), LOGITS, False
    task = trainer.task(trial, MadeUpPairs(trial, engine, image_size, num_logits), target, engine)
    seconds_of(task, range(WARM_UP))
    spent = torch.tensor(seconds_of(task, range(WARM_UP, WARM_UP + TIMED)) / TIMED, dtype=torch.float64)
    step = float(engine.mean({"step": spent})["step"]) * recipe.batch / batch
    return {
        "seconds_per_step": float(f"{step:.3g}"),
        "hours": float(f"{step * recipe.steps / 3600:.3g}"),
        "measured_batch": batch,
        "peak_memory_gib": round(_peak(engine.device) / 2**30, 2),
        "device": _device(engine.device),
        "processes": engine.processes,
        "num_logits": num_logits,
        "classifier_weights": here,
    }


def _peak(device: torch.device) -> int:
    """Bytes."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _device(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{threads} thread{'s' if threads > 1 else ''}, {processor()}"
