"""Training of the logit-conditioned BigGAN on (logits, image) pairs of one frozen classifier.

    bench train inverter biggan-logit --classifier robust_resnet152

One recipe was trained, once: its rates were seen to separate real from fake within 60 steps, its steps are what the
time at hand allowed, and the last weights ship. ``val`` is watched in training, ``test`` is looked at afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.utils import parametrize

from bench.classifiers import LoadedClassifier
from bench.seeding import seed_of, step_generator
from bench.training.inverters import InverterRecipe, InverterTask, Reconstruct, train_inverter
from bench.training.loop import WeightAverage
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

    def __init__(self, recipe: BigGANRecipe, classifier: LoadedClassifier, device: torch.device) -> None:
        super().__init__(recipe, classifier, device)
        self.recipe = recipe
        k = self.pairs.num_logits
        torch.manual_seed(seed_of("init", recipe.seed))
        self.g = trainable_generator(k, recipe.channels, recipe.hidden).to(device).to(memory_format=torch.channels_last)
        self.d = trainable_discriminator(k, recipe.channels).to(device).to(memory_format=torch.channels_last)
        for net in (self.g, self.d):
            net.standardise.fit(self.pairs.logits.flatten(0, 1))
        betas = (0.0, 0.999)
        self.g_optimizer = torch.optim.Adam(self.g.parameters(), recipe.lr_g, betas)
        self.d_optimizer = torch.optim.Adam(self.d.parameters(), recipe.lr_d, betas)
        self.networks = {"g": self.g, "d": self.d}
        self.optimizers = {"g": self.g_optimizer, "d": self.d_optimizer}
        self.average = WeightAverage(effective_state(self.g), recipe.ema_decay)
        self._flat = 0

    def step(self, step: int) -> dict[str, Tensor]:
        """L_D on real and fake images of the same z, then L_G on the same fakes against the moved D."""
        images, z = self.pairs.batch(step, self.recipe.batch)
        eps = torch.randn(len(z), NOISE_DIM, generator=step_generator(self.recipe.seed, step)).to(self.device)
        self.g.train()
        with parametrize.cached():
            _normalise(self.g)
            with torch.autocast(self.device.type, torch.bfloat16):
                fakes = self.g(z, eps)
        with parametrize.cached():
            _normalise(self.d)
            with torch.autocast(self.device.type, torch.bfloat16):
                scores = self.d(torch.cat([images, fakes.detach().to(images.dtype)]), torch.cat([z, z])).float()
        d_real, d_fake = scores.chunk(2)
        loss_d = discriminator_loss(d_real, d_fake)
        _descend(self.d_optimizer, loss_d)

        self.d.requires_grad_(False)
        with parametrize.cached():
            _normalise(self.d)
            with torch.autocast(self.device.type, torch.bfloat16):
                loss_g = generator_loss(self.d(fakes, z).float())
        _descend(self.g_optimizer, loss_g)
        self.d.requires_grad_(True)
        self.average.update(effective_state(self.g), step)
        return {
            "loss_d": loss_d.detach(),
            "loss_g": loss_g.detach(),
            "d_real": d_real.detach().mean(),
            "d_fake": d_fake.detach().mean(),
            "fake_std": fakes.detach().float().std(0).mean(),
        }

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


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def recipe(steps: int | None = None) -> BigGANRecipe:
    """The recipe of this machine class, with another number of steps if asked."""
    return BigGANRecipe() if steps is None else BigGANRecipe(steps=steps)


def train(
    classifier: LoadedClassifier, folder: Path, device: torch.device, *, resume: bool, recipe: BigGANRecipe
) -> Path:
    """Train one inverter; returns the safetensors file of the averaged, statistics-fixed generator."""
    return train_inverter(BigGANTask(recipe, classifier, device), recipe, folder, resume=resume)
