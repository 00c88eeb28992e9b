"""Training of the logit-conditioned BigGAN on (logits, image) pairs of one frozen classifier.

    bench train inverter biggan-logit --classifier robust_resnet152
    bench train inverter biggan-logit --classifier efficientnet_lite0 --dataset tiny-imagenet --recipe gpu64 --budget 8

One recipe was trained, once: its rates were seen to separate real from fake within 60 steps, its steps are what the
time at hand allowed, and the last weights ship. ``val`` is watched in training, ``test`` is looked at afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor
from torch.nn.utils import parametrize

from bench.classifiers import LoadedClassifier
from bench.errors import UsageError
from bench.seeding import seed_of, step_generator
from bench.training.engine import Engine
from bench.training.inverters import InverterTask, Reconstruct
from bench.training.loop import WeightAverage, add
from bench.training.pairs import TrainingPairs
from bench.training.trainer import Trainer
from methods.biggan_logit.consistency import draw_moves, inconsistency, moved
from methods.biggan_logit.discriminator import trainable_discriminator
from methods.biggan_logit.generator import (
    NOISE_DIM,
    Generator,
    effective_state,
    estimate_statistics,
    generator_of,
    normalise,
    trainable_generator,
)
from methods.biggan_logit.loss import discriminator_loss, generator_loss
from methods.biggan_logit.matching import frozen, mismatch
from methods.biggan_logit.recipes import RECIPES, BigGANRecipe
from methods.biggan_logit.tables import TABLES

STATISTICS_BATCHES = 200
COLLAPSE_PATIENCE = 6
__all__ = ["RECIPES", "Adversaries", "BigGANRecipe", "BigGANTask", "BigGANTrainer", "Pairs"]


class Pairs(Protocol):
    """Where images and their logits come from.

    Attributes:
        image_size: side of the images in pixels.
    """

    image_size: int

    @property
    def num_logits(self) -> int:
        """K."""

    def reference(self) -> Tensor:
        """Logits (M, K) by whose statistics the networks normalise theirs."""

    def batch(self, step: int, size: int, part: int = 0) -> tuple[Tensor, Tensor]:
        """This process's ``part`` of batch number ``step``: images (n, 3, H, W) in [0, 1] and logits (n, K)."""


@dataclass(frozen=True)
class Part:
    """What one forward and backward pass sees.

    Attributes:
        images, z: real images (n, 3, H, W) and their logits (n, K).
        eps: noise (n, 120).
        moves: T for the real and for the fake images, or None without consistency regularisation.
    """

    images: Tensor
    z: Tensor
    eps: Tensor
    moves: tuple[Tensor, Tensor] | None

    def tensors(self) -> list[Tensor]:
        """All of them, in a fixed order."""
        return [self.images, self.z, self.eps, *(self.moves or ())]

    def take(self, other: Part) -> None:
        """Hold what another part holds, in this one's memory."""
        for mine, its in zip(self.tensors(), other.tensors(), strict=True):
            mine.copy_(its, non_blocking=True)


