"""The trainings of a plan: the command of each, and whether its weights are here."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path

from bench.classifiers import classifier_card
from bench.config import RunConfig
from bench.datasets import aliases_of
from bench.errors import UsageError
from bench.sweep.plan import Training
from bench.training.commands import full_name
from bench.training.trainer import open_trainer
from bench.weights.lookup import Fitted, fitted

OPTIONS = ("classifier", "dataset", "recipe", "seed", "steps", "budget", "device", "precision", "accumulate")


def command(entry: Training) -> list[str]:
    """What trains: it goes on where an earlier attempt was ended; by torchrun where several processes share a batch."""
    words = ["-m", "bench", "train", "inverter", entry.method]
    defaults = {one.name: one.default for one in fields(Training)}
    for name in OPTIONS:
        value = getattr(entry, name)
        if value != defaults[name]:
            words += [f"--{name}", str(value)]
    words.append("--resume")
    if entry.processes * entry.nodes == 1:
        return [sys.executable, *words]
    several = ["--nproc-per-node", str(entry.processes)]
    several += ["--nnodes", str(entry.nodes)] if entry.nodes > 1 else ["--standalone"]
    return [sys.executable, "-m", "torch.distributed.run", *several, *words]


def check(entry: Training) -> None:
    """Nothing, if its processes can share a batch.

    Raises:
        UsageError: they cannot, or the seed is none.
        UnknownNameError: the method is not trained, or has no such recipe.
    """
    batch = open_trainer(entry.method).recipe(entry.recipe, seed=entry.seed).batch
    if batch % (entry.processes * entry.nodes * entry.accumulate):
        raise UsageError(
            f"The {entry} has batches of {batch} images, which {entry.nodes} x {entry.processes} processes cannot "
            f"share equally in {entry.accumulate} parts each. Give numbers whose product divides {batch}."
        )


def precedes(entry: Training, config: RunConfig) -> bool:
    """Whether a cell waits for a training: of its method and classifier, and with its training seed if it has one."""
    if (entry.method, entry.classifier) != (config.method, config.classifier):
        return False
    seeds = (None, open_trainer(entry.method).recipe(entry.recipe, seed=entry.seed).seed)
    return config.training_seed in seeds


def trained(entry: Training) -> Path | None:
    """The weights that this very training has left, or None.

    Raises:
        UnknownNameError: the method is not trained, or the recipe, classifier or dataset does not exist.
    """
    recipe = open_trainer(entry.method).recipe(entry.recipe, steps=entry.steps, seed=entry.seed)
    name = recipe.name if entry.budget is None else f"{recipe.name}-{entry.budget:g}min"
    dataset = full_name(entry.dataset, entry.classifier)
    card = classifier_card(entry.classifier, aliases=aliases_of(entry.dataset))

    def same(one: Fitted) -> bool:
        steps = entry.budget is not None or one.recipe.get("steps") == recipe.steps
        facts = (one.dataset, one.recipe.get("name"), one.recipe.get("seed"))
        return one.own and steps and facts == (dataset, name, recipe.seed)

    return next((one.path for one in fitted(entry.method, card.identity) if same(one)), None)
