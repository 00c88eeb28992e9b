"""From a plan to its cells: what is to be run, what is there already, and the shell line of each."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal

from bench.cell import Cell
from bench.classifiers.provider import targets
from bench.config import Device, RunConfig
from bench.datasets import aliases_of
from bench.errors import BusyError, UsageError
from bench.identify import seeds_of_training
from bench.inverters.base import WITH_NETWORK
from bench.once import one_run
from bench.registry import CONTROLS, INVERTERS, expanded, registered
from bench.rescore import outdated
from bench.store.files import locked
from bench.sweep.plan import Override, Plan, listed, nearest
from bench.sweep.training import check_awaited, precedes

State = Literal["complete", "failed", "skipped", "running", "open"]


@dataclass(frozen=True)
class Planned:
    """A cell of a sweep.

    Attributes:
        config: of the cell, with everything said that has a default.
        probe: its name, or None of a cell of ``bench run``.
        control: whether it is one that nobody named, which is left out where it would cost too much.
        most: the largest N of its dataset in the plan: as many originals are stored at once, and never replaced.
        shared: whether several workers may make its shards.
        tried: when a record without scores was written that was there when the plan was read, or None.
        trainings: of the plan, by their places, which come before it.
    """

    config: RunConfig
    probe: str | None = None
    control: bool = False
    most: int = 0
    shared: bool = False
    tried: str | None = None
    trainings: tuple[int, ...] = ()

    def __str__(self) -> str:
        """For people, and the same for nothing else of the plan."""
        one = self.config
        head = f"probe {self.probe}: " if self.probe else ""
        rest = f"{one.num_images:,} images, seed {one.seed}, {one.preset}"
        rest += "" if one.training_seed is None else f", training seed {one.training_seed}"
        return f"{head}{one.method} on {one.classifier}, {one.dataset}, {rest}" + (
            "" if one.precision == "float32" else f", {one.precision}"
        )

    def open(self) -> Cell:
        """What it stands for today: trainings that ended since may have changed its key."""
        if self.probe is None:
            return Cell.open(self.config)
        from bench.probes.runner import open_cell, open_probe

        return open_cell(open_probe(self.probe), self.config)

    def state(self) -> tuple[State, str | None]:
        """What became of it, and why it has no scores; a record that was there without scores counts for nothing."""
        cell = self.open()
        if finished(cell):
            return "complete", None
        record = cell.stored()
        if record is not None and record.status != "complete" and record.created != self.tried:
            return record.status, record.reason
        return ("running" if _held(cell) else "open"), None

    def command(self, threads: int) -> str:
        """A line for a shell that runs it, or goes on with it, and nothing else."""
        one, words = self.config, ["bench", "run"]
        if self.probe is not None:
            words = ["bench", "probe", self.probe]
        words += ["--method", one.method, "--classifier", one.classifier, "--dataset", one.dataset]
        words += ["--num-images", str(one.num_images), "--seed", str(one.seed), "--device", one.device]
        words += [] if one.training_seed is None else ["--training-seed", str(one.training_seed)]
        words += ["--preset", str(one.preset), "--precision", one.precision, "--out", str(one.out)]
        if self.probe is None:
            words += [word for key in one.metrics or () for word in ("--metric", key)] + ["--no-controls"]
        return f"OMP_NUM_THREADS={threads} {shlex.join(words)}"

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a worker."""
        config = {name: str(one) if isinstance(one, Path) else one for name, one in vars(self.config).items()}
        return dataclasses.asdict(self) | {"config": config}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Planned:
        """The inverse."""
        fields = dict(raw) | {"config": RunConfig(**raw["config"]), "trainings": tuple(raw["trainings"])}
        return cls(**fields)


def finished(cell: Cell) -> bool:
    """Whether its record is there, and lacks no score."""
    record = cell.finished()
    if record is None:
        return False
    return record.probe is not None or not outdated(record, cell.draft.protocol, cell.config.metrics)


def _held(cell: Cell) -> bool:
    """Whether a process is known to work on it now; of a cell that cannot be written nobody can tell."""
    path = cell.folder.path / ".lock"
    try:
        if not path.exists():
            return False
        with locked(path, wait=False):
            return False
    except BusyError:
        return True
    except OSError:
        return False


def plan_cells(plan: Plan, out: Path, device: Device) -> list[Planned]:
    """Every cell of a plan, each once, in the plan's order.

    Args:
        plan: with names that may turn out to be none.
        out: the folder of all runs.
        device: ``cpu`` or ``cuda``, which is part of every cell's key.

    Raises:
        UsageError: a name does not exist, an override names what the plan does not run, or no cell waits for a
            training.
    """
    with one_run():
        _check_overrides(plan, [config for config, _ in _bases(plan, out, device)])
        cells = [_planned(plan, *one) for one in dict.fromkeys(_grid(plan, out, device))]
        check_awaited(plan, {place for cell in cells for place in cell.trainings})
    most: dict[str, int] = {}
    for cell in cells:
        name = cell.config.dataset
        most[name] = max(most.get(name, 0), cell.config.num_images or 0)
    return list(dict.fromkeys(replace(cell, most=most[cell.config.dataset]) for cell in cells))


