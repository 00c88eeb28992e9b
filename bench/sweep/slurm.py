"""The executor of a SLURM cluster, through submitit: one job array, logs beside the runs, completion by records.

A job that is preempted or reaches its limit is queued again, and its cell goes on at its last whole shard. What has
ended is told by the records, what still waits or runs by ``squeue``: no accounting is asked.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.config import Device
from bench.environment import installed
from bench.errors import BenchError, UsageError
from bench.sweep import local
from bench.sweep.cells import Planned
from bench.sweep.costs import dealt
from bench.sweep.executor import Executor, Outcome, Work
from bench.sweep.plan import Plan, Value
from bench.sweep.training import trained
from bench.sweep.worker import LOST, work_on_when_warned

POLL = 5.0  # seconds between looks at records and the queue
PORTS = 20_000, 20_000  # where several nodes meet: the first, and how many
TASKS = ("nodes", "ntasks", "ntasks-per-node")
RESTARTS = 1_000  # after a job's limit; those after preemption are SLURM's own


class SlurmExecutor(Executor):
    """One array of jobs, a cell each, or several where ``--workers`` says how many jobs there are."""

    summary = "a job array of a SLURM cluster, through submitit"

    def missing(self) -> str | None:
        """submitit, or SLURM's own commands."""
        if installed("submitit") is None:
            return "submitit is not installed. Type: pip install 'logit-inversion-bench[slurm]'"
        lacking = [name for name in ("sbatch", "srun", "squeue", "scontrol") if shutil.which(name) is None]
        return (
            f"There is no {lacking[0]} here. Log in to a machine of the cluster, and type it there" if lacking else None
        )

    def refused(self, plan: Plan) -> str | None:
        """Without a limit of time nobody knows when a job comes back; how many tasks it has is decided here."""
        tables = {f"train[{k}].slurm": one.slurm for k, one in enumerate(plan.train)} | {"[slurm]": plan.slurm}
        for where, key, value in ((where, *one) for where, table in tables.items() for one in table.items()):
            if _option(key) in TASKS and value != 1:
                return (
                    f"{where} says {key} = {value}, but a cell is one task on one node, and a training says its "
                    f"machines by nodes and processes in [[train]]. Leave {key} out"
                )
        if "time" in plan.slurm:
            return None
        return 'The plan lacks time in [slurm], the limit of one job, for instance: time = "04:00:00"'

    def device(self, plan: Plan) -> Device:
        """A GPU where the plan asks SLURM for any: the machine that submits need not have one."""
        if plan.device != "auto":
            return plan.device
        return "cuda" if any("gpu" in f"{key}{value}".lower() for key, value in plan.slurm.items()) else "cpu"

    def detach(self, work: Work, command: Sequence[str]) -> str:
        """Submit what is not in the queue yet: trainings, and cells behind those that they need."""
        waiting = self._waiting(work)
        begun = {name: job for job, names in waiting.items() for name in names}
        groups: dict[tuple[int, ...], list[int]] = {}
        for k, cell in enumerate(work.cells):
            if str(cell) not in begun:
                groups.setdefault(tuple(p for p in cell.trainings if p in work.trainings), []).append(k)
        ahead: dict[int, str] = {}
        for place in sorted({place for before in groups for place in before}):
            name = str(work.plan.train[place])
            ahead[place] = begun.get(name) or self._train(work, place)
            waiting |= _noted(work, {ahead[place]: [name]})
        for before, places in sorted(groups.items()):
            behind = {"dependency": "afterok:" + ":".join(ahead[p] for p in before), "kill-on-invalid-dep": "yes"}
            portions = _portions(work, places)
            found = self._submitit(work, work.plan.slurm, behind if before else {}).submit_array(portions)
            waiting |= _noted(work, {job.job_id: portion.names for job, portion in zip(found, portions, strict=True)})
        ids = sorted({job.partition("_")[0] for job in waiting}, key=int)
        return f"SLURM job {', '.join(ids)}; logs in {work.folder / 'slurm'}"

    def run(self, work: Work) -> Iterator[Outcome]:
        """Submit, then look until no job is left; each cell by its record as its job ends."""
        print(f"bench: {self.detach(work, ())}", file=sys.stderr, flush=True)
        rest, suspects = list(work.cells), set[str]()
        while rest:
            waiting, gone = self.queued(work), set[str]()  # asked before the records, so that none ends in between
            for cell in list(rest):
                if str(cell) in waiting:
                    continue
                state, reason = cell.state()
                status: str = state
                if status not in ("complete", "failed", "skipped"):
                    gone.add(str(cell))
                    if str(cell) not in suspects:
                        continue  # a shared folder may show a record late
                    status, reason = LOST, "its job ended without a record"
                rest.remove(cell)
                logs, failed = self.logs(work), _failed(work, cell) if status == LOST else None
                reason = reason if failed is None else f"the {failed} before it has left no weights"
                yield Outcome(cell, status, reason, logs.get(str(cell) if failed is None else failed))
            suspects = gone
            if rest:
                time.sleep(POLL)

    def queued(self, work: Work) -> set[str]:
        """Those of every job that ``squeue`` lists; all of them where it does not answer."""
        return {name for names in self._waiting(work).values() for name in names}

    def _waiting(self, work: Work) -> dict[str, list[str]]:
        """The jobs that wait or run, and what ends with each."""
        jobs: dict[str, list[str]] = work.recalled().get("jobs", {})
        command = ["squeue", "--noheader", "--array", "--user", getpass.getuser(), "--format", "%i"]
        done = subprocess.run(command, capture_output=True, text=True, check=False) if jobs else None
        listed = set(done.stdout.split()) if done is not None and done.returncode == 0 else set(jobs)
        return {job: names for job, names in jobs.items() if job in listed}

    def logs(self, work: Work) -> dict[str, Path]:
        """What the job of each cell and training wrote to stderr."""
        folder = work.folder / "slurm"
        return {
            name: folder / f"{job}_0_log.err"
            for job, names in work.recalled().get("jobs", {}).items()
            for name in names
        }

    def _submitit(self, work: Work, *tables: Mapping[str, Value], **more: Any) -> _Told:
        """submitit's executor with options of sbatch, of which the last one counts, and what ``more`` it takes."""
        import submitit

        executor = submitit.SlurmExecutor(folder=work.folder / "slurm", max_num_timeout=RESTARTS)
        threads = work.plan.threads
        defaults = {"job-name": f"bench-{work.folder.name}", "cpus-per-task": threads, "requeue": True}
        asked = {_option(key): value for table in (defaults, *tables) for key, value in table.items()}
        setup = [
            f"export OMP_NUM_THREADS={threads} MKL_NUM_THREADS={threads}",
            "export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1}",  # which srun does not take over from sbatch
        ]
        kept = {key.replace("-", "_"): value for key, value in asked.items() if value is not False}
        executor.update_parameters(setup=setup, additional_parameters=kept, **more)
        return _Told(executor)

    def _train(self, work: Work, place: int) -> str:
        """Submit one training, a task a node; the id of its job."""
        entry, tasks = work.plan.train[place], work.plan.train[place].nodes
        of_cells = int(work.plan.slurm.get("cpus-per-task", work.plan.slurm.get("cpus_per_task", 1)))
        cpus = {"cpus-per-task": max(of_cells, work.plan.threads * entry.processes)}
        name, ours = {"job-name": f"train-{work.folder.name}"}, {"nodes": tasks, "ntasks": tasks, "ntasks-per-node": 1}
        executor = self._submitit(
            work, name, work.plan.slurm, cpus, entry.slurm, ours, nodes=tasks, ntasks_per_node=1,
            srun_args=["--kill-on-bad-exit=1"],
        )  # fmt: skip
        (job,) = executor.submit_array([Torchrun(tuple(work.trainings[place]), entry.nodes)])
        return str(job.job_id)


