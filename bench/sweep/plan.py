"""The plan of a sweep: a TOML file as typed values, or one paragraph that says what is wrong with it."""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Literal

from bench.config import DEFAULT_DATASET
from bench.errors import UsageError
from bench.store import strict

Names = str | tuple[str, ...]
Value = bool | int | float | str


@dataclass(frozen=True)
class Override:
    """What is different for some cells.

    Attributes:
        method, classifier, dataset, probe: which cells: a name or several; all where it is left out.
        num_images, preset, precision: in place of the plan's own. A probe has its default number of images unless an
            override that names the probe gives another.
        seeds, training_seeds, probes: in place of the plan's lists, of the named probes alone where there are some; an
            empty list of seeds leaves these cells out.
    """

    method: Names = ()
    classifier: Names = ()
    dataset: Names = ()
    probe: Names = ()
    num_images: int | None = None
    preset: Literal["fast", "paper"] | None = None
    precision: Literal["float32", "bf16"] | None = None
    seeds: tuple[int, ...] | None = None
    training_seeds: tuple[int, ...] | None = None
    probes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Training:
    """What is trained before the cells of this method and classifier: ``bench train inverter`` with these options.

    Attributes:
        method, classifier, dataset, recipe, seed, steps, budget, device, precision, accumulate: as that command takes
            them.
        processes: on each machine, by torchrun where there are several.
        nodes: machines; more than one need an executor that has them.
        slurm: options of sbatch that count for this training in place of the plan's, ``gpus-per-node`` for instance.
    """

    method: str
    classifier: str
    dataset: str = DEFAULT_DATASET
    recipe: str | None = None
    seed: int | None = None
    steps: int | None = None
    budget: float | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["bf16", "float32", "float64"] = "bf16"
    accumulate: int = 1
    processes: int = 1
    nodes: int = 1
    slurm: dict[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        """For people: what tells it from the others of a plan."""
        told = {name: getattr(self, name) for name in ("recipe", "seed", "steps", "budget")}
        more = [f"{name} {value}" for name, value in told.items() if value is not None]
        return ", ".join([f"training of {self.method} on {self.classifier}", self.dataset, *more])


@dataclass(frozen=True)
class Plan:
    """A grid of cells and how it is run.

    Attributes:
        methods, classifiers, datasets: names as on the command line, also of files; ``all`` is allowed.
        seeds, probes: of every method, classifier and dataset; probes are added to the cells of ``bench run``.
        training_seeds: of the trainings whose weights trained methods take, a cell each; none takes the first weights.
        num_images, preset, precision, device, metrics: as the options of ``bench run``.
        controls: whether the protocol's controls of each dataset and classifier are cells too.
        threads: of the processor, of each worker: equal everywhere so that bits are.
        spread: workers of SLURM that share one cell of a method that descends; idle workers of a machine share anyway.
        override, train: see ``Override`` and ``Training``.
        slurm: options of sbatch by their names, passed on as they are.
    """

    methods: tuple[str, ...]
    classifiers: tuple[str, ...]
    datasets: tuple[str, ...] = (DEFAULT_DATASET,)
    seeds: tuple[int, ...] = (0,)
    training_seeds: tuple[int, ...] = ()
    probes: tuple[str, ...] = ()
    num_images: int | None = None
    preset: Literal["fast", "paper"] | None = None
    precision: Literal["float32", "bf16"] = "float32"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    metrics: tuple[str, ...] | None = None
    controls: bool = True
    threads: int = 1
    spread: int = 1
    override: tuple[Override, ...] = ()
    train: tuple[Training, ...] = ()
    slurm: dict[str, Value] = field(default_factory=dict)


POSITIVE = ("num_images", "threads", "spread", "steps", "budget", "accumulate", "processes", "nodes")


def read_plan(path: Path) -> Plan:
    """The plan in a file.

    Raises:
        UsageError: there is no such file, or it is no plan; says where and what was expected.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The plan {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no TOML: {error}.") from error
    try:
        _check_keys(Plan, raw, "a plan")
        for name, cls in (("override", Override), ("train", Training)):
            tables = raw.get(name, [])
            for table in tables if isinstance(tables, list) else []:
                _check_keys(cls, table, f"[[{name}]]")
        plan = strict.build(Plan, _plain(raw), "plan")
        _check_values(plan)
    except ValueError as error:
        text = str(error).removeprefix("plan.").replace("should be whole ", "should be a whole number ")
        raise UsageError(f"{path}: {text}.") from error
    return plan


def _check_keys(cls: Any, raw: object, where: str) -> None:
    """Raise where there is a key that nobody knows."""
    known = [one.name for one in dataclasses.fields(cls)]
    for key in raw if isinstance(raw, dict) else ():
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"Did you mean {close[0]!r}? " if close else ""
            raise ValueError(f"{where} has no key {key!r}. {hint}Its keys: {', '.join(known)}")


def _plain(raw: Any) -> Any:
    """The same with times and dates as text: ``time = 04:00:00`` is one to TOML."""
    if isinstance(raw, dict):
        return {key: _plain(one) for key, one in raw.items()}
    if isinstance(raw, list):
        return [_plain(one) for one in raw]
    return str(raw) if isinstance(raw, date | datetime | time) else raw


def _check_values(plan: Plan) -> None:
    for name in ("methods", "classifiers", "datasets", "seeds"):
        if not getattr(plan, name):
            raise ValueError(f"{name} is an empty list: there is nothing to run")
    named: list[tuple[str, Plan | Override | Training]] = [("", plan)]
    named += [(f"override[{k}].", one) for k, one in enumerate(plan.override)]
    named += [(f"train[{k}].", one) for k, one in enumerate(plan.train)]
    for where, table in named:
        for name in POSITIVE:
            value = getattr(table, name, None)
            if value is not None and value <= 0:
                raise ValueError(f"{where}{name} should be above zero and is {value}")


def listed(names: Names) -> tuple[str, ...]:
    """One name or several."""
    return (names,) if isinstance(names, str) else names


def nearest(name: str, known: Iterable[str]) -> str:
    """A question that names the closest, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""
