"""What ``bench train`` does, behind the parsing."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bench.cli.printing import print_json
from bench.errors import UnknownNameError, UsageError
from bench.store.files import write_atomically

if TYPE_CHECKING:
    from bench.training.engine import Engine, Precision
    from bench.training.inverters import InverterTask
    from bench.training.resuming import Recipe
    from bench.training.trainer import InverterRecipe, Trainer


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

    def resumed(self, recipe: Recipe, folder: Path, what: str) -> Recipe | None:
        """The recipe of the training that is to be continued, or None where there is none; see ``continued``."""
        from bench.training.resuming import continued

        return continued(recipe, folder, what) if self.resume else None

    def check(self) -> None:
        """Nothing, if a dry run of one training is not asked to measure what it cannot.

        Raises:
            UsageError: it is.
        """
        if self.dry_run and self.budget is not None:
            raise UsageError(
                "--dry-run says what the recipe's own steps cost, and --budget is not tried. Leave one of them away."
            )


def train_classifier(name: str, run: Run) -> None:
    """``bench train classifier``."""
    from bench.classifiers.recipes import RECIPES

    if name not in RECIPES:
        raise UnknownNameError("classifier recipe", name, RECIPES)
    recipe = RECIPES[name]
    run.check()
    if run.dry_run:
        print_json(recipe.settings())
        return
    from bench.classifiers.train import ClassifierTask, train
    from bench.training.budget import measure
    from bench.training.journal import description
    from bench.training.resuming import refuse_another_budget

    began = time.monotonic()
    folder = run.folder(name)
    with run.engine() as engine:
        chosen, budget = run.resumed(recipe, folder, f"the classifier {name}"), run.budget
        if chosen is not None:
            budget = description(folder).get("budget", run.budget)  # those of earlier versions do not say it
            refuse_another_budget(folder, run.budget, None if budget is None else f"{budget:g}")
        elif run.budget is not None:
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
        weights = train(chosen or recipe, folder, engine, resume=run.resume, budget=budget)
        if engine.first:
            print(f"weights: {weights}")


def train_inverter(
    method: str,
    classifier: str,
    dataset: str,
    recipe_name: str | None,
    steps: int | None,
    run: Run,
    seed: int | None = None,
) -> None:
    """``bench train inverter``: the result is found by ``bench run`` from then on."""
    from bench.training.trainer import open_trainer

    trainer = open_trainer(method)
    recipe = trainer.recipe(recipe_name, steps=steps, seed=seed)
    if steps is not None and run.budget is not None:
        raise UsageError("--steps and --budget both say how long to train. Give one of them.")
    run.check()
    if run.dry_run:
        _say_cost(trainer, dataclasses.replace(recipe, dataset=dataset), classifier, run)
        return
    recipe = dataclasses.replace(recipe, dataset=full_name(dataset, classifier))

    from bench.classifiers import open_classifier
    from bench.datasets import aliases_of
    from bench.training.inverters import train_inverter
    from bench.training.pairs import TrainingPairs
    from bench.training.resuming import is_default, refuse_another, within
    from bench.weights.lookup import own_inverter_weights, serving

    began = time.monotonic()
    with run.engine() as engine:
        target = open_classifier(classifier, engine.device, aliases=aliases_of(dataset))
        plain = recipe.seed == trainer.recipe(recipe_name).seed
        folder = run.folder(_folder_name(f"{method}-{target.name}", trainer, recipe, plain=plain, resume=run.resume))
        chosen = run.resumed(recipe, folder, f"the inverter {trainer.method}")
        if chosen is not None:
            refuse_another(folder, trainer, recipe, named=recipe_name is not None, seed=seed, budget=run.budget)
            chosen = chosen if steps is None else dataclasses.replace(chosen, steps=steps)
        pairs = TrainingPairs.of(chosen or recipe, target, engine, trainer.sizes)
        if chosen is None and run.budget is not None:
            fitting = _fitting(lambda: trainer.task(recipe, pairs, target, engine), engine, began, run.budget)
            chosen = dataclasses.replace(recipe, steps=fitting, name=within(recipe.name, run.budget))
        final = chosen or recipe
        task = trainer.task(final, pairs, target, engine)
        weights = train_inverter(task, folder, resume=run.resume, default=is_default(final.name, trainer))
        if engine.first:
            settings = final.settings() | {"hash": final.digest()}
            own = own_inverter_weights(method, target.sha256, final.dataset, pairs.image_size, settings)
            write_atomically(own, weights.read_bytes())
            print(f"weights: {weights}")
            of = method, target.sha256, final.dataset, pairs.image_size
            used = serving(*of)[0].path
            runs = f"bench run --method {method} --classifier {classifier} on such images uses"
            if used == own:
                print(f"{runs} their copy {own}; delete it to undo that")
            else:
                print(f"{runs} {used}, and their copy is {own}; delete the other one to use it", end="")
                print("" if serving(*of)[0].seed == final.seed else f", or say --training-seed {final.seed}")


def _say_cost(trainer: Trainer, recipe: InverterRecipe, classifier: str, run: Run) -> None:
    """Print the recipe and what it would cost here; neither images nor weights need to be here."""
    from bench.classifiers import classifier_card
    from bench.datasets import aliases_of, dataset_class
    from bench.training.cost import measured

    size = dataset_class(recipe.dataset).side(recipe.dataset)
    if size is None:  # a folder without one in its name is taken at the classifier's
        size = classifier_card(classifier, aliases=aliases_of(recipe.dataset)).input_size
    if trainer.sizes and size not in trainer.sizes:
        known = ", ".join(map(str, trainer.sizes))
        raise UsageError(f"{recipe.dataset} has images of {size} px, and {trainer.method} makes images of {known} px.")
    with run.engine() as engine:
        cost = measured(trainer, recipe, classifier, recipe.dataset, size, engine)
        if engine.first:
            print_json(recipe.settings() | {"cost": cost})


def _fitting(trial: Callable[[], InverterTask], engine: Engine, began: float, minutes: float) -> int:
    """Steps of a task that fit into the minutes since ``began``, by the speed measured here; alike in all processes."""
    import torch

    from bench.training.budget import measure
    from bench.training.inverters import LOOKS_EVERY

    before = time.monotonic()
    task = trial()
    again = time.monotonic() - before  # what the training itself starts with
    speed = measure(task)
    elapsed = torch.tensor(time.monotonic() - began + again, dtype=torch.float64)
    spent = float(engine.mean({"elapsed": elapsed})["elapsed"])
    return speed.steps_within(60 * minutes - spent, LOOKS_EVERY)


def full_name(dataset: str, classifier: str) -> str:
    """A dataset's name as weights carry it, a folder by its full path and size; a misspelt one is said before any work.

    A folder whose name has no size is taken at the classifier's input size, as a run takes it.
    """
    from bench.classifiers import classifier_card
    from bench.datasets import aliases_of, load_dataset
    from bench.datasets.folder import folder_and_size
    from bench.weights.lookup import DEFAULT_SIZE, FOLDER, of_users_own

    if not of_users_own(dataset):
        load_dataset(dataset)
        return dataset
    path, size = folder_and_size(dataset)
    load_dataset(dataset, image_size=size or 1)
    size = size or classifier_card(classifier, aliases=aliases_of(dataset)).input_size
    # weights of earlier versions were for the default size and do not say so
    return f"{FOLDER}{path.resolve()}" + ("" if size == DEFAULT_SIZE else f"@{size}")


def _folder_name(stem: str, trainer: Trainer, recipe: InverterRecipe, *, plain: bool, resume: bool) -> str:
    """Of a training: method and classifier (``stem``), and each setting that is not the default one.

    ``plain`` is the recipe's own seed. Earlier versions left the recipe out: a training of theirs that is continued
    keeps its folder.
    """
    from bench.config import DEFAULT_DATASET
    from bench.store.folder import slug
    from bench.training.checkpoints import present
    from bench.training.journal import described_recipe
    from bench.training.resuming import is_default, without_budget
    from bench.weights.lookup import of_users_own

    before, after = stem, "" if plain else f"-seed{recipe.seed}"
    if of_users_own(recipe.dataset):
        size = recipe.dataset.rpartition("@")[2]
        before += "-folder" + (f"-{size}px" if size.isdigit() else "")
    elif recipe.dataset != DEFAULT_DATASET:
        before += f"-{slug(recipe.dataset)}"
    full, short = f"{before}-{slug(recipe.name)}{after}", before + after
    if is_default(recipe.name, trainer):
        return short
    if resume and not present(Path("train") / full) and present(Path("train") / short):
        stored = described_recipe(Path("train") / short) or {}
        return short if without_budget(str(stored.get("name")), trainer)[0] == recipe.name else full
    return full


def train_zoo(run: Run) -> None:
    """``bench train zoo``."""
    from bench.training.zoo import train_zoo as train

    with run.engine() as engine:
        train(engine, run.out or Path("train") / "zoo", run.budget, resume=run.resume, dry_run=run.dry_run)


def train_controls(classifier: str, dataset: str, device: str) -> None:
    """``bench train controls``."""
    from bench.classifiers import open_classifier
    from bench.config import DEFAULT_DATASET
    from bench.datasets import aliases_of
    from bench.environment import resolve_device
    from bench.registry import STATISTICS, load
    from bench.store.folder import slug

    target = open_classifier(classifier, resolve_device(device), aliases=aliases_of(dataset))
    name = f"controls-{target.name}" + ("" if dataset == DEFAULT_DATASET else f"-{slug(dataset)}")
    path = Path("train") / name / f"{name}.safetensors"
    statistics = load(STATISTICS, "statistics", "controls")
    own = statistics.own_statistics(target.sha256, dataset)
    statistics.fit(target, dataset, resolve_device(device), path)
    write_atomically(own, path.read_bytes())
    print(f"statistics: {path}\nbench run --classifier {classifier} --dataset {dataset} uses them where none ship")
