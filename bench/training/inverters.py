"""What the trainings of all learned inverters share: pairs, the look at ``val``, checkpoints, the file at the end."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from bench.classifiers import LoadedClassifier
from bench.errors import TrainingError
from bench.seeding import seed_of
from bench.training.engine import Engine, restore
from bench.training.journal import describe_run
from bench.training.loop import Schedule, WeightAverage, fit
from bench.training.pairs import TrainingPairs
from bench.weights import save_weights

MANTISSA = 7  # bits kept of each weight: bfloat16's precision, in which the training multiplied
LOOKS_EVERY = 500  # steps between looks at held-out data
LOOKS_AT = 1_000  # images of it
SAMPLES = 16  # images of it in a sample picture
DEFAULT_DATASET = "cifar10"
Reconstruct = Callable[[Tensor, int], Tensor]


@dataclass(frozen=True)
class InverterRecipe:
    """Everything that decides the weights, besides the code and the classifier; subclasses add their own settings.

    Attributes:
        name: equal names and hashes make weights comparable across classifiers.
        steps: optimisation steps of the network that ships.
        batch: images a step.
        seed: of every random number.
        dataset: whose ``train`` and ``val`` are used; left out of ``settings()`` where it is ``cifar10``.
    """

    name: str
    steps: int
    batch: int = 64
    seed: int = 1
    dataset: str = DEFAULT_DATASET

    @property
    def ema_decay(self) -> float:
        """0.9999, or a horizon of a twentieth of the steps where that is shorter."""
        return max(0.0, min(0.9999, 1 - 20 / self.steps))

    def settings(self) -> dict[str, Any]:
        """All settings by name."""
        settings = asdict(self)
        if self.dataset == DEFAULT_DATASET:
            del settings["dataset"]
        return settings

    def digest(self) -> str:
        """SHA-256 of the recipe, short."""
        return hashlib.sha256(json.dumps(self.settings(), sort_keys=True).encode()).hexdigest()[:16]


class InverterTask(ABC):
    """The part of a training that is the same for all; a subclass builds networks and writes ``step``.

    Attributes:
        method: name of the inverter.
        engine, recipe: what it was made with.
        noise_draws: rows of reconstructions in the sample grid; 1 for a deterministic inverter.
        networks, optimizers: by name, set by the subclass; all of their state goes into the checkpoint.
        average: of the weights that ship, set by the subclass.
    """

    method: ClassVar[str]
    noise_draws: ClassVar[int] = 1
    recipe: InverterRecipe
    networks: dict[str, nn.Module]
    optimizers: dict[str, torch.optim.Optimizer]
    average: WeightAverage

    def __init__(self, recipe: InverterRecipe, classifier: LoadedClassifier, engine: Engine) -> None:
        self.recipe, self.classifier, self.engine, self.device = recipe, classifier, engine, engine.device
        least = (recipe.batch, SAMPLES)
        self.pairs = TrainingPairs(classifier, engine, recipe.seed, recipe.dataset, at_least=least)
        self.pairs.logits = self.given(self.pairs.logits)
        self._identity = {"method": self.method, "recipe": recipe.digest(), "classifier": classifier.sha256}
        if self.pairs.hashes:
            self._identity["images"] = f"{seed_of(*self.pairs.hashes):016x}"

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
        """The averaged network as a function of what is ``given`` (N, K) and a draw's number: (N, 3, 32, 32)."""

    def alarm(self, scalars: dict[str, float]) -> str | None:
        """Nothing beyond the loop's own check for losses that are not finite."""
        return None

    def facts(self) -> dict[str, str]:
        """What the weight file says besides what all of them say."""
        return {}

    def _some_of_val(self, count: int) -> Tensor:
        """Rows of ``val``, at most ``count``: spread over ``cifar10``'s; of a folder's, which has its classes by turns,
        the first.
        """
        total = len(self.pairs.val)
        stride = 1 if self.pairs.hashes else max(1, total // count)
        return torch.arange(0, total, stride, device=self.device)[:count]

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """On 1,000 images of ``val``, or fewer: what the target sees in the reconstructions, and the pixel error."""
        reconstruct = self.reconstructing()
        rows = self._some_of_val(LOOKS_AT)
        images, z = self.pairs.val.batch(rows), self.pairs.val_logits[rows]
        fakes = reconstruct(self.given(z), 0)
        again = torch.cat([self.classifier.network(part).float() for part in torch.split(fakes, 250)])
        return {
            "val_reid_class_target": float((again.argmax(1) == z.argmax(1)).float().mean()),
            "val_logit_error": float(((again - z).norm(dim=1) / z.norm(dim=1)).mean()),
            "val_mse": float((fakes - images).square().mean()),
        }

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
        return facts | {"networks": networks, "optimizers": optimizers, "average": self.average.average}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict``; another method, recipe or classifier is refused.

        A recipe of more steps than the stored one is not another one: no rate depends on them, so that the networks
        are those of a training that was meant to be longer from the start. The average follows at the new pace from
        there on, and what it was before is soon forgotten.
        """
        shorter = replace(self.recipe, steps=min(self.recipe.steps, state.get("steps", self.recipe.steps)))
        identity = self._identity | {"recipe": shorter.digest()}
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


def train_inverter(task: InverterTask, folder: Path, *, resume: bool) -> Path:
    """Train to the end and write the averaged network: the safetensors file that the zoo and ``bench run`` take."""
    recipe, target = task.recipe, task.classifier
    facts = {"method": task.method, "classifier": target.name, "classifier_sha256": target.sha256} | task.facts()
    describe = partial(describe_run, folder, task.engine, recipe.settings(), **facts)
    schedule = Schedule(recipe.steps, validate_every=LOOKS_EVERY, checkpoint_every=250)
    title = f"training {task.method} for {target.name}"
    seconds = fit(task, schedule, folder, resume=resume, title=title, describe=describe)
    path = folder / f"{task.method}-{target.name}.safetensors"
    if task.engine.first:
        facts |= {
            "train_seconds": f"{seconds:.0f}",
            "recipe": json.dumps(recipe.settings() | {"hash": recipe.digest()}),
        }
        if task.pairs.hashes:
            facts["images"] = " ".join(task.pairs.hashes)
        save_weights(task.averaged().state_dict(), path, facts, mantissa=MANTISSA)
    return path
