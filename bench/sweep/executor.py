"""The plugin interface of executors: whatever runs the cells of a sweep.

A plugin is one class, registered under the entry-point group ``bench.executors`` by its name.
"""

from __future__ import annotations

import inspect
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from bench.cli.listing import EXECUTORS
from bench.config import Device
from bench.environment import resolve_device
from bench.errors import PluginError
from bench.registry import load
from bench.store.files import write_atomically
from bench.sweep.cells import Planned
from bench.sweep.plan import Plan


@dataclass(frozen=True)
class Outcome:
    """What became of a cell.

    Attributes:
        cell: which.
        status: of its record, ``complete``, ``failed`` or ``skipped``; ``lost`` where it ended without one.
        reason: why it has no scores.
        log: where the worker wrote what it had to say, if that is known.
    """

    cell: Planned
    status: str
    reason: str | None = None
    log: Path | None = None


@dataclass(frozen=True)
class Work:
    """What an executor is handed.

    Attributes:
        plan: what it says of threads, spreading, trainings and SLURM.
        cells: to be run, in the order in which they should start.
        seconds: that each is expected to take; None where nobody knows.
        folder: of the sweep, for logs and for what the executor has to remember. It is there, and all workers see it.
        workers: how many were asked for, or None.
        trainings: commands that come before the cells that name them, by their places in the plan.
    """

    plan: Plan
    cells: Sequence[Planned]
    seconds: Sequence[float | None]
    folder: Path
    workers: int | None = None
    trainings: dict[int, list[str]] = field(default_factory=dict)

    def recalled(self) -> dict[str, Any]:
        """What was remembered last, or nothing."""
        try:
            found = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def remember(self, state: dict[str, Any]) -> None:
        """Keep plain values, for whoever asks later how far things are."""
        write_atomically(self.folder / "state.json", (json.dumps(state, indent=1) + "\n").encode())


class Executor(ABC):
    """Runs cells, each by ``bench.sweep.worker`` or by the shell line that it is the same as.

    Attributes:
        summary: one line about it, for people.
    """

    summary: ClassVar[str] = ""

    def missing(self) -> str | None:
        """What it lacks here and what to type, or None."""
        return None

    def refused(self, plan: Plan) -> str | None:
        """Why it cannot run this plan, or None."""
        return None

    def device(self, plan: Plan) -> Device:
        """Where its workers compute, ``cpu`` or ``cuda``: it is part of each cell's key."""
        return "cuda" if resolve_device(plan.device).type == "cuda" else "cpu"

    @abstractmethod
    def run(self, work: Work) -> Iterator[Outcome]:
        """Run every cell and say what became of it as it ends; one that ends badly stops no other."""

    @abstractmethod
    def detach(self, work: Work, command: Sequence[str]) -> str:
        """Begin and come back at once.

        Args:
            work: what is to be done.
            command: that would do it and wait, ``bench sweep ...``.

        Returns:
            A line that says where it goes on.
        """

    def queued(self, work: Work) -> set[str]:
        """The cells and trainings, as text, that wait for a worker or have one."""
        return set()

    def logs(self, work: Work) -> dict[str, Path]:
        """Where a cell or training, as text, has written what it had to say, if that is known beforehand."""
        return {}


def open_executor(name: str) -> Executor:
    """The executor of a name, ``path/to/file.py:Class`` among them.

    Raises:
        UnknownNameError: there is none.
        PluginError: it cannot be loaded, or is none.
    """
    cls = load(EXECUTORS, "executor", name)
    if not (inspect.isclass(cls) and issubclass(cls, Executor)):
        raise PluginError(
            f"The executor {name!r} cannot be used", f"it should be a subclass of Executor and is {cls!r}"
        )
    executor: Executor = cls()
    return executor
