"""``bench train zoo``: every classifier and all that hangs on it, in the order of what helps most, within a budget.

All steps are scaled by one factor, so that the weights of a method stay comparable across classifiers. The folder ends
as a zoo of its own: ``BENCH_ZOO=train/zoo/weights bench run ...`` uses it in place of the shipped one.
"""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from bench.classifiers import LoadedClassifier, open_classifier
from bench.classifiers.providers.zoo import TARGETS
from bench.classifiers.recipes import RECIPES
from bench.cli.printing import print_rows
from bench.config import DEFAULT_DATASET
from bench.datasets import load_training
from bench.datasets.base import to_images
from bench.errors import TrainingError, UsageError
from bench.progress import each
from bench.registry import STATISTICS, load
from bench.store.files import write_atomically
from bench.training.budget import RESERVE, Speed, measure
from bench.training.checkpoints import present
from bench.training.engine import Engine
from bench.training.inverters import InverterTask
from bench.training.pairs import TrainingPairs
from bench.training.trainer import InverterRecipe, Trainer, open_trainer
from bench.weights import files as weights

Kind = Literal["classifier", "controls", "inverter"]
CLASSIFIERS = ("resnet152", "robust_resnet152", "inception_v3")
ONEHOT_OF = "robust_resnet152"
CONTROLS_SECONDS = 60.0


@dataclass(frozen=True)
class Part:
    """One training of the plan.

    Attributes:
        name: of its folder and of its weight file.
        method: of an inverter; empty otherwise.
        classifier: what is trained, or what is inverted.
        settings: the recipe.
        steps: optimisation steps.
        seconds: expected, by the speed measured when the plan was made.
    """

    kind: Kind
    name: str
    method: str
    classifier: str
    settings: dict[str, Any]
    steps: int
    seconds: float


@dataclass(frozen=True)
class Cost:
    """What a part costs before it is scaled.

    Attributes:
        steps: of the recipe; 0 where nothing can be scaled.
        unit: steps are kept a multiple of it.
        every: steps between looks at held-out data.
        extra: seconds that do not depend on the steps.
    """

    steps: int
    unit: int
    speed: Speed
    every: int
    extra: float = 0.0

    def scaled(self, factor: float) -> int:
        """Steps after scaling, at least one unit."""
        return max(1, math.floor(self.steps * factor / self.unit)) * self.unit if self.steps else 0

    def seconds(self, factor: float) -> float:
        """Expected duration after scaling."""
        steps = self.scaled(factor)
        looks = steps / self.every + 1 if steps else 0
        return steps * self.speed.step + looks * self.speed.look + self.extra


def order() -> list[tuple[Kind, str, str]]:
    """(kind, method, classifier) of every part; comparisons first, among them the one that the project is named for."""
    parts: list[tuple[Kind, str, str]] = [("classifier", "", name) for name in CLASSIFIERS]
    parts += [("controls", "", name) for name in TARGETS]
    parts += [("inverter", "biggan-logit", name) for name in TARGETS]
    parts += [("inverter", "onehot-biggan", ONEHOT_OF)]
    parts += [("inverter", method, name) for method in ("dosovitskiy-brox-2016a", "dosovitskiy-brox-2016b")
              for name in TARGETS]  # fmt: skip
    return parts


def factor_within(costs: Sequence[Cost], seconds: float) -> float:
    """The largest common factor of all steps with which everything fits.

    Raises:
        UsageError: not even a single unit of each fits.
    """
    least = sum(cost.seconds(0.0) for cost in costs)
    if least > seconds:
        raise UsageError(
            f"The shortest training of the whole zoo takes {least / 60:.0f} minutes here, and "
            f"{seconds / 60:.0f} are left of the budget. Give more with --budget."
        )
    low, high = 0.0, 1e6
    for _ in range(100):
        middle = math.sqrt(max(low, 1e-6) * high)
        fits = sum(cost.seconds(middle) for cost in costs) <= seconds
        low, high = (middle, high) if fits else (low, middle)
    return low


