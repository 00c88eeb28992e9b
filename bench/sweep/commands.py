"""What ``bench sweep`` does, behind the parsing."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cli.commands import write_page
from bench.cli.printing import about, print_rows, say
from bench.errors import UsageError
from bench.once import one_run
from bench.progress import each, progress
from bench.store.neutral import printable
from bench.store.shared import AGAIN
from bench.sweep.cells import Planned, State, plan_cells
from bench.sweep.costs import Costs, Expected, longest_first, makespan
from bench.sweep.executor import Executor, Outcome, Work, open_executor
from bench.sweep.places import places_for
from bench.sweep.plan import Plan, read_plan
from bench.sweep.training import check, trained
from bench.sweep.training import command as training_command

Found = tuple[State, str | None]


@dataclass(frozen=True)
class Sweep:
    """A plan that was read, with all that is known before anything runs.

    Attributes:
        path: of the plan.
        executor: opened, and by which name.
        cells: in the plan's order.
        states: of each: what is there, and why it has no scores.
        expected: of each.
        trainings: the places of those in the plan that are still to be done.
    """

    path: Path
    plan: Plan
    executor: Executor
    name: str
    out: Path
    workers: int | None
    cells: Sequence[Planned]
    states: Sequence[Found]
    expected: Sequence[Expected]
    trainings: frozenset[int]

    @classmethod
    def open(cls, path: Path, name: str, out: Path, workers: int | None, *, before: bool = False) -> Sweep:
        """Read, resolve every name, and look what is there.

        Args:
            path, name, out, workers: as on the command line.
            before: whether what failed in an earlier sweep counts as having failed; else it is tried again.

        Raises:
            UsageError: the plan is none, or names what does not exist.
        """
        plan, executor = read_plan(path), open_executor(name)
        try:
            for one in plan.train:
                check(one)
            todo = frozenset(k for k, one in enumerate(plan.train) if trained(one) is None)
            cells = plan_cells(plan, out, executor.device(plan))
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from error
        cells = [dataclasses.replace(cell, tried=None) for cell in cells] if before else cells
        with one_run():
            costs = Costs.below(out)
            expected = [costs.of(cell) for cell in cells]
            states: list[Found] = [
                ("open", None) if todo & set(cell.trainings) else cell.state()
                for cell in each(cells, "looking for records")
            ]
        return cls(path, plan, executor, name, out, workers, cells, states, expected, todo)

    @property
    def rest(self) -> list[int]:
        """Places of the cells that are to be run, in the order in which they start."""
        open_ones = [k for k, (state, _) in enumerate(self.states) if state != "complete"]
        order = longest_first([self.cells[k] for k in open_ones], [self.expected[k] for k in open_ones])
        return [open_ones[k] for k in order]

    def work(self) -> Work:
        """What the executor is handed; the folder is made before it runs."""
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", self.path.stem)
        digest = hashlib.sha256(str(self.path.resolve()).encode(errors="surrogateescape")).hexdigest()[:8]
        folder = (self.out / ".sweeps" / f"{stem}-{digest}").resolve()
        rest = self.rest
        needed = self.trainings & {place for k in rest for place in self.cells[k].trainings}
        return Work(
            self.plan,
            [self.cells[k] for k in rest],
            [self.expected[k].seconds for k in rest],
            folder,
            self.workers,
            {place: training_command(self.plan.train[place]) for place in sorted(needed)},
        )


def sweep(path: Path, name: str, out: Path, workers: int | None, *, detach: bool) -> int:
    """``bench sweep PLAN.toml``: run what is missing; 1 if a cell failed or was lost."""
    asked = Sweep.open(path, name, out, workers)
    for reason in (asked.executor.missing(), asked.executor.refused(asked.plan)):
        if reason is not None:
            raise UsageError(f"{path} cannot be run by the executor {name}: {reason}.")
    work = asked.work()
    work.folder.mkdir(parents=True, exist_ok=True)
    say(f"{_counted(len(asked.cells))}: {len(asked.cells) - len(work.cells)} are there, {len(work.cells)} to run")
    if detach:
        print(asked.executor.detach(work, _itself(asked)) if work.cells else "There is nothing to run.")
        print(f"next: bench sweep {shlex.quote(str(path))} --executor {name} --out {shlex.quote(str(out))} --collect")
        return 0
    outcomes = []
    with progress(len(work.cells), f"sweep {path.stem}") as bar:
        for one in asked.executor.run(work) if work.cells else ():
            outcomes.append(one)
            bar.advance()
            if one.status in ("failed", "lost"):
                say(_told(one, asked.plan.threads))
    return _summary(asked, outcomes)


def _itself(asked: Sweep) -> list[str]:
    words = [sys.executable, "-m", "bench", "sweep", str(asked.path), "--executor", asked.name, "--out", str(asked.out)]
    return words + (["--workers", str(asked.workers)] if asked.workers else [])


def _told(one: Outcome, threads: int) -> str:
    """One line."""
    reason = _because(one.cell, one.reason, threads)
    return printable(
        f"{one.status}: {one.cell}{reason}" + (f" (log: {one.log})" if one.log and one.status == "lost" else "")
    )


def _because(cell: Planned, reason: str | None, threads: int) -> str:
    """Why a cell has no scores, with the command of its own where that is asked for: a sweep has no --force."""
    if not reason:
        return ""
    return f": {reason}" + (f": {cell.command(threads)} --force" if reason.endswith(AGAIN) else "")


def _summary(asked: Sweep, outcomes: Sequence[Outcome]) -> int:
    """How many of what, and every cell without scores once more."""
    counts = Counter(one.status for one in outcomes)
    there = len(asked.cells) - len(outcomes)
    told = [f"{there} were there"] * bool(there) + [f"{count} {status}" for status, count in sorted(counts.items())]
    print(f"{_counted(len(asked.cells))}: {', '.join(told) or 'none'}")
    for one in outcomes:
        if one.status != "complete":
            print(f"  {_told(one, asked.plan.threads)}")
    if counts["lost"]:
        print("  What was lost goes on at its last whole shard: type the same command again.")
    print(f"records: {asked.out}    next: bench report --runs {asked.out}")
    return int(bool(counts["failed"] or counts["lost"]))


def dry_run(path: Path, name: str, out: Path, workers: int | None) -> int:
    """``--dry-run``: the cells, what is there, and what the rest is expected to cost."""
    asked = Sweep.open(path, name, out, workers)
    rest = asked.rest
    rows = [_row(asked, k) for k in (*rest, *(k for k in range(len(asked.cells)) if k not in rest))]
    print_rows(rows, "There are no cells.")
    for place in sorted(asked.trainings):
        print(f"before: {shlex.join(['python', *training_command(asked.plan.train[place])[1:]])}")
    known = [one for one in (asked.expected[k] for k in rest) if one.seconds is not None]
    print(f"{_counted(len(asked.cells))}: {len(asked.cells) - len(rest)} are there, {len(rest)} to run")
    if known:
        many = workers or (
            len(places_for(asked.plan, out, None, asked.cells[0].config.device)) if name == "local" else len(rest)
        )
        seconds = [one.seconds or 0.0 for one in known]
        memory = max(one.memory_mb or 0.0 for one in known)
        print(
            f"expected of {len(known)} of them, by records that are there: {about(sum(seconds))} of work, "
            f"{about(makespan(seconds, many))} on {many} workers, up to {memory:,.0f} MiB each"
        )
    if unknown := len(rest) - len(known):
        print(f"nothing is known of {unknown}: no record of their methods lies below {out}")
    if reason := asked.executor.missing() or asked.executor.refused(asked.plan):
        print(f"{name} cannot run this here: {reason}.")
    return 0


def _row(asked: Sweep, place: int) -> dict[str, str | float | None]:
    expected = asked.expected[place]
    state, _ = asked.states[place]
    shown = {"complete": "there", "running": "running"}.get(state, "to run")
    return {
        "cell": str(asked.cells[place]),
        "state": shown,
        "seconds": None if expected.seconds is None else round(expected.seconds, 1),
        "MiB": None if expected.memory_mb is None else round(expected.memory_mb),
    }


def print_commands(path: Path, name: str, out: Path) -> int:
    """``--print-commands``: a shell line a cell that is not there; in comments, what is left out or comes first."""
    asked = Sweep.open(path, name, out, None)
    for place in sorted(asked.trainings):
        print(f"# before the rest: {shlex.join(['python', *training_command(asked.plan.train[place])[1:]])}")
    for place in asked.rest:
        cell = asked.cells[place]
        if reason := _too_dear(cell):
            print(f"# left out: {printable(' '.join(reason.split()))}")
        else:
            print(cell.command(asked.plan.threads))
    return 0


def _too_dear(cell: Planned) -> str | None:
    """Why a control is left out that nobody named."""
    try:
        return cell.open().too_dear() if cell.control else None
    except Exception:  # a plugin's own answer, which its cell will give, too
        return None


def collect(path: Path, name: str, out: Path, workers: int | None) -> int:
    """``--collect``: how far things are, and a report of what is finished; 1 if a cell failed."""
    asked = Sweep.open(path, name, out, workers, before=True)
    work = asked.work()
    waiting, logs = asked.executor.queued(work), asked.executor.logs(work)
    for entry in (asked.plan.train[place] for place in work.trainings):
        log = logs.get(str(entry))
        began = log is not None and log.exists()
        shown = "queued or running" if str(entry) in waiting else "failed or cut short" if began else "not begun"
        print(f"{shown}: {entry}" + (f" (log: {log})" if began else ""))
    counts: Counter[str] = Counter()
    for cell, (state, reason) in zip(asked.cells, asked.states, strict=True):
        shown = (
            "queued"
            if state == "open" and str(cell) in waiting
            else {"open": "not begun or cut short"}.get(state, state)
        )
        counts[shown] += 1
        if state != "complete":
            log = logs.get(str(cell))
            told = f"{shown}: {cell}" + _because(cell, reason, asked.plan.threads)
            print(printable(told + (f" (log: {log})" if log is not None and log.exists() else "")))
    print(f"{_counted(len(asked.cells))}: {', '.join(f'{count} {state}' for state, count in counts.items())}")
    if counts["complete"]:
        print(f"report: {write_page(out, None, None)[0].resolve()}")
    return int(bool(counts["failed"]))


def _counted(count: int) -> str:
    return f"{count:,} cell{'' if count == 1 else 's'}"
