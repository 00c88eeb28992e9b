"""Which of a trainer's recipes is meant."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from bench.errors import UnknownNameError

if TYPE_CHECKING:
    from bench.training.inverters import InverterRecipe


def recipe_of(trainer: Any, name: str | None, steps: int | None = None) -> InverterRecipe:
    """A trainer's recipe by its name, the one that ships without a name, with another number of steps if asked.

    Raises:
        UnknownNameError: the trainer has no recipe of this name.
    """
    default: InverterRecipe = trainer.recipe(steps)
    known: dict[str, InverterRecipe] = getattr(trainer, "RECIPES", {default.name: default})
    if name is None:
        return default
    if name not in known:
        raise UnknownNameError("recipe", name, known)
    return known[name] if steps is None else dataclasses.replace(known[name], steps=steps)
