"""Training of 2016a: feature, adversarial and image loss, with D and G kept balanced.

    bench train inverter dosovitskiy-brox-2016a --classifier robust_resnet152

Rates, weights and the balance are the published ones; sizes and steps are what the time at hand allows. Nothing was
searched for, and the last weights ship.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from baselines.dosovitskiy_brox.comparator import Comparator
from baselines.dosovitskiy_brox.decoders import SIZES, TABLE_2016A
from baselines.dosovitskiy_brox.discriminator import REAL, Discriminator
from baselines.dosovitskiy_brox.losses import Balance, adversarial_term, discriminator_loss, feature_term, image_term
from baselines.dosovitskiy_brox.training import DecoderRecipe, DecoderTask
from bench.classifiers import LoadedClassifier
from bench.seeding import step_generator
from bench.training.engine import Engine
from bench.training.loop import add
from bench.training.pairs import TrainingPairs
from bench.training.trainer import Trainer


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
    table = TABLE_2016A
    recipe: DosovitskiyBrox2016aRecipe

    def __init__(
        self, recipe: DosovitskiyBrox2016aRecipe, pairs: TrainingPairs, classifier: LoadedClassifier, engine: Engine
    ) -> None:
        super().__init__(recipe, pairs, classifier, engine)
        self.comparator = Comparator(classifier.name, engine, pairs.data)
        self._identity |= {"comparator": self.comparator.sha256}
        self.d = engine.place(Discriminator(recipe.factor_d, pairs.image_size))
        self._d = engine.parallel(self.d)
        self.d_optimizer = torch.optim.Adam(
            self.d.parameters(), recipe.lr, (recipe.beta1, 0.999), weight_decay=recipe.decay_d
        )
        self.networks["d"], self.optimizers["d"] = self.d, self.d_optimizer
        self.balance = Balance()

    def step(self, step: int) -> dict[str, Tensor]:
        """D's loss on real and generated images, then G's three terms against the moved D."""
        engine, noise = self.engine, step_generator(self.recipe.seed, step)
        batches = [self.pairs.batch(step, self.recipe.batch, part) for part in range(engine.accumulate)]
        both, once = self.masks(2, noise), self.masks(1, noise)
        fakes: list[Tensor] = []
        totals: dict[str, Tensor] = {}
        self.d_optimizer.zero_grad(set_to_none=True)
        for part, (images, z) in enumerate(batches):
            with torch.set_grad_enabled(len(batches) == 1), engine.autocast():
                fakes.append(self._g(z))
            with engine.gathering(self._d, part):
                add(totals, self._descend_d(images, fakes[part].detach(), both[part]), len(batches))
        if self.balance.train_d:
            self.d_optimizer.step()

        self.g_optimizer.zero_grad(set_to_none=True)
        for part, (images, z) in enumerate(batches):
            with engine.gathering(self._g, part):
                if len(batches) > 1:
                    with engine.autocast():
                        fakes[part] = self._g(z)
                add(totals, self._descend_g(fakes[part], images, once[part]), len(batches))
        if self.balance.train_g:
            self.g_optimizer.step()
            self.average.update(self.g.state_dict(), step)
        totals |= {name: torch.tensor(float(on)) for name, on in asdict(self.balance).items()}
        # the only wait for the device in a step: a pause saves whole backward passes, so the host has to know of it
        losses = engine.mean({name: totals[name] for name in ("loss_d", "adversarial")})
        self.balance = self.balance.after(float(losses["loss_d"] / losses["adversarial"]))
        return totals

    def masks(self, kinds: int, noise: torch.Generator) -> list[list[Tensor]]:
        """D's masks for each part of the batch, ``kinds`` images a row of it: drawn for the whole batch."""
        size, engine = self.recipe.batch, self.engine
        drawn = [engine.put(mask).chunk(kinds) for mask in self.d.masks(kinds * size, noise)]
        return [
            [torch.cat([engine.share(kind, part) for kind in layer]) for layer in drawn]
            for part in range(engine.accumulate)
        ]

    def _descend_d(self, images: Tensor, fakes: Tensor, masks: list[Tensor]) -> dict[str, Tensor]:
        """Add the gradient of D's loss to D's, unless it is paused."""
        with torch.set_grad_enabled(self.balance.train_d):
            with self.engine.autocast():
                scores = self._d(torch.cat([images, fakes]), masks)
            loss = discriminator_loss(*scores.to(images.dtype).chunk(2))
        if self.balance.train_d:
            (loss / self.engine.accumulate).backward()  # type: ignore[no-untyped-call]
        return {"loss_d": loss.detach(), "fake_std": fakes.to(images.dtype).std(0).mean()}

    def _descend_g(self, fakes: Tensor, images: Tensor, masks: list[Tensor]) -> dict[str, Tensor]:
        """Add the gradient of G's loss to G's, unless it is paused."""
        terms = self.terms(fakes, images, masks)
        if self.balance.train_g:
            (torch.stack(list(terms.values())).sum() / self.engine.accumulate).backward()  # type: ignore[no-untyped-call]
        return {name: term.detach() for name, term in terms.items()}

    def terms(self, fakes: Tensor, images: Tensor, masks: list[Tensor]) -> dict[str, Tensor]:
        """G's weighted terms, lambda_feat L_feat, lambda_adv L_adv and lambda_img L_img, for images in [0, 1]."""
        self.d.requires_grad_(False)
        with self.engine.autocast():
            scores = self.d(fakes, masks)
            compared = self.comparator(fakes)
            with torch.no_grad():
                aim = self.comparator(images)
        self.d.requires_grad_(True)
        return {
            "feature": feature_term(compared, aim, self.recipe.pool5_rms),
            "adversarial": adversarial_term(scores.to(images.dtype), REAL),
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


class Trainer2016a(Trainer):
    """The training of ``dosovitskiy-brox-2016a``."""

    task = Task2016a
    recipes = {  # noqa: RUF012
        "cpu": DosovitskiyBrox2016aRecipe(),
        "cpu64": DosovitskiyBrox2016aRecipe(name="cpu64", steps=12_000),  # of 64 px, where 3,000 leave noise
    }
    sizes = SIZES
