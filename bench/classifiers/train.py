"""Training of the shipped classifiers: plain, or adversarial by N-FGSM.

``val`` is watched in training; ``test`` is looked at once, when the weights are published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.classifiers.attacks import noise_fgsm, pgd
from bench.classifiers.base import Classifier
from bench.classifiers.providers.zoo import ZOO
from bench.classifiers.recipes import ClassifierRecipe
from bench.datasets import load_training
from bench.seeding import seed_of, step_generator
from bench.training.data import TrainingImages, flip_and_shift
from bench.training.engine import Engine
from bench.training.journal import describe_run
from bench.training.loop import Schedule, WeightAverage, add, fit
from bench.weights.files import save_weights


class WithAuxiliaryHeads(nn.Module):
    """A classifier as it is called in training: all of its logits at once."""

    def __init__(self, net: Classifier) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """[0, 1] images (N, 3, H, W) to logits (N, K), the auxiliary heads' after those that count."""
        return self.net.training_logits(images)


class ClassifierTask:
    """A classifier under training: SGD with Nesterov momentum, one triangular cycle, weights averaged."""

    def __init__(self, recipe: ClassifierRecipe, engine: Engine) -> None:
        self.recipe, self.engine, self.device = recipe, engine, engine.device
        torch.manual_seed(seed_of("init", recipe.seed))
        self.net = engine.place(ZOO[recipe.name].build().for_training())
        self._net = engine.parallel(WithAuxiliaryHeads(self.net))
        train, self._held_out = load_training(recipe.dataset)
        self.data = TrainingImages(train, engine.device, recipe.seed)
        self.steps = recipe.epochs * (len(self.data) // recipe.batch)
        decayed = [p for p in self.net.parameters() if p.ndim > 1]
        plain = [p for p in self.net.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.SGD(groups, lr=recipe.peak_lr, momentum=recipe.momentum, nesterov=True)
        self.average = WeightAverage(self.net.state_dict(), recipe.average)

    def lr(self, step: int) -> float:
        """Linear from 0 to the peak over the warm-up, then linear to 0."""
        t, w = (step + 1) / self.steps, self.recipe.warmup
        return self.recipe.peak_lr * (t / w if t < w else (1 - t) / (1 - w))

    def step(self, step: int) -> dict[str, Tensor]:
        """One batch: augment, attack where the recipe is adversarial, descend."""
        recipe, engine, generator = self.recipe, self.engine, step_generator(self.recipe.seed, step)
        rows = self.data.rows(step, recipe.batch)
        augmented = flip_and_shift(self.data.batch(rows), generator, recipe.shift)
        noise = torch.rand(augmented.shape, generator=generator) if recipe.epsilon else None
        self.net.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr(step)
        self.optimizer.zero_grad(set_to_none=True)
        totals: dict[str, Tensor] = {}
        for part in range(engine.accumulate):
            images = engine.share(augmented, part).to(engine.dtype)
            labels = engine.share(self.data.labels[rows], part)
            if noise is not None:
                moves = engine.put(engine.share(noise, part)).to(engine.dtype).mul_(2).sub_(1)
                images = noise_fgsm(
                    self.net, images, labels, recipe.epsilon, 2 * recipe.epsilon * moves,
                    autocast=engine.precision == "bf16",
                )  # fmt: skip
            with engine.gathering(self._net, part):
                add(totals, self._descend(images, labels), engine.accumulate)
        self.optimizer.step()
        self.average.update(self.net.state_dict(), step)
        return totals

    def _descend(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Add the gradient of the loss on a part of the batch."""
        with self.engine.autocast():
            logits, *others = self._net(images)
        loss = self.loss(logits, labels)
        loss = loss + (self.recipe.auxiliary or 0) * sum(self.loss(z, labels) for z in others)
        (loss / self.engine.accumulate).backward()  # type: ignore[no-untyped-call]
        hits = (logits.argmax(1) == labels).to(loss.dtype)
        return {"loss": loss.detach(), "train_accuracy": hits.mean()}

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Mean cross-entropy of logits (N, K) and labels (N,), at least in float32."""
        return F.cross_entropy(logits.to(self.engine.dtype), labels, label_smoothing=self.recipe.label_smoothing)

    def alarm(self, scalars: dict[str, float]) -> str | None:
        """Nothing beyond the loop's own check for non-finite losses."""
        return None

    def validate(self) -> dict[str, float]:
        """Clean and, for a robust recipe, PGD-10 accuracy of the averaged weights on (a part of) ``val``."""
        net = self.averaged()
        val = TrainingImages(self._held_out, self.device, 0)
        scores = {"val_accuracy": accuracy(net, val)}
        if self.recipe.epsilon:
            scores["val_pgd10_500"] = robust_accuracy(net, val, steps=10, limit=500)
        return scores

    def samples(self) -> Tensor | None:
        """Nothing to see."""
        return None

    def averaged(self) -> Classifier:
        """A copy that carries the averaged weights, in evaluation mode."""
        net = ZOO[self.recipe.name].build()
        net.load_state_dict(kept(self.average.average, net))
        return net.eval().to(self.device).to(memory_format=torch.channels_last)

    def state_dict(self) -> dict[str, Any]:
        """Weights, their average and the momentum."""
        return {
            "net": self.net.state_dict(),
            "average": self.average.average,
            "optimizer": self.optimizer.state_dict(),
            "recipe": self.recipe.digest(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        from bench.errors import TrainingError

        if state["recipe"] != self.recipe.digest():
            raise TrainingError("The checkpoint belongs to another recipe. To start anew, delete its folder.")
        self.net.load_state_dict(state["net"])
        self.average.load(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])


def kept(state: Mapping[str, Tensor], net: Classifier) -> dict[str, Tensor]:
    """The part of a trained state that the network has outside training."""
    return {name: state[name] for name in net.state_dict()}


@torch.no_grad()
def accuracy(net: nn.Module, data: TrainingImages, batch: int = 500) -> float:
    """Share of correct top-1 classes, in float32."""
    hits = torch.zeros((), device=data.device)
    for rows in data.blocks(batch):
        hits += (net(data.batch(rows)).argmax(1) == data.labels[rows]).sum()
    return float(hits) / len(data)


def robust_accuracy(net: nn.Module, data: TrainingImages, steps: int, limit: int, batch: int = 250) -> float:
    """Share of the first ``limit`` images still classified right after PGD (8/255, step 2/255, random start)."""
    hits = 0
    order = torch.linspace(0, len(data) - 1, limit).long().to(data.place)
    for k, rows in enumerate(torch.split(order, batch)):
        images, labels = data.batch(rows), data.labels[rows]
        generator = torch.Generator().manual_seed(seed_of("pgd", k))
        attacked = pgd(net, images, labels, steps=steps, generator=generator, autocast=True)
        with torch.no_grad():
            hits += int((net(attacked).argmax(1) == labels).sum())
    return hits / limit


def train(recipe: ClassifierRecipe, folder: Path, engine: Engine, *, resume: bool, budget: float | None = None) -> Path:
    """Train one classifier by its recipe; returns the fp16 safetensors file of the averaged weights.

    Args:
        recipe: its settings.
        folder: of checkpoints and of the file.
        engine: how it computes.
        resume: whether to go on from a checkpoint that is there.
        budget: minutes that the epochs were fitted to, which ``run.json`` says, or None.
    """
    task = ClassifierTask(recipe, engine)
    settings = recipe.settings() | {"hash": recipe.digest(), "steps": task.steps}
    describe = partial(describe_run, folder, engine, recipe.settings(), classifier=recipe.name, budget=budget)
    per_epoch = len(task.data) // recipe.batch
    schedule = Schedule(task.steps, validate_every=2 * per_epoch, checkpoint_every=per_epoch)
    seconds = fit(task, schedule, folder, resume=resume, title=f"training {recipe.name}", describe=describe)
    path = folder / f"{recipe.name}.safetensors"
    if engine.first:
        facts = {"classifier": recipe.name, "train_seconds": f"{seconds:.0f}", "recipe": json.dumps(settings)}
        save_weights(task.averaged().state_dict(), path, facts)
    return path