def _bases(plan: Plan, out: Path, device: Device) -> Iterator[tuple[RunConfig, bool]]:
    """What every method, classifier and dataset has before overrides, and whether it is a control that nobody named."""
    methods = expanded(plan.methods, registered(INVERTERS))
    controls = [name for name in registered(CONTROLS) if plan.controls and name not in methods]
    for dataset in plan.datasets:
        for classifier in expanded(plan.classifiers, targets(aliases_of(dataset))):
            for name in (*controls, *methods):
                yield RunConfig(
                    name, classifier, dataset, plan.num_images, 0, device, plan.preset, controls=False, out=out,
                    precision=plan.precision, metrics=plan.metrics,
                ), name in controls  # fmt: skip


def _grid(plan: Plan, out: Path, device: Device) -> Iterator[tuple[RunConfig, str | None, bool]]:
    """Configuration, probe, and whether it is a control that nobody named."""
    for base, control in _bases(plan, out, device):
        config, seeds, trainings, _ = _overridden(plan, base, None)
        if control:
            seeds, trainings = seeds[:1], ()
        for training, seed in product(seeds_of_training(base.method, trainings), seeds):
            yield replace(config, seed=seed, training_seed=training), None, control
        if base.method in registered(CONTROLS):
            continue
        for probe in _probes(plan):
            config, seeds, trainings, probes = _overridden(plan, replace(base, num_images=None, metrics=None), probe)
            for training, seed in product(seeds_of_training(base.method, trainings), seeds if probe in probes else ()):
                yield replace(config, seed=seed, training_seed=training), probe, False


def _probes(plan: Plan) -> list[str]:
    """Those that any cell of the plan may be asked."""
    return list(dict.fromkeys([*plan.probes, *(name for one in plan.override for name in one.probes or ())]))


def _overridden(
    plan: Plan, config: RunConfig, probe: str | None
) -> tuple[RunConfig, tuple[int, ...], tuple[int, ...], tuple[str, ...]]:
    """The configuration, seeds of runs and trainings, and probes after every override that speaks of it."""
    seeds, trainings, probes = plan.seeds, plan.training_seeds, plan.probes
    for one in plan.override:
        if not _speaks_of(one, config, probe):
            continue
        found = {name: getattr(one, name) for name in ("num_images", "preset", "precision")}
        if probe is not None and not one.probe:
            del found["num_images"]
        config = replace(config, **{name: value for name, value in found.items() if value is not None})
        seeds = seeds if one.seeds is None else one.seeds
        trainings = trainings if one.training_seeds is None else one.training_seeds
        probes = probes if one.probes is None else one.probes
    return config, seeds, trainings, probes


def _speaks_of(one: Override, config: RunConfig, probe: str | None) -> bool:
    asked = ((one.method, config.method), (one.classifier, config.classifier), (one.dataset, config.dataset))
    return all(not names or name in listed(names) for names, name in (*asked, (one.probe, probe)))


def _check_overrides(plan: Plan, bases: Sequence[RunConfig]) -> None:
    """Raise where an override names what is not run."""
    known = {name: {str(getattr(one, name)) for one in bases} for name in ("method", "classifier", "dataset")}
    known |= {"probe": set(_probes(plan))}
    for k, one in enumerate(plan.override):
        for kind, names in known.items():
            for name in listed(getattr(one, kind)):
                if name not in names:
                    raise UsageError(
                        f"override[{k}] names the {kind} {name!r}, which the plan does not run."
                        f"{nearest(name, names)} It runs: {', '.join(sorted(names)) or 'none'}."
                    )
        if one.probe and (others := [name for name in one.probes or () if name not in listed(one.probe)]):
            raise UsageError(
                f"override[{k}] is for the probe {', '.join(listed(one.probe))} alone, and adds {', '.join(others)}. "
                "Leave probe out of it, or these out of its probes."
            )


def _planned(plan: Plan, config: RunConfig, probe: str | None, control: bool) -> Planned:
    """With every default said."""
    cell = Planned(config, probe, control).open()
    known: dict[str, Any] = {name: getattr(cell.draft, name) for name in ("num_images", "preset", "precision")}
    full = replace(config, **known)
    record = cell.stored()
    tried = record.created if record is not None and record.status != "complete" else None
    before = tuple(k for k, one in enumerate(plan.train) if precedes(one, config))
    return Planned(full, probe, control, 0, probe is None and cell.draft.access in WITH_NETWORK, tried, before)
