"""Training of the logit-conditioned BigGAN on (logits, image) pairs of one frozen classifier.

    bench train inverter biggan-logit --classifier robust_resnet152

One recipe was trained, once: its rates were seen to separate real from fake within 60 steps, its steps are what the
time at hand allowed, and the last weights ship. ``val`` is watched in training, ``test`` is looked at afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.utils import parametrize

from bench.classifiers import LoadedClassifier
from bench.seeding import seed_of, step_generator
from bench.training.engine import Engine
from bench.training.inverters import InverterRecipe, InverterTask, Reconstruct
from bench.training.loop import WeightAverage, add
from methods.biggan_logit.discriminator import trainable_discriminator
from methods.biggan_logit.generator import (
    NOISE_DIM,
    Generator,
    effective_state,
    estimate_statistics,
    trainable_generator,
)
from methods.biggan_logit.loss import discriminator_loss, generator_loss

STATISTICS_BATCHES = 200
COLLAPSE_PATIENCE = 6


@dataclass(frozen=True)
class BigGANRecipe(InverterRecipe):
    """The comparison recipe: the same for every classifier and for ``onehot-biggan``.

    Attributes:
        channels: BigGAN's ``ch`` in G and D.
        hidden: width of the conditioning MLPs.
        steps: generator steps; one D step each.
        lr_g, lr_d: Adam(0, 0.999) rates, constant.
    """

    name: str = "cpu"
    steps: int = 5_000
    channels: int = 24
    hidden: int = 128
    lr_g: float = 2e-4
    lr_d: float = 4e-4


class BigGANTask(InverterTask):
    """One D step and one G step a batch, by the paper's two losses; the same fakes serve both."""

    method: ClassVar[str] = "biggan-logit"
    noise_draws: ClassVar[int] = 2

    recipe: BigGANRecipe

    def __init__(self, recipe: BigGANRecipe, classifier: LoadedClassifier, engine: Engine) -> None:
        super().__init__(recipe, classifier, engine)
        k = self.pairs.num_logits
        torch.manual_seed(seed_of("init", recipe.seed))
        self.g = engine.place(trainable_generator(k, recipe.channels, recipe.hidden))
        self.d = engine.place(trainable_discriminator(k, recipe.channels))
        for net in (self.g, self.d):
            net.standardise.fit(self.pairs.logits.flatten(0, 1))
        self._g, self._d = engine.parallel(self.g), engine.parallel(self.d)
        betas = (0.0, 0.999)
        self.g_optimizer = torch.optim.Adam(self.g.parameters(), recipe.lr_g, betas)
        self.d_optimizer = torch.optim.Adam(self.d.parameters(), recipe.lr_d, betas)
        self.networks = {"g": self.g, "d": self.d}
        self.optimizers = {"g": self.g_optimizer, "d": self.d_optimizer}
        self.average = WeightAverage(effective_state(self.g), recipe.ema_decay)
        self._flat = 0

    def step(self, step: int) -> dict[str, Tensor]:
        """L_D on real and fake images of the same z, then L_G on the same fakes against the moved D.

        With ``accumulate`` above one G runs twice a part, so that no more than one part's graph is in memory.
        """
        size, engine = self.recipe.batch, self.engine
        noise = engine.put(torch.randn(size, NOISE_DIM, generator=step_generator(self.recipe.seed, step)))
        batches = [
            (*self.pairs.batch(step, size, part), engine.share(noise, part).to(engine.dtype))
            for part in range(engine.accumulate)
        ]
        self.g.train()
        fakes: list[Tensor] = []
        totals: dict[str, Tensor] = {}
        self.d_optimizer.zero_grad(set_to_none=True)
        for part, (images, z, eps) in enumerate(batches):
            with torch.set_grad_enabled(len(batches) == 1):
                made = self.fakes(z, eps)
            fakes.append(made)
            with engine.gathering(self._d, part):
                add(totals, self._descend_d(images, z, made.detach()), len(batches))
        self.d_optimizer.step()

        self.d.requires_grad_(False)
        self.g_optimizer.zero_grad(set_to_none=True)
        for part, (_, z, eps) in enumerate(batches):
            with engine.gathering(self._g, part):
                made = fakes[part] if len(batches) == 1 else self.fakes(z, eps)
                add(totals, self._descend_g(z, made), len(batches))
        self.g_optimizer.step()
        self.d.requires_grad_(True)
        self.average.update(effective_state(self.g), step)
        return totals

    def fakes(self, z: Tensor, eps: Tensor) -> Tensor:
        """G(z, eps) as it is trained, (N, 3, 32, 32)."""
        with parametrize.cached():
            _normalise(self.g)
            with self.engine.autocast():
                made: Tensor = self._g(z, eps)
        return made

    def _descend_d(self, images: Tensor, z: Tensor, fakes: Tensor) -> dict[str, Tensor]:
        """Add the gradient of L_D to D's, for a part of the batch."""
        with parametrize.cached():
            _normalise(self.d)
            with self.engine.autocast():
                scores = self._d(torch.cat([images, fakes.to(images.dtype)]), torch.cat([z, z])).to(images.dtype)
        d_real, d_fake = scores.chunk(2)
        loss = discriminator_loss(d_real, d_fake)
        (loss / self.engine.accumulate).backward()  # type: ignore[no-untyped-call]
        return {"loss_d": loss.detach(), "d_real": d_real.detach().mean(), "d_fake": d_fake.detach().mean()}

    def _descend_g(self, z: Tensor, fakes: Tensor) -> dict[str, Tensor]:
        """Add the gradient of L_G to G's; D stands still."""
        with parametrize.cached():
            _normalise(self.d)
            with self.engine.autocast():
                loss = generator_loss(self.d(fakes, z).to(z.dtype))
        (loss / self.engine.accumulate).backward()  # type: ignore[no-untyped-call]
        return {"loss_g": loss.detach(), "fake_std": fakes.detach().to(z.dtype).std(0).mean()}

    def alarm(self, scalars: dict[str, float]) -> str | None:
        """Collapse: D tells nothing apart for six reports in a row, or all fakes are the same image."""
        self._flat = self._flat + 1 if abs(scalars["loss_d"]) < 0.02 else 0
        if self._flat >= COLLAPSE_PATIENCE:
            return "The training collapsed: D has not told real from fake since six reports (hinge loss at 2.0)."
        if scalars["fake_std"] < 0.01:
            return "The training collapsed: G gives the same image whatever its input."
        return None

    def reconstructing(self) -> Reconstruct:
        """The averaged G with statistics from few batches; draw k has its own fixed noise."""
        net = self.averaged(batches=25)

        def reconstruct(z: Tensor, draw: int) -> Tensor:
            eps = torch.randn(len(z), NOISE_DIM, generator=torch.Generator().manual_seed(draw)).to(self.device)
            parts = zip(torch.split(z, 250), torch.split(eps, 250), strict=True)
            return torch.cat([net(*part) for part in parts])

        return reconstruct

    def averaged(self, batches: int = STATISTICS_BATCHES) -> Generator:
        """The averaged G as a plain network, its BN statistics re-estimated over training batches of a fixed seed."""
        net = Generator(self.pairs.num_logits, self.recipe.channels, self.recipe.hidden)
        net.load_state_dict(self.average.average)
        net.to(self.device).to(memory_format=torch.channels_last)
        generator = torch.Generator().manual_seed(seed_of("statistics"))
        sets = []
        for k in range(batches):
            _, z = self.pairs.batch(k, self.recipe.batch)
            sets.append((z, torch.randn(len(z), NOISE_DIM, generator=generator).to(self.device)))
        estimate_statistics(net, sets)
        return net


def _normalise(net: torch.nn.Module) -> None:
    """Fill the cache of spectrally normalised weights in float32, before autocast could make them bfloat16."""
    for module in net.modules():
        if parametrize.is_parametrized(module):
            _ = module.weight


def recipe(steps: int | None = None) -> BigGANRecipe:
    """The recipe of this machine class, with another number of steps if asked."""
    return BigGANRecipe() if steps is None else BigGANRecipe(steps=steps)


def task(recipe: BigGANRecipe, classifier: LoadedClassifier, engine: Engine) -> BigGANTask:
    """The training of one inverter."""
    return BigGANTask(recipe, classifier, engine)
