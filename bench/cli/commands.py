"""What the commands do, behind the parsing: each function is one command."""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from bench.cli.printing import interval, print_faults, print_json, print_rows
from bench.config import RunConfig
from bench.errors import UsageError
from bench.once import one_run
from bench.store.neutral import here
from bench.store.record import Record

T = TypeVar("T")


Configure = Callable[[str, str, int], RunConfig]  # method, classifier, seed


def run_cells(
    methods: Sequence[str], classifiers: Sequence[str], seeds: Sequence[int], config: Configure, *, as_json: bool,
    training_seeds: Sequence[int] | None = None,
) -> int:  # fmt: skip
    """Run every combination, each classifier's controls first, with the first seed; 1 if a cell failed."""
    from bench.foreign import aside

    with aside(), one_run():  # what plugins print is no answer of the command
        plan = _plan(methods, classifiers, seeds, config, training_seeds)
        asked, controls = _run(plan)
    records = asked + [c for c in controls if c.key not in {record.key for record in asked}]
    if as_json:
        documents = [json.loads(record.to_json()) for record in asked]
        print_json(documents[0] if len(documents) == 1 else documents)
    else:
        _print_tables(records, plan[0][0].out, tuple(dict.fromkeys(plan[0][0].metrics or ())))
    return int(any(record.status == "failed" for record in records))


def _plan(
    methods: Sequence[str], classifiers: Sequence[str], seeds: Sequence[int], config: Configure,
    training_seeds: Sequence[int] | None,
) -> list[list[RunConfig]]:  # fmt: skip
    """A list of cells for each classifier."""
    from bench.classifiers.provider import targets
    from bench.datasets import aliases_of
    from bench.identify import seeds_of_training
    from bench.registry import expanded

    every = targets(aliases_of(config(methods[0], classifiers[0], seeds[0]).dataset))
    trainings = {method: seeds_of_training(method, training_seeds) for method in methods}
    return [
        [
            dataclasses.replace(config(method, classifier, seed), training_seed=training)
            for method in methods
            for training in trainings[method]
            for seed in dict.fromkeys(seeds)
        ]
        for classifier in expanded(classifiers, every)
    ]


def _run(plan: Sequence[Sequence[RunConfig]]) -> tuple[list[Record], list[Record]]:
    """The records that were asked for, a list of cells a classifier, and those of the controls."""
    from bench.cell import Cell
    from bench.line import run_cell, run_controls

    opened = [[Cell.open(one) for one in cells] for cells in plan]  # a misspelt name is said before any work
    asked: list[Record] = []
    controls: list[Record] = []
    for cells, found in zip(plan, opened, strict=True):
        if cells[0].controls and found[0].opens:
            controls += run_controls(cells[0])
        asked += [run_cell(one) for one in cells]
    return asked, controls


def verify_cells(
    methods: Sequence[str], classifiers: Sequence[str], seeds: Sequence[int], config: Configure, *, as_json: bool,
    training_seeds: Sequence[int] | None = None,
) -> int:  # fmt: skip
    """``bench run --verify`` for every combination and the controls: a line a cell; 1 unless all are right."""
    from bench.registry import CONTROLS, registered
    from bench.store.verify import verify_cell

    cells = _plan(methods, classifiers, seeds, config, training_seeds)
    plan = [one for each in cells for one in each]
    if plan[0].controls:
        kept = [control for control in registered(CONTROLS) if control not in methods]
        plan += [config(control, each[0].classifier, seeds[0]) for each in cells for control in kept]
    verdicts = []
    with one_run():
        for one in plan:
            verdicts.append(verify_cell(one))
            if not as_json:
                print(verdicts[-1].line())
    if as_json:
        print_json([dataclasses.asdict(verdict) for verdict in verdicts])
    return int(not all(verdict.good for verdict in verdicts))


def _print_tables(records: Sequence[Record], out: Path, asked: Sequence[str] = ()) -> None:
    """The tables of these records, of the metrics that were asked for if any were, and what to type next."""
    from bench.registry import reports

    shown = [here(record) for record in records]
    print(reports().tables(shown, out, asked))
    for record in shown:
        if record.status == "failed":  # why others were skipped stands below the tables
            print(f"{record.status}: {record.method} on {record.classifier}: {record.reason}", file=sys.stderr)
    print(f"records: {out}    next: bench report --runs {out}")
    print_hint(records, out, asked)


def print_hint(records: Sequence[Record], runs: Path, asked: Sequence[str] = ()) -> None:
    """What to type for scores that these records, below ``runs``, lack for want of weights."""
    from bench.cli.hint import hint, weights_missing

    for lines in (weights_missing(records, asked, runs), hint(records, runs)):
        if lines:
            print(lines)


