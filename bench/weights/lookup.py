"""Which trained weights a run uses: those for the very classifier, the very size, and the dataset if there are any.

A user's own lie in one folder; their names hold everything that they depend on, and their metadata say it. What ships
stands in the manifest.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cli.printing import say_once
from bench.config import DEFAULT_DATASET
from bench.errors import WeightsError
from bench.paths import home
from bench.weights.files import head_metadata, manifest, sha256_of

DEFAULT_SIZE = 32  # with the default dataset, what weights were made for that do not say it
FOLDER = "folder:"


@dataclass(frozen=True)
class Fitted:
    """A file of trained weights that is here, and what it is known by.

    Attributes:
        path: of the file.
        own: whether the user trained it; what ships is not.
        dataset, image_size: what it was trained on, and the side of the images that it makes.
        recipe: the settings of the training, or empty.
        default: whether the recipe is the method's default one.
        sha256: as the manifest has it; empty of the user's own.
    """

    path: Path
    own: bool
    dataset: str
    image_size: int
    recipe: dict[str, Any]
    default: bool
    sha256: str = ""

    @classmethod
    def read(cls, path: Path, facts: Mapping[str, Any], *, own: bool) -> Fitted:
        """From the manifest or a file's metadata; those of earlier versions do not say what they were trained on."""
        recipe = facts.get("recipe") or {}
        recipe = json.loads(recipe) if isinstance(recipe, str) else recipe
        dataset = facts.get("dataset", recipe.get("dataset", DEFAULT_DATASET))
        default = facts.get("default", "true") == "true"
        size = int(facts.get("image_size", DEFAULT_SIZE))
        return cls(path, own, dataset, size, recipe, default, facts.get("sha256", ""))

    @property
    def seed(self) -> int:
        """Of the training; that of earlier versions, which do not say it, is 1."""
        return int(self.recipe.get("seed", 1))

    @property
    def unseeded(self) -> dict[str, Any]:
        """The settings of the training without its seed."""
        return {key: value for key, value in self.recipe.items() if key not in ("seed", "hash")}

    def serves(self, dataset: str) -> bool:
        """Whether a run on a dataset may use it: what was trained on users' own images serves such images alone."""
        return of_users_own(dataset) or not of_users_own(self.dataset)

    def order(self, dataset: str) -> tuple[Any, ...]:
        """The larger, the sooner it is taken for a dataset."""
        return (
            _place(self.dataset) == _place(dataset),
            of_users_own(self.dataset) == of_users_own(dataset),
            self.own,
            self.default,
            -self.seed,
            int(self.recipe.get("steps", 0)),
            self.path.stat().st_mtime if self.own else 0.0,
        )

    def __str__(self) -> str:
        """For people, on one line."""
        recipe = f"recipe {self.recipe.get('name')}, {self.recipe.get('steps', 0):,} steps"
        return f"{self.path.name} ({self.dataset}, {self.image_size} px, {recipe}, seed {self.seed})"


def fitted(method: str, classifier_sha256: str) -> list[Fitted]:
    """All weights of a trained method for these very classifier weights, whatever they were trained on."""
    found = [
        Fitted.read(item.path, item.facts, own=False)
        for item in manifest().values()
        if item.facts.get("classifier_sha256") == classifier_sha256 and method in item.facts.get("methods", [])
    ]
    for path in sorted((home() / "inverters").glob(f"{method}-{classifier_sha256[:16]}*.safetensors")):
        try:
            found.append(Fitted.read(path, head_metadata(path), own=True))
        except WeightsError as error:
            say_once(f"{path} is not used: {error}")
    return found


def serving(
    method: str, classifier_sha256: str, dataset: str, image_size: int, training_seed: int | None = None
) -> list[Fitted]:
    """Those that a run on a dataset of this size may use, the one that it takes first.

    Exactly this dataset comes before others, the user's own before what ships, the default recipe before others, the
    smaller seed before larger ones, the longer training before shorter ones. Where a seed is asked for, there are no
    others.
    """
    suited = [one for one in fitted(method, classifier_sha256) if one.image_size == image_size and one.serves(dataset)]
    suited = [one for one in suited if training_seed in (None, one.seed)]
    return sorted(suited, key=lambda one: one.order(dataset), reverse=True)


def inverter_weights(
    method: str,
    classifier_sha256: str,
    dataset: str = DEFAULT_DATASET,
    image_size: int = DEFAULT_SIZE,
    training_seed: int | None = None,
) -> tuple[Path, str] | None:
    """File and SHA-256 of what a run takes; see ``serving``."""
    found = serving(method, classifier_sha256, dataset, image_size, training_seed)
    return (found[0].path, found[0].sha256 or sha256_of(found[0].path)) if found else None


def retrained(
    method: str, classifier_sha256: str, dataset: str, image_size: int, training_seed: int | None = None
) -> list[Fitted]:
    """What ``serving`` has besides the first, and differs from it in the seed of the training alone; by that seed.

    Nothing where a seed is asked for: whoever names one wants that one alone.
    """
    found = serving(method, classifier_sha256, dataset, image_size) if training_seed is None else []
    same = [one for one in found[1:] if (one.dataset, one.unseeded) == (found[0].dataset, found[0].unseeded)]
    return sorted(same, key=lambda one: one.seed)


def own_inverter_weights(
    method: str, classifier_sha256: str, dataset: str, image_size: int, recipe: Mapping[str, Any]
) -> Path:
    """Where ``bench train inverter`` leaves its result: a file for each thing that it depends on.

    Args:
        method: its name.
        classifier_sha256: the classifier's identity.
        dataset: what it was trained on; a place is known by its hash.
        image_size: side of the images.
        recipe: settings, with their ``hash``.
    """
    kind, _, place = _place(dataset).partition(":")
    if place:
        kind += "-" + hashlib.sha256(place.encode(errors="surrogateescape")).hexdigest()[:12]
    parts = (
        classifier_sha256[:16],
        kind,
        f"{image_size}px",
        re.sub(r"[^A-Za-z0-9._-]", "-", recipe["name"]),
        recipe["hash"],
        f"seed{recipe['seed']}",
    )
    return home() / "inverters" / f"{method}-{'-'.join(parts)}.safetensors"


def of_users_own(dataset: str) -> bool:
    """Whether a dataset is a user's own images, known by their place."""
    return dataset.startswith(FOLDER)


def _place(dataset: str) -> str:
    """A dataset's name without the size of its images, a folder by its full path."""
    if not of_users_own(dataset):
        return dataset
    return FOLDER + str(Path(re.sub(r"@\d+$", "", dataset.removeprefix(FOLDER))).resolve())