def make_plan(engine: Engine, budget: float | None) -> list[Part]:
    """Measure the speed of each recipe on this device and scale all steps to the budget (minutes)."""
    from bench.classifiers.train import ClassifierTask
    from bench.training.inverters import LOOKS_EVERY

    began = time.monotonic()
    costs: list[Cost] = []
    speeds: dict[str, Speed] = {}
    for kind, method, name in each(order(), "measuring each training"):
        if kind == "classifier":
            task = ClassifierTask(RECIPES[name], engine)
            per_epoch = task.steps // RECIPES[name].epochs
            costs.append(Cost(task.steps, per_epoch, measure(task), 2 * per_epoch))
        elif kind == "controls":
            costs.append(Cost(0, 1, Speed(0, 0), 1, CONTROLS_SECONDS + _logits_seconds(name, engine)))
        else:
            trainer = open_trainer(method)
            recipe = _recipe(trainer, engine.device)
            if method not in speeds:  # the classifier plays no part in a step
                speeds[method] = measure(_task(trainer, recipe, open_classifier(ONEHOT_OF, engine.device), engine))
            costs.append(Cost(recipe.steps, 1, speeds[method], LOOKS_EVERY))
    elapsed = torch.tensor(time.monotonic() - began, dtype=torch.float64)
    spent = float(engine.mean({"elapsed": elapsed})["elapsed"])  # the same in all processes
    factor = 1.0 if budget is None else factor_within(costs, 60 * budget * (1 - RESERVE) - spent)
    return [_part(one, cost, factor, budget, engine.device) for one, cost in zip(order(), costs, strict=True)]


def _recipe(trainer: Trainer, device: torch.device) -> InverterRecipe:
    """The recipe for this kind of device: ``gpu`` on one, where the method has it."""
    return trainer.recipe("gpu" if device.type == "cuda" and "gpu" in trainer.recipes else None)


def _task(trainer: Trainer, recipe: InverterRecipe, target: LoadedClassifier, engine: Engine) -> InverterTask:
    """A training on the default dataset."""
    return trainer.task(recipe, TrainingPairs.of(recipe, target, engine), target, engine)


