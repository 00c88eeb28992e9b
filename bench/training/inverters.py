"""What the trainings of all learned inverters share: the look at ``val``, checkpoints, the file at the end."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from bench.classifiers import LoadedClassifier
from bench.errors import TrainingError
from bench.training.engine import Engine, restore
from bench.training.journal import describe_run
from bench.training.loop import Schedule, WeightAverage, fit
from bench.training.pairs import SAMPLES, TrainingPairs
from bench.training.trainer import InverterRecipe
from bench.weights.files import save_weights

MANTISSA = 7  # bits kept of each weight: bfloat16's precision, in which the training multiplied
LOOKS_EVERY = 500  # steps between looks at held-out data
Reconstruct = Callable[[Tensor, int], Tensor]


class InverterTask(ABC):
    """The part of a training that is the same for all; a subclass builds networks and writes ``step``.

    Attributes:
        method: name of the inverter.
        engine, recipe: what it was made with.
        noise_draws: rows of reconstructions in the sample grid; 1 for a deterministic inverter.
        looks_at: images of ``val`` in a look at it.
        networks, optimizers: by name, set by the subclass; all of their state goes into the checkpoint.
        average: of the weights that ship, empty unless the subclass keeps one.
    """

    method: ClassVar[str]
    noise_draws: ClassVar[int] = 1
    looks_at: ClassVar[int] = 1_000
    recipe: InverterRecipe
    networks: dict[str, nn.Module]
    optimizers: dict[str, torch.optim.Optimizer]
    average: WeightAverage

    def __init__(
        self, recipe: InverterRecipe, pairs: TrainingPairs, classifier: LoadedClassifier, engine: Engine
    ) -> None:
        self.recipe, self.classifier, self.engine, self.device = recipe, classifier, engine, engine.device
        self.pairs, self.average = pairs, WeightAverage({}, 0.0)
        pairs.given = self.given
        self._identity = {"method": self.method, "recipe": recipe.digest(), "classifier": classifier.sha256}
        if pairs.identity:
            self._identity["images"] = pairs.identity

    def given(self, logits: Tensor) -> Tensor:
        """What the inverter is given in place of logits (..., K)."""
        return logits

    @abstractmethod
    def step(self, step: int) -> dict[str, Tensor]:
        """One optimisation step; returns detached scalars, left on the device."""

    @abstractmethod
    def averaged(self) -> nn.Module:
        """The network that ships, from the averaged weights, in evaluation mode."""

    @abstractmethod
    def reconstructing(self) -> Reconstruct:
        """The averaged network as a function of what is ``given`` (N, K) and a draw's number: (N, 3, H, W)."""

    def alarm(self, scalars: dict[str, float]) -> str | None:
        """Nothing beyond the loop's own check for losses that are not finite."""
        return None

    def facts(self) -> dict[str, str]:
        """What the weight file says besides what all of them say."""
        return {}

    def _some_of_val(self, count: int) -> Tensor:
        """Rows of ``val``, at most ``count``: spread over it; of a user's own, which has its classes by turns, the
        first.
        """
        total = len(self.pairs.val)
        stride = 1 if self.pairs.hashes else max(1, total // count)
        return torch.arange(0, total, stride, device=self.pairs.val.place)[:count]

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """On some images of ``val``: what the target sees in the reconstructions, and the pixel error."""
        reconstruct = self.reconstructing()
        rows = self._some_of_val(self.looks_at)
        images, z = self.pairs.val.batch(rows), self.pairs.val_logits[rows]
        fakes = reconstruct(self.given(z), 0)
        again = torch.cat([self.classifier.network(part).float() for part in torch.split(fakes, 250)])
        return {
            "val_reid_class_target": float((again.argmax(1) == z.argmax(1)).float().mean()),
            "val_logit_error": float(((again - z).norm(dim=1) / z.norm(dim=1)).mean()),
            "val_mse": float((fakes - images).square().mean()),
        } | self.seen(images, fakes)

    def seen(self, images: Tensor, fakes: Tensor) -> dict[str, float]:
        """Other scores of reconstructions (N, 3, H, W) beside images of ``val``, under names that begin with val_."""
        return {}

    @torch.no_grad()
    def samples(self) -> Tensor:
        """16 images of ``val``, each above its reconstructions: (3, H, W)."""
        from torchvision.utils import make_grid

        reconstruct = self.reconstructing()
        rows = self._some_of_val(SAMPLES)
        z = self.given(self.pairs.val_logits[rows])
        grid = [self.pairs.val.batch(rows)] + [reconstruct(z, draw) for draw in range(self.noise_draws)]
        return make_grid(torch.cat(grid), nrow=SAMPLES, padding=1).cpu()  # type: ignore[no-any-return]

    def state_dict(self) -> dict[str, Any]:
        """All networks, all optimisers and the average."""
        networks = {name: network.state_dict() for name, network in self.networks.items()}
        optimizers = {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()}
        facts = self._identity | {"steps": self.recipe.steps}
        return facts | {
            "networks": networks,
            "optimizers": optimizers,
            "average": self.average.average,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict``; another method, recipe or classifier is refused.

        A recipe of more or fewer steps than the stored one is not another one: no rate depends on them, so that the
        networks are those of a training that was meant to be as long from the start. The average follows at the new
        pace from there on, and what it was before is soon forgotten.
        """
        as_stored = replace(self.recipe, steps=state.get("steps", self.recipe.steps))
        identity = self._identity | {"recipe": as_stored.digest()}
        if {key: state.get(key) for key in identity} != identity:
            raise TrainingError(
                "The checkpoint belongs to another method or recipe, to other classifier weights or to other images. "
                "To start anew, delete its folder or name another one with --out."
            )
        for name, network in self.networks.items():
            network.load_state_dict(state["networks"][name])
        for name, optimizer in self.optimizers.items():
            restore(optimizer, state["optimizers"][name])
        self.average.load(state["average"])


def train_inverter(task: InverterTask, folder: Path, *, resume: bool, default: bool = True) -> Path:
    """Train to the end and write the averaged network: the safetensors file that the zoo and ``bench run`` take.

    Args:
        task: the training.
        folder: of its checkpoints, and of the file.
        resume: whether to go on from a checkpoint that is there.
        default: whether the recipe is the method's default one, which a run prefers.
    """
    recipe, target = task.recipe, task.classifier
    facts = {
        "method": task.method,
        "classifier": target.name,
        "classifier_sha256": target.sha256,
        "dataset": recipe.dataset,
        "image_size": str(task.pairs.image_size),
    } | task.facts()
    describe = partial(describe_run, folder, task.engine, recipe.settings(), **facts)
    schedule = Schedule(recipe.steps, validate_every=LOOKS_EVERY, checkpoint_every=250)
    title = f"training {task.method} for {target.name}"
    seconds = fit(task, schedule, folder, resume=resume, title=title, describe=describe)
    path = folder / f"{task.method}-{target.name}.safetensors"
    if task.engine.first:
        facts |= {
            "train_seconds": f"{seconds:.0f}",
            "recipe": json.dumps(recipe.settings() | {"hash": recipe.digest()}),
            "seed": str(recipe.seed),
            "default": str(default).lower(),
        }
        if task.pairs.hashes:
            facts["images"] = " ".join(task.pairs.hashes)
        save_weights(task.averaged().state_dict(), path, facts, mantissa=MANTISSA)
    return path
