"""Training of 2016a: feature, adversarial and image loss, with D and G kept balanced.

    bench train inverter dosovitskiy-brox-2016a --classifier robust_resnet152

Rates, weights and the balance are the published ones; sizes and steps are what the time at hand allows. Nothing was
searched for, and the last weights ship.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from baselines.dosovitskiy_brox.comparator import Comparator
from baselines.dosovitskiy_brox.decoders import TABLE_2016A
from baselines.dosovitskiy_brox.discriminator import REAL, Discriminator
from baselines.dosovitskiy_brox.losses import Balance, adversarial_term, discriminator_loss, feature_term, image_term
from baselines.dosovitskiy_brox.training import DecoderRecipe, DecoderTask, descend
from bench.classifiers import LoadedClassifier
from bench.seeding import step_generator
from bench.training.inverters import train_inverter


@dataclass(frozen=True)
class DosovitskiyBrox2016aRecipe(DecoderRecipe):
    """The comparison recipe, the same for every classifier.

    Attributes:
        factor_d: of the discriminator's widths.
        decay_d: D's weight decay, as an L2 term in the gradient.
        pool5_rms: the root mean square of CaffeNet's pool5; it sets the size of the feature term (see the package).
    """

    name: str = "cpu"
    steps: int = 3_000
    factor_d: float = 1 / 2
    decay_d: float = 4e-4
    pool5_rms: float = 13.4


class Task2016a(DecoderTask):
    """One D step and one G step a batch, unless the balance pauses one of them; the same fakes serve both."""

    method: ClassVar[str] = "dosovitskiy-brox-2016a"
    recipe: DosovitskiyBrox2016aRecipe

    def __init__(self, recipe: DosovitskiyBrox2016aRecipe, classifier: LoadedClassifier, device: torch.device) -> None:
        super().__init__(recipe, TABLE_2016A, classifier, device)
        self.comparator = Comparator(classifier.name, device, self.pairs.data)
        self._identity |= {"comparator": self.comparator.sha256}
        self.d = Discriminator(recipe.factor_d).to(device).to(memory_format=torch.channels_last)
        self.d_optimizer = torch.optim.Adam(
            self.d.parameters(), recipe.lr, (recipe.beta1, 0.999), weight_decay=recipe.decay_d
        )
        self.networks["d"], self.optimizers["d"] = self.d, self.d_optimizer
        self.balance = Balance()

    def step(self, step: int) -> dict[str, Tensor]:
        """D's loss on real and generated images, then G's three terms against the moved D."""
        images, z = self.pairs.batch(step, self.recipe.batch)
        noise = step_generator(self.recipe.seed, step)
        with torch.autocast(self.device.type, torch.bfloat16):
            fakes = self.g(z)
            scores = self.d(torch.cat([images, fakes.detach()]), noise).float()
        loss_d = discriminator_loss(*scores.chunk(2))
        if self.balance.train_d:
            descend(self.d_optimizer, loss_d)

        terms = self.terms(fakes, images, noise)
        if self.balance.train_g:
            descend(self.g_optimizer, torch.stack(list(terms.values())).sum())
            self.average.update(self.g.state_dict(), step)
        scalars = {name: term.detach() for name, term in terms.items()}
        scalars |= {"loss_d": loss_d.detach(), "fake_std": fakes.detach().std(0).mean()}
        scalars |= {name: torch.tensor(float(on)) for name, on in asdict(self.balance).items()}
        # the only wait for the device in a step: a pause saves whole backward passes, so the host has to know of it
        self.balance = self.balance.after(float(scalars["loss_d"] / scalars["adversarial"]))
        return scalars

    def terms(self, fakes: Tensor, images: Tensor, noise: torch.Generator) -> dict[str, Tensor]:
        """G's weighted terms, lambda_feat L_feat, lambda_adv L_adv and lambda_img L_img, for images in [0, 1]."""
        self.d.requires_grad_(False)
        with torch.autocast(self.device.type, torch.bfloat16):
            scores = self.d(fakes, noise)
            compared = self.comparator(fakes)
            with torch.no_grad():
                aim = self.comparator(images)
        self.d.requires_grad_(True)
        return {
            "feature": feature_term(compared, aim, self.recipe.pool5_rms),
            "adversarial": adversarial_term(scores.float(), REAL),
            "image": image_term(fakes, images),
        }

    def alarm(self, scalars: dict[str, float]) -> str | None:
        """Collapse: all fakes are the same image."""
        if scalars["fake_std"] < 0.01:
            return "The training collapsed: G gives the same image whatever its input."
        return None

    def facts(self) -> dict[str, str]:
        """Which comparator was used."""
        return {"comparator": self.comparator.name, "comparator_sha256": self.comparator.sha256}

    def state_dict(self) -> dict[str, Any]:
        """With the balance and the unit of the features."""
        return super().state_dict() | {"balance": asdict(self.balance), "rms": self.comparator.rms}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """With the balance and the unit of the features."""
        super().load_state_dict(state)
        self.balance, self.comparator.rms = Balance(**state["balance"]), float(state["rms"])


def recipe(steps: int | None = None) -> DosovitskiyBrox2016aRecipe:
    """The recipe of this machine class, with another number of steps if asked."""
    return DosovitskiyBrox2016aRecipe() if steps is None else DosovitskiyBrox2016aRecipe(steps=steps)


def train(
    classifier: LoadedClassifier,
    folder: Path,
    device: torch.device,
    *,
    resume: bool,
    recipe: DosovitskiyBrox2016aRecipe,
) -> Path:
    """Train one inverter; returns the safetensors file of the averaged decoder."""
    return train_inverter(Task2016a(recipe, classifier, device), recipe, folder, resume=resume)