def stepped(found: Iterator[T]) -> Iterator[T]:
    """The same things; what plugins print while one is made goes to stderr: it is no answer of the command."""
    from bench.foreign import aside

    while True:
        with aside():
            one = next(found, None)
        if one is None:
            return
        yield one


def check_rules(name: str, classifier: str, *, as_json: bool) -> int:
    """``bench check``: a line a rule; 1 if one is broken."""
    from bench.check import check
    from bench.sweep.rules import check_executor, is_executor

    rules = check_executor(name) if is_executor(name) else check(name, classifier)
    marks = {True: "ok", False: "NO", None: "--"}
    done = []
    for one in stepped(rules):
        done.append(one)
        if not as_json:
            print(f"{marks[one.kept]}  {one.rule}" + (f": {one.detail}" if one.detail else ""), flush=True)
    if as_json:
        print_json([dataclasses.asdict(one) for one in done])
    return int(any(one.kept is False for one in done))


def write_page(
    runs: Path, compare: tuple[Path, Path] | None, out: Path | None, zipped: bool = False
) -> tuple[Path, list[Record]]:
    """``bench report``, of one folder of runs or of two side by side; the file, and the records of the one folder."""
    from bench.progress import progress
    from bench.registry import reports
    from bench.store.faults import Faults
    from bench.store.record import read_records

    if zipped and compare is not None:
        raise UsageError("--zip packs the folder of one page, and --compare writes a file. Leave one of them out.")
    faults, found = Faults(), []
    with progress(1, "writing the page"):
        if compare is not None:
            page: Path = reports().comparison(*compare, out or Path("compare.html"), faults)
        else:
            found = read_records(runs, faults)
            page = reports().page(runs, out or Path("report.html"), faults, zipped, found)
    print_faults(faults)
    return page, [record for record, _ in found]


def fetch(name: str, source: Path | None, force: bool, partial: bool = False) -> None:
    """``bench data fetch``."""
    from bench.datasets import fetched

    thing = fetched(name)
    _check_partial(name, thing, partial)
    thing.fetch(source, force, **({"partial": True} if partial else {}))


def prepare(name: str, source: Path, size: int, force: bool, partial: bool = False) -> None:
    """``bench data prepare``."""
    from bench.datasets import fetched

    thing = fetched(name)
    if not (sizes := getattr(thing, "sizes", ())):
        raise UsageError(
            f"{name} needs no preparation: it is used at its own size or at any, as soon as it is here. What is "
            "fetched, and how, says: bench data fetch --help"
        )
    if size not in sizes:
        told = f"{', '.join(map(str, sizes[:-1]))} or {sizes[-1]}" if len(sizes) > 1 else str(sizes[0])
        raise UsageError(
            f"{name} is prepared at {told} px, and not at {size}: the size is part of the dataset, and a classifier "
            f"that takes another one resizes the images itself. Type for instance: bench data prepare {name} --from "
            f"{source} --size {min(sizes, key=lambda one: abs(one - size))}"
        )
    _check_partial(name, thing, partial)
    thing.prepare(source, size, force, partial)


def _check_partial(name: str, thing: Any, partial: bool) -> None:
    if partial and not getattr(thing, "incomplete", False):
        raise UsageError(f"{name} comes whole or not at all. Leave --partial away.")


def verify(name: str) -> int:
    """``bench data verify``; 1 if something is here that should not be as it is."""
    from bench.datasets import fetched

    found = fetched(name).verify()
    print_rows([{"part": part, "status": status} for part, status in found], "")
    return int(any(status.startswith(("wrong", "damaged")) for _, status in found))


def prove() -> int:
    """``bench selftest``: a line a rule as it is decided; 1 if one does not hold."""
    from bench.metrics.base import MIN_SET_IMAGES
    from bench.selftest import FEW, selftest

    print(f"Known answers on {FEW:,} images, of distances between sets on {MIN_SET_IMAGES:,}:")
    held = []
    for verdict in selftest():
        rule, found = verdict.rule, interval(verdict.score) or f"no value: {verdict.score.note}"
        mark = "ok" if verdict.holds else "NO"
        print(f"{mark}  {rule.case:<11} {rule.key:<28} {found:<16} must be {rule}", flush=True)
        held.append(verdict.holds)
    print(f"{sum(held)} of {len(held)} hold." + ("" if all(held) else " Do not trust scores of this installation."))
    return int(not all(held))


def begin(name: str, out: Path) -> None:
    """``bench new-inverter``: the files, and what to type next."""
    from bench.scaffold import new_inverter

    module, *_ = files = new_inverter(name, out)
    for path in files:
        print(path)
    title = "".join(part.capitalize() for part in name.split("-"))
    print(f"next: bench check {shlex.quote(f'{module}:{title}')}")
    print(f"then: bench run --method {shlex.quote(f'{module}:{title}')} --classifier resnet152 --num-images 100")
