"""Which training ``--resume`` goes on with, and whether it is the one that was asked for."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from bench.classifiers.recipes import ClassifierRecipe
from bench.config import DEFAULT_DATASET
from bench.errors import UsageError
from bench.training.checkpoints import present
from bench.training.journal import description
from bench.training.trainer import InverterRecipe, Trainer

KINDS = {"method": "inverter", "classifier": "classifier"}  # what run.json says; an inverter's says both
Recipe = TypeVar("Recipe", bound=InverterRecipe | ClassifierRecipe)


def within(name: str, minutes: float) -> str:
    """The name of a recipe whose steps a budget decides."""
    return f"{name}-{minutes:g}min"


def without_budget(name: str, trainer: Trainer) -> tuple[str, str | None]:
    """A recipe's own name, and the minutes that a budget added to it or None."""
    known = {one.name for one in trainer.recipes.values()}
    found = None if name in known else re.fullmatch(r"(.+)-([0-9.e+]+)min", name)
    return (found[1], found[2]) if found else (name, None)


def is_default(name: str, trainer: Trainer) -> bool:
    """Whether a recipe of this name is the method's default one, within a budget or not."""
    return without_budget(name, trainer)[0] == trainer.recipe().name


def continued(recipe: Recipe, folder: Path, what: str) -> Recipe | None:
    """The recipe of the training in a folder, or None where there is none that says it.

    Args:
        recipe: one of the same kind.
        folder: of the training.
        what: is to be continued, ``the inverter NAME`` or ``the classifier NAME``.

    Raises:
        UsageError: the folder is of something else, or of a version whose recipes had other settings.
    """
    said = description(folder) if present(folder) else {}
    if not said:
        return None
    found = next((f"the {kind} {said[key]}" for key, kind in KINDS.items() if key in said), what)
    if found != what:
        raise UsageError(
            f"{folder} is a training of {found}, and not of {what}. To continue it, name that; to train {what}, name "
            "another folder with --out."
        )
    try:
        return dataclasses.replace(recipe, **said["recipe"])
    except TypeError as error:
        raise UsageError(
            f"The recipe in {folder} has other settings than those of {what} ({error}). To start anew, delete the "
            "folder or name another one with --out."
        ) from error


def refuse_another(
    folder: Path, trainer: Trainer, recipe: InverterRecipe, *, named: bool, seed: int | None, budget: float | None
) -> None:
    """Nothing, if the training in a folder is the one that was asked for.

    Args:
        folder: of the training.
        trainer: of the method.
        recipe: what was asked for, with its dataset.
        named: whether its name was.
        seed, budget: as asked for, or None.

    Raises:
        UsageError: the training has other images, another seed, recipe or budget.
    """
    stored: Mapping[str, Any] = description(folder).get("recipe", {})
    dataset = stored.get("dataset", DEFAULT_DATASET)
    if dataset != recipe.dataset:
        raise UsageError(
            f"{folder} is a training on {dataset}. To continue it, name that with --dataset; to train on "
            f"{recipe.dataset}, name another folder with --out."
        )
    if seed not in (None, stored.get("seed")):
        raise UsageError(
            f"{folder} is a training with --seed {stored.get('seed')}. To continue it, give that; to train with "
            f"{seed}, name another folder with --out."
        )
    own, minutes = without_budget(str(stored.get("name")), trainer)
    settings = json.loads(json.dumps(recipe.settings()))  # as they are stored: lists in the place of tuples
    theirs = {**stored, "name": own}
    differing = {key for key in theirs.keys() | settings.keys() if theirs.get(key) != settings.get(key)}
    if named and (others := sorted(differing.difference(("steps", "dataset", "seed")))):
        raise UsageError(
            f"{folder} is a training by another recipe than {recipe.name}: {', '.join(others)} differ. To continue it, "
            "leave --recipe away; to start anew, name another folder with --out."
        )
    refuse_another_budget(folder, budget, minutes)


def refuse_another_budget(folder: Path, asked: float | None, minutes: str | None) -> None:
    """Nothing, if the training in a folder was fitted to the budget that is asked for, if any is.

    Raises:
        UsageError: it was fitted to another one or to none; the steps of a training are fitted at its start alone.
    """
    if asked is None or f"{asked:g}" == minutes:
        return
    told = "without --budget" if minutes is None else f"with --budget {minutes}"
    raise UsageError(
        f"{folder} is a training {told}. To continue it, leave --budget {asked:g} away; to train within {asked:g} "
        "minutes, name another folder with --out."
    )