def _part(one: tuple[Kind, str, str], cost: Cost, factor: float, budget: float | None, device: torch.device) -> Part:
    kind, method, classifier = one
    steps, settings = cost.scaled(factor), {}
    if kind == "classifier":
        settings = dataclasses.asdict(dataclasses.replace(RECIPES[classifier], epochs=steps // cost.unit))
    elif kind == "inverter":
        recipe = _recipe(open_trainer(method), device)
        name = recipe.name if budget is None else f"zoo-{budget:g}min"
        settings = dataclasses.replace(recipe, steps=steps, name=name).settings()
    prefix = {"classifier": "", "controls": "controls-", "inverter": f"{method}-"}[kind]
    return Part(kind, prefix + classifier, method, classifier, settings, steps, cost.seconds(factor))


@torch.inference_mode()
def _logits_seconds(name: str, engine: Engine) -> float:
    """For the logits of all training images, plain and mirrored, and of ``val``: from one block."""
    network = open_classifier(name, engine.device).network
    train, val = load_training(DEFAULT_DATASET)
    images = to_images(train.pixels(slice(0, 100))).to(engine.device).contiguous(memory_format=torch.channels_last)
    network(images)
    began = time.perf_counter()
    _ = network(images)[0, 0].item()
    count = 2 * len(train) + len(val)
    seconds = torch.tensor((time.perf_counter() - began) / len(images) * count, dtype=torch.float64)
    return float(engine.mean({"seconds": seconds})["seconds"])


def train_zoo(engine: Engine, folder: Path, budget: float | None, *, resume: bool, dry_run: bool) -> None:
    """Make or read the plan, print it, and train what is left of it."""
    path = folder / "plan.json"
    if path.exists() and not resume and not dry_run:
        raise UsageError(
            f"{folder} holds a zoo in training. To continue it, add --resume; to start anew, delete the folder or name "
            "another one with --out."
        )
    if path.exists() and resume:
        parts = read_plan(path)
    else:
        parts = make_plan(engine, budget)
        if engine.first and not dry_run:
            folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps([dataclasses.asdict(part) for part in parts], indent=2)
            write_atomically(path, (text + "\n").encode())
    if engine.first:
        print_plan(parts, folder)
    if dry_run:
        return
    _use(folder / "weights", engine)
    for part in parts:
        if not _file(folder, part).exists():
            _train(part, folder, engine)
        if engine.first and not _entered(part, _file(folder, part)):
            _enter(part, _file(folder, part))
        with engine.one_after_the_other():
            weights.manifest.cache_clear()
    if engine.first:
        print(f"zoo: {folder / 'weights'}    next: BENCH_ZOO={folder / 'weights'} bench run --method all ...")


def read_plan(path: Path) -> list[Part]:
    """A plan that was made before.

    Raises:
        TrainingError: it is damaged.
    """
    try:
        return [Part(**one) for one in json.loads(path.read_bytes())]
    except (ValueError, TypeError) as error:
        raise TrainingError(
            f"{path} should hold the plan of this zoo and is damaged ({error}). Delete it and type the same command "
            "again: parts that are done are kept, and the others are planned anew."
        ) from error


def print_plan(parts: Sequence[Part], folder: Path) -> None:
    """A row a part with its expected time, and the sum of what is left."""
    rows, left = [], 0.0
    for part in parts:
        done = _file(folder, part).exists()
        left += 0.0 if done else part.seconds
        begun = present(folder / part.name)
        state = "done" if done else "begun" if begun else "to do"
        rows.append({"part": part.name, "steps": part.steps or None, "minutes": part.seconds / 60, "state": state})
    print_rows(rows, "")
    print(f"expected: {left / 60:.0f} minutes, by the speed measured on this device")


def _file(folder: Path, part: Part) -> Path:
    return folder / part.name / f"{part.name}.safetensors"


def _use(zoo: Path, engine: Engine) -> None:
    """Start from a copy of the shipped zoo, in which each part that is done replaces its predecessor."""
    if engine.first and not (zoo / "manifest.json").exists():
        zoo.mkdir(parents=True, exist_ok=True)
        for file in weights.ZOO.glob("*.xz"):
            shutil.copy2(file, zoo / file.name)
        write_atomically(zoo / "manifest.json", (weights.ZOO / "manifest.json").read_bytes())
    with engine.one_after_the_other():
        weights.use(zoo)


def _train(part: Part, folder: Path, engine: Engine) -> None:
    from bench.classifiers.train import train
    from bench.training.inverters import train_inverter

    place = folder / part.name
    if part.kind == "classifier":
        recipe = dataclasses.replace(RECIPES[part.classifier], **part.settings)
        train(recipe, place, engine, resume=True)
        return
    target = open_classifier(part.classifier, engine.device)
    if part.kind == "controls":
        if engine.first:
            statistics = load(STATISTICS, "statistics", "controls")
            statistics.fit(target, DEFAULT_DATASET, engine.device, _file(folder, part))
        return
    trainer = open_trainer(part.method)
    chosen = dataclasses.replace(trainer.recipe(), **part.settings)
    train_inverter(_task(trainer, chosen, target, engine), place, resume=True)


def _entered(part: Part, path: Path) -> bool:
    known = weights.manifest().get(part.name)
    return known is not None and known.sha256 == weights.sha256_of(path)


def _enter(part: Part, path: Path) -> None:
    from bench.zoo.facts import facts_of_classifier, facts_of_fitted
    from bench.zoo.manifest import enter

    if part.kind == "classifier":
        facts = facts_of_classifier(part.classifier, path)
    else:
        methods = [part.method] if part.method else ["class-mean", "ridge"]
        facts = facts_of_fitted(path, part.classifier, part.method or "controls", methods, "bench train zoo")
    enter(part.name, path.read_bytes(), facts)