def _option(key: str) -> str:
    """An option of sbatch as its manual writes it."""
    return key.replace("_", "-")


def _noted(work: Work, jobs: dict[str, list[str]]) -> dict[str, list[str]]:
    """The same jobs, remembered: each is known as soon as it is submitted."""
    work.remember(work.recalled() | {"jobs": work.recalled().get("jobs", {}) | jobs})
    return jobs


def _failed(work: Work, cell: Planned) -> str | None:
    """The first training that a cell waited for and that has left no weights, or None."""
    entries = (work.plan.train[place] for place in cell.trainings if place in work.trainings)
    return next((str(entry) for entry in entries if trained(entry) is None), None)


@dataclass(frozen=True)
class _Told:
    """submitit's executor, whose refusals become a paragraph."""

    executor: Any

    def submit_array(self, calls: Sequence[Any]) -> list[Any]:
        """Jobs that make these calls.

        Raises:
            UsageError: sbatch refuses them, and says why.
        """
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        try:
            return list(self.executor.submit_array(calls))
        except (FailedJobError, FailedSubmissionError, subprocess.CalledProcessError) as error:
            told = " ".join(str(error).split())
            raise UsageError(f"sbatch refuses the job. Check [slurm] of the plan. It says: {told}") from error


@dataclass(frozen=True)
class Portion:
    """What one job does.

    Attributes:
        cells: one after the other.
        plan: of the sweep.
        lend: make shards of them for whoever holds them, and no more.
    """

    cells: tuple[Planned, ...]
    plan: Plan
    lend: bool = False

    @property
    def names(self) -> list[str]:
        """Of the cells that end with it: none that it only helps with."""
        return [] if self.lend else [str(cell) for cell in self.cells]

    def __call__(self) -> dict[str, str]:
        """Run them on this node, by the same worker as on any machine."""
        if self.lend:
            return {str(cell): local.lend_once(cell, self.plan) for cell in self.cells}
        found = {}
        for one in local.run_cells(self.cells, self.plan, None, 1):
            print(f"{one.status}: {one.cell}" + (f": {one.reason}" if one.reason else ""), file=sys.stderr, flush=True)
            found[str(one.cell)] = one.status
        if LOST in found.values():
            raise BenchError("A worker was lost, and its cell with it.")
        return found

    def checkpoint(self) -> Any:
        """What is submitted again when the job's limit is near: the same."""
        import submitit

        return submitit.helpers.DelayedSubmission(self)


