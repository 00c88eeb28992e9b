"""Training of the density on (logits, image) pairs of one frozen classifier.

bench train inverter nash-2019 --classifier robust_resnet152
bench train inverter nash-2019 --classifier robust_resnet152 --seed 2
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.classifiers import LoadedClassifier
from bench.seeding import seed_of, step_generator
from bench.training.engine import Engine
from bench.training.inverters import InverterTask, Reconstruct
from bench.training.loop import WeightAverage, add
from bench.training.pairs import TrainingPairs
from bench.training.trainer import InverterRecipe, Trainer
from methods.nash_2019.inverter import BLOCK, SIZES
from methods.nash_2019.likelihood import bits, log_probability, to_values
from methods.nash_2019.network import PixelCNN, network_of
from methods.nash_2019.sampler import sample

BETAS = (0.9, 0.999)
CLIP = 1.0  # the norm of the gradient at most, of bits a dimension


@dataclass(frozen=True)
class NashRecipe(InverterRecipe):
    """The comparison recipe, the same for every classifier.

    Attributes:
        filters: channels at the images' own resolution, at a half and at a quarter.
        blocks, components, width: of the network, see ``PixelCNN``.
        warm_up: steps over which Adam's rate rises from 0.
        lr: the rate from then on.
        drop: share of images whose logits are kept from the network, so that it learns p(x), too.
    """

    name: str = "cpu"
    steps: int = 30_000
    batch: int = 32
    filters: tuple[int, ...] = (64, 96, 128)
    blocks: int = 1
    components: int = 5
    width: int = 128
    warm_up: int = 200
    lr: float = 1e-3
    drop: float = 0.25


RECIPES = {"cpu": NashRecipe()}


@dataclass(frozen=True)
class Part:
    """Of a batch what one forward and backward pass sees.

    Attributes:
        x: (n, 3, H, W), of 256 levels, in [-1, 1].
        z: logits (n, K).
        given: (n,), whose logits count.
    """

    x: Tensor
    z: Tensor
    given: Tensor


class NashTask(InverterTask):
    """One step of Adam a batch on the bits that an image costs."""

    method: ClassVar[str] = "nash-2019"
    noise_draws: ClassVar[int] = 1
    looks_at: ClassVar[int] = 250  # with the logits and without
    recipe: NashRecipe

    def __init__(self, recipe: NashRecipe, pairs: TrainingPairs, classifier: LoadedClassifier, engine: Engine) -> None:
        super().__init__(recipe, pairs, classifier, engine)
        torch.manual_seed(seed_of("init", recipe.seed))
        self.q = engine.place(self._network())
        self._q = engine.parallel(self.q)
        self.q.standardise.fit(pairs.reference())
        self.optimizer = engine.adam(self.q.parameters(), recipe.lr, BETAS)
        self.networks, self.optimizers = {"q": self.q}, {"q": self.optimizer}
        self.average = WeightAverage(self.q.state_dict(), recipe.ema_decay)

    def _network(self) -> PixelCNN:
        return network_of(self.pairs.num_logits, self.recipe.settings())

    def step(self, step: int) -> dict[str, Tensor]:
        """-log2 q(x | z) a dimension, with z for most images and without for the others."""
        totals: dict[str, Tensor] = {}
        parts = self._parts(step)
        self.optimizer.zero_grad(set_to_none=True)
        for k, part in enumerate(parts):
            with self.engine.gathering(self._q, k):
                loss = self._bits(self._q, part).mean()
                (loss / len(parts)).backward()  # type: ignore[no-untyped-call]
            add(totals, {"bits_per_dim": loss.detach()}, len(parts))
        totals["gradient"] = nn.utils.clip_grad_norm_(self.q.parameters(), CLIP)
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.lr * min(1.0, (step + 1) / self.recipe.warm_up)
        self.optimizer.step()
        self.average.update(self.q.state_dict(), step)
        return totals

    def _bits(self, network: nn.Module, part: Part) -> Tensor:
        """(n,) bits a dimension."""
        with self.engine.autocast():
            parameters = network(part.x, part.z, part.given)
        nats = -log_probability(parameters.to(part.x.dtype), part.x).sum((1, 2))
        return bits(nats) / part.x[0].numel()

    def _parts(self, step: int) -> list[Part]:
        """One batch, its drops drawn whole, and of it what this process computes."""
        size, engine = self.recipe.batch, self.engine
        given = torch.rand(size, generator=step_generator(self.recipe.seed, step)) >= self.recipe.drop
        drawn = engine.put(given)
        parts = []
        for part in range(engine.accumulate):
            images, z = self.pairs.batch(step, size, part)
            parts.append(Part(to_values(images), z, engine.share(drawn, part)))
        return parts

    def averaged(self) -> PixelCNN:
        """The network with the averaged weights."""
        network = self._network().to(self.device).to(memory_format=torch.channels_last)
        network.load_state_dict(self.average.average)
        return network.eval().requires_grad_(False)

    def reconstructing(self) -> Reconstruct:
        """Draws from the averaged network; draw k has its own fixed noise."""
        network, side = self.averaged(), self.pairs.image_size
        network.freeze()

        def reconstruct(z: Tensor, draw: int) -> Tensor:
            generator = torch.Generator().manual_seed(draw)
            uniform = torch.rand(len(z), 4, side, side, generator=generator).clamp(1e-6, 1 - 1e-6).to(self.device)
            return sample(network, z, torch.ones(len(z), dtype=torch.bool, device=self.device), uniform).float()

        return reconstruct

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """On some images of ``val`` bits a dimension with and without logits, and their difference in bits an image.

        A draw takes as long as many likelihoods: looks compare none with its original.
        """
        rows = self._some_of_val(self.looks_at)
        x, z = to_values(self.pairs.val.batch(rows)), self.given(self.pairs.val_logits[rows])
        network = self.averaged()
        network.freeze()
        means = []
        for told in (True, False):
            given = torch.full((len(rows),), told, device=self.device)
            parts = zip(*(torch.split(one, BLOCK) for one in (x, z, given)), strict=True)
            means.append(float(torch.cat([self._bits(network, Part(*part)) for part in parts]).mean()))
        told_bits, free_bits = means
        return {
            "val_bits_per_dim": told_bits,
            "val_bits_per_dim_free": free_bits,
            "val_information": (free_bits - told_bits) * x[0].numel(),
        }


class NashTrainer(Trainer):
    """The training of ``nash-2019``."""

    task = NashTask
    recipes = RECIPES
    sizes = SIZES
