"""Training of the CIFAR-10 classifiers: plain, or adversarial by N-FGSM.

Every choice below was made on ``val``; ``test`` is looked at once the recipe stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.classifiers.attacks import noise_fgsm, pgd
from bench.classifiers.base import Classifier
from bench.classifiers.resnet import ThinResNet152
from bench.classifiers.vgg import JudgeVGG
from bench.datasets import cifar10
from bench.seeding import seed_of, step_generator
from bench.training.data import TrainingImages, flip_and_shift
from bench.training.loop import Schedule, WeightAverage, fit


@dataclass(frozen=True)
class ClassifierRecipe:
    """Everything that decides a classifier's weights, besides the code."""

    name: str
    epochs: int
    batch: int = 128
    peak_lr: float = 0.2
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warmup: float = 0.15
    shift: int = 4
    label_smoothing: float = 0.0
    epsilon: float = 0.0
    average: float = 0.998
    seed: int = 1

    def digest(self) -> str:
        """SHA-256 of the recipe, short."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


RECIPES = {
    "robust_resnet152": ClassifierRecipe("robust_resnet152", epochs=14, epsilon=8 / 255),
    "resnet152": ClassifierRecipe("resnet152", epochs=18),
    "judge": ClassifierRecipe("judge", epochs=14, peak_lr=0.4, shift=2, label_smoothing=0.1, seed=2),
}

BUILD: dict[str, Callable[[], Classifier]] = {
    "robust_resnet152": ThinResNet152,
    "resnet152": ThinResNet152,
    "judge": JudgeVGG,
}


class ClassifierTask:
    """A classifier under training: SGD with Nesterov momentum, one triangular cycle, weights averaged."""

    def __init__(self, recipe: ClassifierRecipe, device: torch.device) -> None:
        self.recipe, self.device = recipe, device
        torch.manual_seed(seed_of("init", recipe.seed))
        self.net = BUILD[recipe.name]().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.data = TrainingImages(cifar10.load("train"), device, recipe.seed)
        self.steps = recipe.epochs * (len(self.data) // recipe.batch)
        decayed = [p for p in self.net.parameters() if p.ndim > 1]
        plain = [p for p in self.net.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.SGD(groups, lr=recipe.peak_lr, momentum=recipe.momentum, nesterov=True)
        self.average = WeightAverage(self.net, recipe.average)

    def lr(self, step: int) -> float:
        """Linear from 0 to the peak over the warm-up, then linear to 0."""
        t, w = (step + 1) / self.steps, self.recipe.warmup
        return self.recipe.peak_lr * (t / w if t < w else (1 - t) / (1 - w))

    def step(self, step: int) -> dict[str, Tensor]:
        """One batch: augment, attack where the recipe is adversarial, descend."""
        recipe, generator = self.recipe, step_generator(self.recipe.seed, step)
        rows = self.data.rows(step, recipe.batch)
        labels = self.data.labels[rows]
        images = flip_and_shift(self.data.batch(rows), generator, recipe.shift)
        self.net.train()
        if recipe.epsilon:
            noise = torch.rand(images.shape, generator=generator).to(self.device).mul_(2).sub_(1)
            images = noise_fgsm(self.net, images, labels, recipe.epsilon, 2 * recipe.epsilon * noise)
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr(step)
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = self.net(images)
        loss = F.cross_entropy(logits.float(), labels, label_smoothing=recipe.label_smoothing)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.average.update(self.net, step)
        accuracy = (logits.argmax(1) == labels).float().mean()
        return {"loss": loss.detach(), "train_accuracy": accuracy}

    def alarm(self, scalars: dict[str, float]) -> str | None:
        """Nothing beyond the loop's own check for non-finite losses."""
        return None

    def validate(self) -> dict[str, float]:
        """Clean and, for a robust recipe, PGD-10 accuracy of the averaged weights on (a part of) ``val``."""
        net = self.averaged()
        val = TrainingImages(cifar10.load("val"), self.device, 0)
        scores = {"val_accuracy": accuracy(net, val)}
        if self.recipe.epsilon:
            scores["val_pgd10_500"] = robust_accuracy(net, val, steps=10, limit=500)
        return scores

    def samples(self) -> Tensor | None:
        """Nothing to see."""
        return None

    def averaged(self) -> Classifier:
        """A copy that carries the averaged weights, in evaluation mode."""
        net = BUILD[self.recipe.name]().to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        net.load_state_dict(self.average.average, strict=False)
        return net.eval()  # type: ignore[no-any-return]

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
            raise TrainingError("The checkpoint belongs to another recipe. Start again without --resume.")
        self.net.load_state_dict(state["net"])
        self.average.average = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])


@torch.no_grad()
def accuracy(net: nn.Module, data: TrainingImages, batch: int = 500) -> float:
    """Share of correct top-1 classes, in float32."""
    hits = torch.zeros((), device=data.images.device)
    for rows in torch.arange(len(data), device=data.images.device).split(batch):
        hits += (net(data.batch(rows)).argmax(1) == data.labels[rows]).sum()
    return float(hits) / len(data)


def robust_accuracy(net: nn.Module, data: TrainingImages, steps: int, limit: int, batch: int = 250) -> float:
    """Share of the first ``limit`` images still classified right after PGD (8/255, step 2/255, random start)."""
    hits = 0
    order = torch.linspace(0, len(data) - 1, limit).long().to(data.images.device)
    for k, rows in enumerate(order.split(batch)):
        images, labels = data.batch(rows), data.labels[rows]
        generator = torch.Generator().manual_seed(seed_of("pgd", k))
        attacked = pgd(net, images, labels, steps=steps, generator=generator, autocast=True)
        with torch.no_grad():
            hits += int((net(attacked).argmax(1) == labels).sum())
    return hits / limit


def train(name: str, folder: Path, device: torch.device, *, resume: bool, epochs: int | None = None) -> Path:
    """Train one classifier by its recipe; returns the fp16 safetensors file of the averaged weights."""
    from safetensors.torch import save_file

    recipe = RECIPES[name] if epochs is None else replace(RECIPES[name], epochs=epochs)
    task = ClassifierTask(recipe, device)
    per_epoch = len(task.data) // recipe.batch
    schedule = Schedule(task.steps, validate_every=2 * per_epoch, checkpoint_every=per_epoch)
    fit(task, schedule, folder, resume=resume, title=f"training {name}")
    state = {k: v.half().contiguous().cpu() for k, v in task.average.average.items() if v.is_floating_point()}
    save_file(state, folder / f"{name}.safetensors")
    return folder / f"{name}.safetensors"
