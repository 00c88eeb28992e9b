"""What ``bench train`` does, behind the parsing."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bench.errors import UnknownNameError, UsageError
from bench.files import write_atomically
from bench.printing import print_json

if TYPE_CHECKING:
    from bench.training.engine import Engine, Precision
    from bench.training.inverters import InverterRecipe

SIDE = 32  # of the images that all inverters with a recipe make


@dataclass(frozen=True)
class Run:
    """How to train, whatever is trained.

    Attributes:
        device: ``auto``, ``cpu`` or ``cuda``.
        precision, accumulate: see ``Engine``.
        budget: minutes, or None for the recipe's own length.
        resume, dry_run: as on the command line.
        out: folder, or None for ``train/NAME``.
    """

    device: str = "auto"
    precision: str = "bf16"
    accumulate: int = 1
    budget: float | None = None
    resume: bool = False
    dry_run: bool = False
    out: Path | None = None

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """The engine that these options ask for."""
        from bench.environment import resolve_device
        from bench.training.engine import engine

        with engine(resolve_device(self.device), cast("Precision", self.precision), self.accumulate) as one:
            yield one

    def folder(self, name: str) -> Path:
        """Where the training lives; a checkpoint that is there is never overwritten unasked."""
        from bench.training.checkpoints import present

        folder = self.out or Path("train") / name
        if present(folder) and not self.resume:
            raise UsageError(
                f"{folder} holds a checkpoint. To continue it, add --resume; to start anew, delete the folder or name "
                "another one with --out."
            )
        return folder

    def resumed(self, recipe: Any, folder: Path) -> Any | None:
        """The recipe of the training that is to be continued, or None where there is none."""
        from bench.training.checkpoints import present
        from bench.training.journal import described_recipe

        if not (self.resume and present(folder)):
            return None
        stored = described_recipe(folder)
        return None if stored is None else dataclasses.replace(recipe, **stored)


def train_classifier(name: str, run: Run) -> None:
    """``bench train classifier``."""
    from bench.classifiers.recipes import RECIPES

    if name not in RECIPES:
        raise UnknownNameError("classifier recipe", name, RECIPES)
    recipe = RECIPES[name]
    if run.dry_run:
        print_json(recipe.settings())
        return
    from bench.classifiers.train import ClassifierTask, train
    from bench.training.budget import measure

    began = time.monotonic()
    folder = run.folder(name)
    with run.engine() as engine:
        chosen = run.resumed(recipe, folder)
        if chosen is None and run.budget is not None:
            task = ClassifierTask(recipe, engine)
            per_epoch = task.steps // recipe.epochs
            speed = measure(task)
            steps = speed.steps_within(60 * run.budget - (time.monotonic() - began), 2 * per_epoch)
            if steps < per_epoch:
                raise UsageError(
                    f"An epoch of {name} takes {speed.step * per_epoch / 60:.1f} minutes here, and the budget is "
                    f"{run.budget:g}. Give more with --budget."
                )
            chosen = dataclasses.replace(recipe, epochs=steps // per_epoch)
        weights = train(chosen or recipe, folder, engine, resume=run.resume)
        if engine.first:
            print(f"weights: {weights}")


def train_inverter(
    method: str, classifier: str, dataset: str, recipe_name: str | None, steps: int | None, run: Run
) -> None:
    """``bench train inverter``: the result is found by ``bench run`` from then on."""
    from bench.datasets import load_dataset
    from bench.datasets.folder import folder_and_size
    from bench.registry import TRAINERS, load
    from bench.training.choice import recipe_of

    trainer = load(TRAINERS, "trained method", method)
    load_dataset(dataset, image_size=SIDE)  # a misspelt name is said before any work
    if dataset != "cifar10":
        dataset = f"folder:{folder_and_size(dataset)[0].resolve()}"
    recipe = dataclasses.replace(recipe_of(trainer, recipe_name, steps), dataset=dataset)
    if run.dry_run:
        print_json(recipe.settings())
        return
    if steps is not None and run.budget is not None:
        raise UsageError("--steps and --budget both say how long to train. Give one of them.")
    import torch

    from bench.classifiers import open_classifier
    from bench.training.budget import measure
    from bench.training.inverters import LOOKS_EVERY, train_inverter
    from bench.training.journal import described_recipe
    from bench.weights import own_inverter_weights

    began = time.monotonic()
    with run.engine() as engine:
        target = open_classifier(classifier, engine.device)
        if dataset != "cifar10" and target.input_size != SIDE:
            raise UsageError(
                f"{method} makes {SIDE}x{SIDE} images, and {target.name} is shown the images of a folder at "
                f"{target.input_size} px. Train it on cifar10, or give a classifier of {SIDE} px."
            )
        folder = run.folder(f"{method}-{target.name}" + ("" if dataset == "cifar10" else "-folder"))
        chosen = run.resumed(recipe, folder)
        if chosen is not None:
            _refuse_another(folder, recipe, described_recipe(folder) or {}, asked=recipe_name)
            chosen = chosen if steps is None else dataclasses.replace(chosen, steps=steps)
        if chosen is None and run.budget is not None:
            trainer.task(recipe, target, engine)  # computes the logits if nobody has; from then on they are read
            before = time.monotonic()
            trial = trainer.task(recipe, target, engine)
            again = time.monotonic() - before  # what the training itself starts with
            speed = measure(trial)
            elapsed = torch.tensor(time.monotonic() - began + again, dtype=torch.float64)
            spent = float(engine.mean({"elapsed": elapsed})["elapsed"])  # the same in all processes
            fitting = speed.steps_within(60 * run.budget - spent, LOOKS_EVERY)
            chosen = dataclasses.replace(recipe, steps=fitting, name=f"{recipe.name}-{run.budget:g}min")
            del trial
        weights = train_inverter(trainer.task(chosen or recipe, target, engine), folder, resume=run.resume)
        if engine.first:
            own = own_inverter_weights(method, target.sha256, dataset)
            write_atomically(own, weights.read_bytes())
            data = "" if dataset == "cifar10" else " --dataset folder:..."
            print(f"weights: {weights}")
            print(
                f"bench run --method {method} --classifier {classifier}{data} uses their copy {own}; delete it to undo "
                "that"
            )


def _refuse_another(folder: Path, recipe: InverterRecipe, stored: dict[str, Any], asked: str | None) -> None:
    """Raise where the training to continue has other images, or another recipe than the one that was asked for."""
    dataset = stored.get("dataset", "cifar10")
    if dataset != recipe.dataset:
        raise UsageError(
            f"{folder} is a training on {dataset}. To continue it, name that with --dataset; to train on "
            f"{recipe.dataset}, name another folder with --out."
        )
    free = ("name", "steps", "dataset")  # a budget decides the first two
    differing = {k for k in stored.keys() | recipe.settings().keys() if stored.get(k) != recipe.settings().get(k)}
    if asked is not None and (others := sorted(differing.difference(free))):
        raise UsageError(
            f"{folder} is a training by another recipe than {asked}: {', '.join(others)} differ. To continue it, leave "
            "--recipe away; to start anew, name another folder with --out."
        )


def train_zoo(run: Run) -> None:
    """``bench train zoo``."""
    from bench.training.zoo import train_zoo as train

    with run.engine() as engine:
        train(engine, run.out or Path("train") / "zoo", run.budget, resume=run.resume, dry_run=run.dry_run)


def train_controls(classifier: str, device: str) -> None:
    """``bench train controls``."""
    from bench.classifiers import open_classifier
    from bench.environment import resolve_device
    from bench.registry import STATISTICS, load

    target = open_classifier(classifier, resolve_device(device))
    path = Path("train") / f"controls-{target.name}" / f"controls-{target.name}.safetensors"
    statistics = load(STATISTICS, "statistics", "controls")
    statistics.fit(target, resolve_device(device), path)
    write_atomically(statistics.own_statistics(target.sha256), path.read_bytes())
    print(f"statistics: {path}\nbench run --classifier {classifier} uses them where none ship")