@dataclass(frozen=True)
class Torchrun:
    """A training on this node, one of ``nodes``."""

    command: tuple[str, ...]
    nodes: int

    def __call__(self) -> int:
        """Run it to its end."""
        words = list(self.command)
        if "torch.distributed.run" in words:
            place = words.index("torch.distributed.run") + 1
            words[place:place] = ["--signals-to-handle", "SIGINT", *self._meeting()]
        return subprocess.run(words, check=True, preexec_fn=work_on_when_warned).returncode

    def _meeting(self) -> list[str]:
        """Where several nodes meet: on the first of the job."""
        if self.nodes == 1:
            return []
        import submitit

        job = os.environ["SLURM_JOB_ID"]
        first = f"{submitit.JobEnvironment().hostnames[0]}:{PORTS[0] + int(job) % PORTS[1]}"
        return ["--rdzv-backend", "c10d", "--rdzv-id", job, "--rdzv-endpoint", first]

    def checkpoint(self) -> Any:
        """The same again: it goes on from its last checkpoint."""
        import submitit

        return submitit.helpers.DelayedSubmission(self)


def _portions(work: Work, places: Sequence[int]) -> list[Portion]:
    """A job a cell, and for those that can be shared others that help; or as many jobs as were asked for."""
    cells = [work.cells[k] for k in places]
    if work.workers is not None:
        known = [work.seconds[k] for k in places]
        longest = max((one for one in known if one is not None), default=1.0)
        hands = dealt([longest if one is None else one for one in known], work.workers)
        return [Portion(tuple(cells[k] for k in hand), work.plan) for hand in hands]
    portions = [Portion((cell,), work.plan) for cell in cells]
    shared = [cell for cell in cells if cell.shared for _ in range(work.plan.spread - 1)]
    return portions + [Portion((cell,), work.plan, lend=True) for cell in shared]
