"""How a method is trained: the plugin interface of trainings.

A plugin is one class, registered under the entry-point group ``bench.trainers`` by the method's name. It names its
recipes and its task; the harness makes the pairs, runs the loop and keeps the weights.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from bench.config import DEFAULT_DATASET, LARGEST_SEED
from bench.errors import PluginError, UnknownNameError, UsageError
from bench.registry import TRAINERS, load

if TYPE_CHECKING:
    from bench.training.inverters import InverterTask


@dataclass(frozen=True)
class InverterRecipe:
    """Everything that decides the weights, besides the code and the classifier; subclasses add their own settings.

    Attributes:
        name: equal names and hashes make weights comparable across classifiers.
        steps: optimisation steps of the network that ships.
        batch: images a step.
        seed: of every random number.
        dataset: whose ``train`` and ``val`` are used, set by the harness; left out of ``settings()`` where it is the
            default one.
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


class Trainer:
    """The training of one method, whatever it inverts.

    Attributes:
        task: the class of its trainings, made from a recipe, the pairs, the frozen classifier and the engine.
        recipes: by their names, as ``--recipe`` takes them.
        default: the name of the one that is taken unasked; the first where it is empty.
        sizes: sides of the images that it can be trained for; any where there are none.
    """

    task: ClassVar[type[InverterTask]]
    recipes: ClassVar[Mapping[str, InverterRecipe]]
    default: ClassVar[str] = ""
    sizes: ClassVar[tuple[int, ...]] = ()

    @property
    def method(self) -> str:
        """Name of the inverter or control that uses the weights."""
        return self.task.method

    def recipe(self, name: str | None = None, *, steps: int | None = None, seed: int | None = None) -> InverterRecipe:
        """A recipe by its name, the default one without a name, with another number of steps or seed if asked.

        Raises:
            UnknownNameError: there is no recipe of this name.
            UsageError: the seed is below zero, or larger than generators take.
        """
        if seed is not None and not 0 <= seed < LARGEST_SEED:
            raise UsageError(f"The --seed of a training is a whole number from 0 to below 2^63, got {seed}.")
        wanted = name or self.default or next(iter(self.recipes))
        if wanted not in self.recipes:
            raise UnknownNameError("recipe", wanted, self.recipes)
        found = self.recipes[wanted]
        return replace(found, steps=found.steps if steps is None else steps, seed=found.seed if seed is None else seed)


def open_trainer(method: str) -> Trainer:
    """The trainer of a method.

    Raises:
        UnknownNameError: no method of this name is trained.
        PluginError: it cannot be loaded, or is not what the interface asks for.
    """
    cls = load(TRAINERS, "trained method", method)
    if not (inspect.isclass(cls) and issubclass(cls, Trainer)):
        raise PluginError(f"{method} cannot be trained", f"it should be a subclass of bench.Trainer and is {cls!r}")
    trainer: Trainer = cls()
    return trainer
