"""Training of the velocity on (logits, image) pairs of one frozen classifier.

bench train inverter flow-matching --classifier robust_resnet152
bench train inverter flow-matching --classifier efficientnet_lite0 --dataset tiny-imagenet
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.classifiers import LoadedClassifier
from bench.metrics.extractors.lpips_alex import load_lpips
from bench.metrics.lpips import lpips_distance
from bench.seeding import seed_of, step_generator
from bench.training.engine import Engine
from bench.training.inverters import InverterTask, Reconstruct
from bench.training.loop import WeightAverage, add
from bench.training.pairs import TrainingPairs
from bench.training.trainer import InverterRecipe, Trainer
from methods.flow_matching.network import SIZES, Velocity, velocity_of
from methods.flow_matching.path import logit_normal, loss, point
from methods.flow_matching.sampler import Sampler

LOOK = Sampler(steps=10, solver="euler")  # at val while it trains
BETAS = (0.9, 0.99)
CLIP = 1.0  # the norm of the gradient at most
BLOCK = 250


@dataclass(frozen=True)
class FlowRecipe(InverterRecipe):
    """The comparison recipe, the same for every classifier.

    Attributes:
        channels, coarse, blocks, middle, width: of the network, see ``Velocity``.
        warm_up: steps over which Adam's rate rises from 0.
        lr: the rate from then on.
        drop: share of images whose logits are kept from the network, so that it learns the velocity without any.
    """

    name: str = "cpu"
    steps: int = 60_000
    batch: int = 128
    channels: int = 96
    coarse: int = 128
    blocks: int = 2
    middle: int = 4
    width: int = 256
    warm_up: int = 500
    lr: float = 6e-4
    drop: float = 0.1


# By name, as ``--recipe`` takes them. ``cpu64`` is meant for images of 64 px: as wide and deep as 6 MB hold with 1,000
# logits. Its patches have four times the values, its grid and so its cost a pixel do not grow with the size.
RECIPES = {
    "cpu": FlowRecipe(),
    "cpu64": FlowRecipe("cpu64", channels=128, blocks=3),
}


@dataclass(frozen=True)
class Part:
    """Of a batch what one forward and backward pass sees.

    Attributes:
        images, noise: (n, 3, H, W), the images in [-1, 1].
        z: logits (n, K).
        t: times (n,).
        given: (n,), whose logits count.
    """

    images: Tensor
    noise: Tensor
    z: Tensor
    t: Tensor
    given: Tensor


class FlowTask(InverterTask):
    """One step of Adam a batch on the velocity's squared error."""

    method: ClassVar[str] = "flow-matching"
    noise_draws: ClassVar[int] = 2
    looks_at: ClassVar[int] = 500  # a look takes ten passes an image
    recipe: FlowRecipe

    def __init__(self, recipe: FlowRecipe, pairs: TrainingPairs, classifier: LoadedClassifier, engine: Engine) -> None:
        super().__init__(recipe, pairs, classifier, engine)
        torch.manual_seed(seed_of("init", recipe.seed))
        self.v = engine.place(self._network())
        self._v = engine.parallel(self.v)
        self.v.embedding.standardise.fit(pairs.reference())
        self.optimizer = engine.adam(self.v.parameters(), recipe.lr, BETAS)
        self.networks, self.optimizers = {"v": self.v}, {"v": self.optimizer}
        self.average = WeightAverage(self.v.state_dict(), recipe.ema_decay)
        self._lpips: nn.Module | None = None

    def _network(self) -> Velocity:
        return velocity_of(self.pairs.num_logits, self.pairs.image_size, self.recipe.settings())

    def step(self, step: int) -> dict[str, Tensor]:
        """|v(x_t, t, z) - (x_1 - x_0)|^2 at one time an image."""
        totals: dict[str, Tensor] = {}
        parts = self._parts(step)
        self.optimizer.zero_grad(set_to_none=True)
        for k, part in enumerate(parts):
            with self.engine.gathering(self._v, k):
                error = self._error(self._v, part)
                (error / len(parts)).backward()  # type: ignore[no-untyped-call]
            add(totals, {"loss": error.detach()}, len(parts))
        totals["gradient"] = nn.utils.clip_grad_norm_(self.v.parameters(), CLIP)
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.lr * min(1.0, (step + 1) / self.recipe.warm_up)
        self.optimizer.step()
        self.average.update(self.v.state_dict(), step)
        return totals

    def _error(self, network: nn.Module, part: Part) -> Tensor:
        with self.engine.autocast():
            v = network(point(part.noise, part.images, part.t), part.t, part.z, part.given)
        return loss(v.to(part.images.dtype), part.noise, part.images)

    def _parts(self, step: int) -> list[Part]:
        """One batch, its noise, times and drops drawn whole, and of it what this process computes."""
        size, engine, side = self.recipe.batch, self.engine, self.pairs.image_size
        generator = step_generator(self.recipe.seed, step)
        t, given = logit_normal(size, generator), torch.rand(size, generator=generator) >= self.recipe.drop
        noise = torch.randn(size, 3, side, side, generator=generator).contiguous(memory_format=torch.channels_last)
        drawn = [engine.put(one) for one in (noise, t, given)]
        parts = []
        for part in range(engine.accumulate):
            images, z = self.pairs.batch(step, size, part)
            own_noise, own_t, own_given = (engine.share(one, part) for one in drawn)
            dtype = engine.dtype
            parts.append(Part(2 * images - 1, own_noise.to(dtype), z, own_t.to(dtype), own_given))
        return parts

    def averaged(self) -> Velocity:
        """The network with the averaged weights."""
        network = self._network().to(self.device).to(memory_format=torch.channels_last)
        network.load_state_dict(self.average.average)
        return network.eval().requires_grad_(False)

    def reconstructing(self) -> Reconstruct:
        """The averaged network, followed in few steps; draw k has its own fixed noise."""
        network, side = self.averaged(), self.pairs.image_size

        def reconstruct(z: Tensor, draw: int) -> Tensor:
            noise = torch.randn(len(z), 3, side, side, generator=torch.Generator().manual_seed(draw)).to(self.device)
            with self.engine.autocast():
                made = [
                    LOOK(network, *part) for part in zip(torch.split(noise, BLOCK), torch.split(z, BLOCK), strict=True)
                ]
            return torch.cat(made).float()

        return reconstruct

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """What all trainings look at, and on the same images of ``val`` the loss, at fixed noise and times."""
        rows = self._some_of_val(self.looks_at)
        images, z = self.pairs.val.batch(rows), self.given(self.pairs.val_logits[rows])
        network, generator = self.averaged(), torch.Generator().manual_seed(0)
        noise = torch.randn(images.shape, generator=generator).to(self.device)
        t = logit_normal(len(rows), generator).to(self.device)
        given = torch.ones(len(rows), dtype=torch.bool, device=self.device)
        parts = zip(*(torch.split(one, BLOCK) for one in (2 * images - 1, noise, z, t, given)), strict=True)
        errors = torch.stack([self._error(network, Part(*part)) for part in parts])
        return super().validate() | {"val_loss": float(errors.mean())}

    def seen(self, images: Tensor, fakes: Tensor) -> dict[str, float]:
        """LPIPS."""
        self._lpips = self._lpips or load_lpips(self.device)
        parts = zip(torch.split(images, BLOCK), torch.split(fakes, BLOCK), strict=True)
        return {"val_lpips": float(torch.cat([lpips_distance(self._lpips, *part) for part in parts]).mean())}


class FlowTrainer(Trainer):
    """The training of ``flow-matching``."""

    task = FlowTask
    recipes = RECIPES
    sizes = SIZES
