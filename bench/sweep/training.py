"""The trainings of a plan: the command of each, and whether its weights are here."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path

from bench.classifiers import classifier_card
from bench.classifiers.provider import resolve
from bench.config import RunConfig
from bench.datasets import aliases_of
from bench.errors import UsageError
from bench.identify import identify_method, trained_as
from bench.local import local_file
from bench.store.folder import slug
from bench.sweep.plan import Plan, Training
from bench.training.commands import full_name
from bench.training.trainer import InverterRecipe, open_trainer
from bench.weights.lookup import Fitted, fitted, of_users_own

OPTIONS = ("classifier", "dataset", "seed", "device", "precision", "accumulate")  # typed where they are not the default


def command(entry: Training) -> list[str]:
    """What trains: it goes on where an earlier attempt was ended; by torchrun where several processes share a batch.

    The recipe and the length are always named, and the folder is of this training alone, so that no other is continued.
    """
    words = ["-m", "bench", "train", "inverter", entry.method]
    defaults = {one.name: one.default for one in fields(Training)}
    for name in OPTIONS:
        value = getattr(entry, name)
        if value != defaults[name]:
            words += [f"--{name}", str(value)]
    trainer = open_trainer(entry.method)
    words += ["--recipe", entry.recipe or trainer.default or next(iter(trainer.recipes))]
    length = ("steps", _recipe(entry).steps) if entry.budget is None else ("budget", entry.budget)
    words += [f"--{length[0]}", str(length[1]), "--out", str(folder(entry)), "--resume"]
    if entry.processes * entry.nodes == 1:
        return [sys.executable, *words]
    several = ["--nproc-per-node", str(entry.processes)]
    several += ["--nnodes", str(entry.nodes)] if entry.nodes > 1 else ["--standalone"]
    return [sys.executable, "-m", "torch.distributed.run", *several, *words]


def folder(entry: Training) -> Path:
    """Where its checkpoints lie: the name holds all that decides what is trained."""
    recipe, dataset = _recipe(entry), full_name(entry.dataset, entry.classifier)
    card = classifier_card(entry.classifier, aliases=aliases_of(entry.dataset))
    if of_users_own(dataset):
        dataset = "folder-" + hashlib.sha256(dataset.encode(errors="surrogateescape")).hexdigest()[:8]
    length = f"{recipe.steps}steps" if entry.budget is None else f"{entry.budget:g}min"
    parts = (entry.method, card.id, card.identity[:8], dataset, recipe.name, length, f"seed{recipe.seed}")
    return Path("train") / slug("-".join(parts))


def check(entry: Training) -> None:
    """Nothing, if its processes can share a batch.

    Raises:
        UsageError: they cannot, its length is given twice, or the seed is none.
        UnknownNameError: the method is not trained, or has no such recipe.
    """
    if entry.steps is not None and entry.budget is not None:
        raise UsageError(f"The {entry} has steps and a budget, which both say how long to train. Give one of them.")
    batch = _recipe(entry).batch
    if batch % (entry.processes * entry.nodes * entry.accumulate):
        raise UsageError(
            f"The {entry} has batches of {batch} images, which {entry.nodes} x {entry.processes} processes cannot "
            f"share equally in {entry.accumulate} parts each. Give numbers whose product divides {batch}."
        )


def precedes(entry: Training, config: RunConfig) -> bool:
    """Whether a cell waits for a training: one whose weights its method takes, for its classifier and training seed.

    A cell without a training seed waits for all of them.
    """
    if entry.method != trained_as(config.method, identify_method(config.method)):
        return False
    if _network(entry.classifier, entry.dataset) != _network(config.classifier, config.dataset):
        return False
    return config.training_seed in (None, _recipe(entry).seed)


def check_awaited(plan: Plan, awaited: Collection[int]) -> None:
    """Nothing, if each training of a plan is at one of the places that cells wait for.

    Raises:
        UsageError: one is not, and would never be run.
    """
    for place, entry in enumerate(plan.train):
        if place not in awaited:
            seeds = f", and no training seeds or {_recipe(entry).seed} among them" if plan.training_seeds else ""
            raise UsageError(
                f"train[{place}] is for no cell of the plan: none takes the weights of {entry.method} for "
                f"{entry.classifier} with training seed {_recipe(entry).seed}. Leave it out, or give the plan that "
                f"method and classifier{seeds}."
            )


def unmade(plan: Plan, places: Collection[int]) -> dict[int, str]:
    """Trainings of a plan, by their places, that have left no weights, with a line for the cells that need them."""
    lacking = [place for place in sorted(places) if trained(plan.train[place]) is None]
    return {place: f"the {plan.train[place]} before it has left no weights" for place in lacking}


def trained(entry: Training) -> Path | None:
    """The weights that this very training has left, or None.

    Raises:
        UnknownNameError: the method is not trained, or the recipe, classifier or dataset does not exist.
    """
    recipe = _recipe(entry)
    name = recipe.name if entry.budget is None else f"{recipe.name}-{entry.budget:g}min"
    dataset = full_name(entry.dataset, entry.classifier)
    card = classifier_card(entry.classifier, aliases=aliases_of(entry.dataset))

    def same(one: Fitted) -> bool:
        steps = entry.budget is not None or one.recipe.get("steps") == recipe.steps
        facts = (one.dataset, one.recipe.get("name"), one.recipe.get("seed"))
        return one.own and steps and facts == (dataset, name, recipe.seed)

    return next((one.path for one in fitted(entry.method, card.identity) if same(one)), None)


def _recipe(entry: Training) -> InverterRecipe:
    """Whose steps are the recipe's own where a budget decides them."""
    return open_trainer(entry.method).recipe(entry.recipe, steps=entry.steps, seed=entry.seed)


def _network(classifier: str, dataset: str) -> str:
    """A classifier's full id: a file by its full path."""
    full = resolve(classifier, aliases_of(dataset))
    return f"{local_file(full)}:{full.rpartition(':')[2]}" if ".py:" in full else full
