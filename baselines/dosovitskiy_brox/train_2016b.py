"""Training of 2016b: squared error alone, whose minimum is the expected image given the logits.

    bench train inverter dosovitskiy-brox-2016b --classifier robust_resnet152

Rate, sizes and steps are ours. Nothing was searched for, and the last weights ship.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from baselines.dosovitskiy_brox.decoders import TABLE_2016B
from baselines.dosovitskiy_brox.training import DecoderRecipe, DecoderTask, descend
from bench.classifiers import LoadedClassifier
from bench.training.inverters import train_inverter


@dataclass(frozen=True)
class DosovitskiyBrox2016bRecipe(DecoderRecipe):
    """The comparison recipe, the same for every classifier."""

    name: str = "cpu"
    steps: int = 12_000
    lr: float = 1e-3


class Task2016b(DecoderTask):
    """One step of Adam a batch on the squared error."""

    method: ClassVar[str] = "dosovitskiy-brox-2016b"

    def __init__(self, recipe: DosovitskiyBrox2016bRecipe, classifier: LoadedClassifier, device: torch.device) -> None:
        super().__init__(recipe, TABLE_2016B, classifier, device)

    def step(self, step: int) -> dict[str, Tensor]:
        """|x - G(z)|^2, as the mean over all values of images in [0, 1]."""
        images, z = self.pairs.batch(step, self.recipe.batch)
        with torch.autocast(self.device.type, torch.bfloat16):
            loss = squared_error(self.g(z), images)
        descend(self.g_optimizer, loss)
        self.average.update(self.g.state_dict(), step)
        return {"loss": loss.detach()}


def squared_error(generated: Tensor, images: Tensor) -> Tensor:
    """Mean squared error of images (N, 3, H, W)."""
    return (generated - images).square().mean()


def recipe(steps: int | None = None) -> DosovitskiyBrox2016bRecipe:
    """The recipe of this machine class, with another number of steps if asked."""
    return DosovitskiyBrox2016bRecipe() if steps is None else DosovitskiyBrox2016bRecipe(steps=steps)


def train(
    classifier: LoadedClassifier,
    folder: Path,
    device: torch.device,
    *,
    resume: bool,
    recipe: DosovitskiyBrox2016bRecipe,
) -> Path:
    """Train one inverter; returns the safetensors file of the averaged decoder."""
    return train_inverter(Task2016b(recipe, classifier, device), recipe, folder, resume=resume)