class Adversaries:
    """G and D, their optimisers and average, and one step of both by the paper's two losses, on any ``Pairs``."""

    def __init__(self, recipe: BigGANRecipe, engine: Engine, pairs: Pairs) -> None:
        self.recipe, self.engine, self.pairs = recipe, engine, pairs
        k, size, whiten = pairs.num_logits, pairs.image_size, recipe.whiten
        torch.manual_seed(seed_of("init", recipe.seed))
        self.g = engine.place(trainable_generator(k, recipe.channels, recipe.hidden, size, whiten=whiten))
        self.d = engine.place(trainable_discriminator(k, recipe.width_d, size, whiten=whiten))
        for net in (self.g, self.d):
            net.standardise.fit(pairs.reference())
        self._g, self._d = engine.parallel(self.g), engine.parallel(self.d)
        betas = (0.0, 0.999)
        self.g_optimizer = engine.adam(self.g.parameters(), recipe.lr_g, betas)
        self.d_optimizer = engine.adam(self.d.parameters(), recipe.lr_d, betas)
        self.average = WeightAverage(effective_state(self.g), recipe.ema_decay)
        self._launch = engine.launcher()

    def step(self, step: int) -> dict[str, Tensor]:
        """The D steps of a G step, each on a batch of its own, then a G step on the fakes of the last against D.

        Batch j of step t is number t d_steps + j of the stream: its rows, mirrors, noise and T follow from that.
        With ``accumulate`` above one G runs twice a part, so that no more than one part's graph is in memory.
        """
        d_steps = self.recipe.d_steps
        numbers = range(step * d_steps, (step + 1) * d_steps)
        self.g.train()
        given = [part for number in numbers for part in self._parts(number)]
        totals = self._moved(given) if self._launch is None else self._launch(self._moved, given)
        self.average.update(effective_state(self.g), max(0, step - self.recipe.ema_start))
        return totals

    def _moved(self, given: Sequence[Part]) -> dict[str, Tensor]:
        """Move D on one batch after the other and then G on the last, each cut into its parts."""
        totals: dict[str, Tensor] = {}
        a_batch = self.engine.accumulate
        for start in range(0, len(given), a_batch):
            parts = given[start : start + a_batch]
            fakes = self._step_d(parts, totals, keep=start + a_batch == len(given) and a_batch == 1)
        self._step_g(parts, fakes, totals)
        return totals

    def _parts(self, number: int) -> list[Part]:
        """One batch, drawn whole, and of it what this process computes."""
        size, engine = self.recipe.batch, self.engine
        generator = step_generator(self.recipe.seed, number)
        noise = engine.put(torch.randn(size, NOISE_DIM, generator=generator))
        moves = None
        if self.recipe.consistency:
            real, fake = (draw_moves(size, self.pairs.image_size, generator, engine.device) for _ in range(2))
            moves = (real, fake)
        parts = []
        for part in range(engine.accumulate):
            images, z = self.pairs.batch(number, size, part)
            own = None if moves is None else (engine.share(moves[0], part), engine.share(moves[1], part))
            parts.append(Part(images, z, engine.share(noise, part).to(engine.dtype), own))
        return parts

    def _step_d(self, parts: Sequence[Part], totals: dict[str, Tensor], *, keep: bool) -> list[Tensor]:
        """Move D; returns the fakes, with their graph where it is to be kept."""
        fakes: list[Tensor] = []
        self.d_optimizer.zero_grad(set_to_none=True)
        for k, part in enumerate(parts):
            with torch.set_grad_enabled(keep):
                made = self.fakes(part.z, part.eps)
            fakes.append(made)
            with self.engine.gathering(self._d, k):
                scores = self._scores(part, made.detach())
                as_they_are = scores[: 2 * len(made)]
                d_real, d_fake = as_they_are.chunk(2)
                loss = discriminator_loss(d_real, d_fake)
                scalars = {"loss_d": loss.detach(), "d_real": d_real.detach().mean(), "d_fake": d_fake.detach().mean()}
                if part.moves is not None:
                    term = inconsistency(as_they_are, scores[2 * len(made) :])
                    loss = loss + self.recipe.consistency * term
                    scalars["inconsistency"] = term.detach()
                (loss / self.engine.accumulate).backward()  # type: ignore[no-untyped-call]
                add(totals, scalars, len(parts) * self.recipe.d_steps)
        self.d_optimizer.step()
        return fakes

    def _step_g(self, parts: Sequence[Part], fakes: list[Tensor], totals: dict[str, Tensor]) -> None:
        """Move G against D, which stands still; the same fakes serve again where their graph was kept."""
        self.d.requires_grad_(False)
        try:
            self.g_optimizer.zero_grad(set_to_none=True)
            for k, part in enumerate(parts):
                with self.engine.gathering(self._g, k):
                    made = fakes[k] if len(parts) == 1 else self.fakes(part.z, part.eps)
                    with parametrize.cached():
                        normalise(self.d)
                        with self.engine.autocast():
                            loss = generator_loss(self.d(made, part.z).to(part.z.dtype))
                    spread = made.detach().to(part.z.dtype).std(0).mean()
                    scalars = {"loss_g": loss.detach(), "fake_std": spread}
                    for name, weight, term in self.terms(part, made):
                        scalars[name], loss = term.detach(), loss + weight * term
                    (loss / self.engine.accumulate).backward()  # type: ignore[no-untyped-call]
                    add(totals, scalars, len(parts))
            self.g_optimizer.step()
        finally:
            self.d.requires_grad_(True)

    def terms(self, part: Part, made: Tensor) -> list[tuple[str, float, Tensor]]:
        """What G's loss has beside the hinge: name, weight and value; nothing in the faithful recipe."""
        return []

    def fakes(self, z: Tensor, eps: Tensor) -> Tensor:
        """G(z, eps) as it is trained, (N, 3, H, W)."""
        with parametrize.cached():
            normalise(self.g)
            with self.engine.autocast():
                made: Tensor = self._g(z, eps)
        return made

    def _scores(self, part: Part, fakes: Tensor) -> Tensor:
        """D's of a part's images and its fakes, and then of both moved where the consistency term is on."""
        images = torch.cat([part.images, fakes.to(part.images.dtype)])
        z = torch.cat([part.z, part.z])
        if part.moves is not None:
            images, z = torch.cat([images, moved(images, torch.cat(part.moves))]), torch.cat([z, z])
        with parametrize.cached():
            normalise(self.d)
            with self.engine.autocast():
                scores: Tensor = self._d(images, z).to(images.dtype)
        return scores


