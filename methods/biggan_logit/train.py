"""Training of the logit-conditioned BigGAN on (logits, image) pairs of one frozen classifier.

    bench train inverter biggan-logit --classifier robust_resnet152

One recipe was trained, once: its rates were seen to separate real from fake within 60 steps, its steps are what the
time at hand allowed, and the last weights ship. ``val`` is watched in training, ``test`` is looked at afterwards.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import parametrize

from bench.classifiers import LoadedClassifier
from bench.errors import TrainingError
from bench.seeding import seed_of, step_generator
from bench.training.loop import Schedule, WeightAverage, fit
from bench.training.pairs import TrainingPairs
from bench.weights import save_weights
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
class BigGANRecipe:
    """Everything that decides the weights, besides the code and the classifier.

    Attributes:
        channels: BigGAN's ``ch`` in G and D.
        hidden: width of the conditioning MLPs.
        steps: generator steps; one D step each.
        batch: images a step.
        lr_g, lr_d: Adam(0, 0.999) rates, constant.
    """

    name: str = "cpu"
    channels: int = 24
    hidden: int = 128
    steps: int = 5_000
    batch: int = 64
    lr_g: float = 2e-4
    lr_d: float = 4e-4
    seed: int = 1

    @property
    def ema_decay(self) -> float:
        """0.9999, or a horizon of a twentieth of the steps where that is shorter."""
        return max(0.0, min(0.9999, 1 - 20 / self.steps))

    def digest(self) -> str:
        """SHA-256 of the recipe, short."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


class BigGANTask:
    """One D step and one G step a batch, by the paper's two losses; the same fakes serve both."""

    def __init__(self, recipe: BigGANRecipe, classifier: LoadedClassifier, device: torch.device) -> None:
        self.recipe, self.device, self.classifier = recipe, device, classifier
        self.pairs = TrainingPairs(classifier, device, recipe.seed)
        k = self.pairs.num_logits
        torch.manual_seed(seed_of("init", recipe.seed))
        self.g = trainable_generator(k, recipe.channels, recipe.hidden).to(device).to(memory_format=torch.channels_last)
        self.d = trainable_discriminator(k, recipe.channels).to(device).to(memory_format=torch.channels_last)
        for net in (self.g, self.d):
            net.standardise.fit(self.pairs.logits.flatten(0, 1))
        betas = (0.0, 0.999)
        self.g_optimizer = torch.optim.Adam(self.g.parameters(), recipe.lr_g, betas)
        self.d_optimizer = torch.optim.Adam(self.d.parameters(), recipe.lr_d, betas)
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

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """On 1,000 images of ``val``: what the target sees in the reconstructions, and the pixel error."""
        net = self.averaged(batches=25)
        rows = torch.arange(0, len(self.pairs.val), 5, device=self.device)
        images, z = self.pairs.val.batch(rows), self.pairs.val_logits[rows]
        eps = torch.randn(len(z), NOISE_DIM, generator=torch.Generator().manual_seed(0)).to(self.device)
        fakes = torch.cat([net(*part) for part in zip(torch.split(z, 250), torch.split(eps, 250), strict=True)])
        again = torch.cat([self.classifier.network(part).float() for part in torch.split(fakes, 250)])
        return {
            "val_reid_class_target": float((again.argmax(1) == z.argmax(1)).float().mean()),
            "val_logit_error": float(((again - z).norm(dim=1) / z.norm(dim=1)).mean()),
            "val_mse": float((fakes - images).square().mean()),
        }

    @torch.no_grad()
    def samples(self) -> Tensor:
        """16 images of ``val``, each above two reconstructions with different noise: (3, H, W)."""
        from torchvision.utils import make_grid

        net = self.averaged(batches=25)
        rows = torch.arange(0, len(self.pairs.val), len(self.pairs.val) // 16, device=self.device)[:16]
        z = self.pairs.val_logits[rows]
        eps = torch.randn(2, 16, NOISE_DIM, generator=torch.Generator().manual_seed(1)).to(self.device)
        grid = torch.cat([self.pairs.val.batch(rows), net(z, eps[0]), net(z, eps[1])])
        return make_grid(grid, nrow=16, padding=1).cpu()  # type: ignore[no-any-return]

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

    def state_dict(self) -> dict[str, Any]:
        """Both networks, both optimisers and the average."""
        return {
            "recipe": self.recipe.digest(),
            "classifier": self.classifier.sha256,
            "g": self.g.state_dict(),
            "d": self.d.state_dict(),
            "g_optimizer": self.g_optimizer.state_dict(),
            "d_optimizer": self.d_optimizer.state_dict(),
            "average": self.average.average,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict``; another recipe or classifier is refused."""
        if (state["recipe"], state["classifier"]) != (self.recipe.digest(), self.classifier.sha256):
            raise TrainingError(
                "The checkpoint belongs to another recipe or to other classifier weights. "
                "To start anew, delete its folder or name another one with --out."
            )
        self.g.load_state_dict(state["g"])
        self.d.load_state_dict(state["d"])
        self.g_optimizer.load_state_dict(state["g_optimizer"])
        self.d_optimizer.load_state_dict(state["d_optimizer"])
        self.average.load(state["average"])


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
    task = BigGANTask(recipe, classifier, device)
    schedule = Schedule(recipe.steps, validate_every=500, checkpoint_every=250)
    seconds = fit(task, schedule, folder, resume=resume, title=f"training biggan-logit for {classifier.name}")
    facts = {
        "train_seconds": f"{seconds:.0f}",
        "method": "biggan-logit",
        "classifier": classifier.name,
        "classifier_sha256": classifier.sha256,
        "recipe": json.dumps(asdict(recipe) | {"hash": recipe.digest()}),
    }
    return save_weights(task.averaged().state_dict(), folder / f"biggan-logit-{classifier.name}.safetensors", facts)
