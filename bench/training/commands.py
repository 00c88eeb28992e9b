"""What ``bench train`` does, behind the parsing."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bench.cli.printing import print_json
from bench.errors import UnknownNameError, UsageError
from bench.store.files import write_atomically

if TYPE_CHECKING:
    from bench.training.engine import Engine, Precision
    from bench.training.inverters import InverterTask
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
    default = recipe.name == trainer.recipe().name
    if run.dry_run:
        _say_cost(trainer, dataclasses.replace(recipe, dataset=dataset), classifier, run)
        return
    recipe = dataclasses.replace(recipe, dataset=full_name(dataset, classifier))
    if steps is not None and run.budget is not None:
        raise UsageError("--steps and --budget both say how long to train. Give one of them.")

    from bench.classifiers import open_classifier
    from bench.datasets import aliases_of
    from bench.training.inverters import train_inverter
    from bench.training.journal import described_recipe
    from bench.training.pairs import TrainingPairs
    from bench.weights.lookup import own_inverter_weights, serving

    began = time.monotonic()
    with run.engine() as engine:
        target = open_classifier(classifier, engine.device, aliases=aliases_of(dataset))
        plain = recipe.seed == trainer.recipe(recipe_name).seed
        folder = run.folder(_folder_name(method, target.name, recipe, plain=plain))
        chosen = run.resumed(recipe, folder)
        if chosen is not None:
            _refuse_another(folder, recipe, described_recipe(folder) or {}, asked=recipe_name, seed=seed)
            chosen = chosen if steps is None else dataclasses.replace(chosen, steps=steps)
        pairs = TrainingPairs.of(chosen or recipe, target, engine, trainer.sizes)
        if chosen is None and run.budget is not None:
            fitting = _fitting(lambda: trainer.task(recipe, pairs, target, engine), engine, began, run.budget)
            chosen = dataclasses.replace(recipe, steps=fitting, name=f"{recipe.name}-{run.budget:g}min")
        final = chosen or recipe
        task = trainer.task(final, pairs, target, engine)
        weights = train_inverter(task, folder, resume=run.resume, default=default)
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


def _folder_name(method: str, classifier: str, recipe: InverterRecipe, *, plain: bool) -> str:
    """Of a training; one on the default dataset by the recipe's own (``plain``) seed has the shortest."""
    from bench.config import DEFAULT_DATASET
    from bench.store.folder import slug
    from bench.weights.lookup import of_users_own

    parts = [method, classifier]
    if of_users_own(recipe.dataset):
        size = recipe.dataset.rpartition("@")[2]
        parts.append("folder" + (f"-{size}px" if size.isdigit() else ""))
    elif recipe.dataset != DEFAULT_DATASET:
        parts.append(slug(recipe.dataset))
    if not plain:
        parts.append(f"seed{recipe.seed}")
    return "-".join(parts)


def _refuse_another(
    folder: Path, recipe: InverterRecipe, stored: dict[str, Any], asked: str | None, seed: int | None
) -> None:
    """Raise where the training to continue has other images, another seed or another recipe than asked for."""
    from bench.config import DEFAULT_DATASET

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
    free = ("name", "steps", "dataset", "seed")  # a budget decides the first two
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