class BigGANTask(Adversaries, InverterTask):
    """The training of one inverter: both adversaries on the pairs of one frozen classifier."""

    method: ClassVar[str] = "biggan-logit"
    noise_draws: ClassVar[int] = 2

    recipe: BigGANRecipe
    pairs: TrainingPairs

    def __init__(
        self, recipe: BigGANRecipe, pairs: TrainingPairs, classifier: LoadedClassifier, engine: Engine
    ) -> None:
        InverterTask.__init__(self, recipe, pairs, classifier, engine)
        Adversaries.__init__(self, recipe, engine, pairs)
        self.networks = {"g": self.g, "d": self.d}
        self.optimizers = {"g": self.g_optimizer, "d": self.d_optimizer}
        self._flat = 0
        if recipe.match and type(self).given is not InverterTask.given:
            raise UsageError(f"match compares logits, and {self.method} is given something else. Leave it at 0.")
        self._frozen = frozen(classifier, pairs.image_size, engine) if recipe.match else None

    def terms(self, part: Part, made: Tensor) -> list[tuple[str, float, Tensor]]:
        """The classifier's own answer to the reconstructions, where the recipe asks for it."""
        if self._frozen is None:
            return []
        return [("mismatch", self.recipe.match, mismatch(self._frozen, self.g.standardise, made.float(), part.z))]

    def alarm(self, scalars: dict[str, float]) -> str | None:
        """Collapse: D tells nothing apart for six reports in a row, or all fakes are the same image."""
        self._flat = self._flat + 1 if abs(scalars["loss_d"]) < 0.02 else 0
        if self._flat >= COLLAPSE_PATIENCE:
            return "The training collapsed: D has not told real from fake since six reports (hinge loss at 2.0)."
        if scalars["fake_std"] < 0.01:
            return "The training collapsed: G gives the same image whatever its input."
        return None

    def state_dict(self) -> dict[str, Any]:
        """All networks, all optimisers, the average, and how long D has told nothing apart."""
        return super().state_dict() | {"flat": self._flat}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict``; another method, recipe or classifier is refused."""
        super().load_state_dict(state)
        self._launch = self.engine.launcher()  # the optimisers' states lie elsewhere now
        self._flat = int(state.get("flat", 0))

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
        net = generator_of(self.pairs.num_logits, self.pairs.image_size, self.recipe.settings())
        net.load_state_dict(self.average.average)
        net.to(self.device).to(memory_format=torch.channels_last)
        generator = torch.Generator().manual_seed(seed_of("statistics"))
        sets = []
        for k in range(batches):
            z = self.pairs.whole_logits(k, self.recipe.batch)
            sets.append((z, torch.randn(len(z), NOISE_DIM, generator=generator).to(self.device)))
        estimate_statistics(net, sets)
        return net


class BigGANTrainer(Trainer):
    """The training of ``biggan-logit``."""

    task = BigGANTask
    recipes = RECIPES
    sizes = tuple(TABLES)
