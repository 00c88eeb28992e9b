"""An inverter and its training: linear regression from logits to pixels by gradient descent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

import bench


class Map(nn.Module):
    """Logits (N, K) to images (N, 3, S, S)."""

    def __init__(self, num_logits: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.linear = nn.Linear(num_logits, 3 * size**2)

    def forward(self, logits: Tensor) -> Tensor:
        """Not clipped."""
        pixels: Tensor = self.linear(torch.tanh(logits / 10))
        return pixels.view(-1, 3, self.size, self.size)


class Linear(bench.LearnedInverter):
    """What is linearly there, learned."""

    name = "linear"

    def build(self, settings: Mapping[str, Any]) -> Map:
        """The network that the weights fit."""
        return Map(self.target.num_logits, self.target.image_size[0])

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """(N, K) to (N, 3, H, W)."""
        return self.reconstruct(logits).clamp(0, 1)


@dataclass(frozen=True)
class LinearRecipe(bench.InverterRecipe):
    """All settings; ``lr`` is of gradient descent."""

    lr: float = 0.01


class LinearTask(bench.InverterTask):
    """One training."""

    method = "linear"
    recipe: LinearRecipe

    def __init__(self, recipe: LinearRecipe, pairs: Any, classifier: Any, engine: Any) -> None:
        super().__init__(recipe, pairs, classifier, engine)
        torch.manual_seed(recipe.seed)
        self.map = self.engine.place(Map(self.pairs.num_logits, self.pairs.image_size))
        self.networks = {"map": self.map}
        self.optimizers = {"map": torch.optim.SGD(self.map.parameters(), self.recipe.lr)}

    def step(self, step: int) -> dict[str, Tensor]:
        """One step on the squared error."""
        images, z = self.pairs.batch(step, self.recipe.batch)
        loss = (self.map(z) - images).square().mean()
        self.optimizers["map"].zero_grad()
        loss.backward()
        self.optimizers["map"].step()
        return {"loss": loss.detach()}

    def averaged(self) -> Map:
        """The network that ships: here the last one."""
        return self.map

    def reconstructing(self) -> Callable[[Tensor, int], Tensor]:
        """For the looks at held-out data; there is no noise, so that all draws are the same."""
        return lambda logits, draw: self.map(logits).clamp(0, 1)


class LinearTrainer(bench.Trainer):
    """Its recipes, the default one first."""

    task = LinearTask
    recipes = {"short": LinearRecipe("short", steps=20, batch=16), "long": LinearRecipe("long", steps=200)}  # noqa: RUF012
