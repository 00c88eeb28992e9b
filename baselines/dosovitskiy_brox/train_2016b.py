"""Training of 2016b: squared error alone, whose minimum is the expected image given the logits.

    bench train inverter dosovitskiy-brox-2016b --classifier robust_resnet152

Rate, sizes and steps are ours. Nothing was searched for, and the last weights ship.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from baselines.dosovitskiy_brox.decoders import SIZES, TABLE_2016B
from baselines.dosovitskiy_brox.training import DecoderRecipe, DecoderTask
from bench.training.trainer import Trainer


@dataclass(frozen=True)
class DosovitskiyBrox2016bRecipe(DecoderRecipe):
    """The comparison recipe, the same for every classifier."""

    name: str = "cpu"
    steps: int = 12_000
    lr: float = 1e-3


class Task2016b(DecoderTask):
    """One step of Adam a batch on the squared error."""

    method: ClassVar[str] = "dosovitskiy-brox-2016b"
    table = TABLE_2016B

    def step(self, step: int) -> dict[str, Tensor]:
        """|x - G(z)|^2, as the mean over all values of images in [0, 1]."""
        self.g_optimizer.zero_grad(set_to_none=True)
        losses = []
        for part in range(self.engine.accumulate):
            images, z = self.pairs.batch(step, self.recipe.batch, part)
            with self.engine.gathering(self._g, part):
                with self.engine.autocast():
                    loss = squared_error(self._g(z), images) / self.engine.accumulate
                loss.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
        self.g_optimizer.step()
        self.average.update(self.g.state_dict(), step)
        return {"loss": torch.stack(losses).sum()}


def squared_error(generated: Tensor, images: Tensor) -> Tensor:
    """Mean squared error of images (N, 3, H, W)."""
    return (generated - images).square().mean()


class Trainer2016b(Trainer):
    """The training of ``dosovitskiy-brox-2016b``."""

    task = Task2016b
    recipes = {"cpu": DosovitskiyBrox2016bRecipe()}  # noqa: RUF012
    sizes = SIZES
