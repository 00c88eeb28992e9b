"""A worker process: it runs one cell after the other as its executor says, a line of JSON each, and answers likewise.

``python -m bench.sweep.worker [CORE,CORE,...]``. Whatever kills it ends one cell, which a later sweep goes on with.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bench.errors import BenchError, BusyError, error_text

if TYPE_CHECKING:
    from bench.store.record import Record
    from bench.sweep.cells import Planned

BUSY, LENT, LOST = "busy", "lent", "lost"


def obey(order: Mapping[str, Any]) -> dict[str, str | None]:
    """What became of an order.

    Args:
        order: ``cell`` (``Planned.to_json``), and ``lend``: make shards of it for whoever holds it.

    Returns:
        ``status``: a record's, ``busy`` where another process holds the cell, ``lent``, or ``lost`` where no record
        could be written; and ``reason``.
    """
    from bench.sweep.cells import Planned

    cell = Planned.from_json(order["cell"])
    try:
        if order.get("lend"):
            return _lent(cell)
        record = attempt(cell)
    except BusyError:
        if cell.shared:
            _lent(cell)
        return {"status": BUSY, "reason": None}
    except (BenchError, OSError) as error:  # nothing about the cell: the disk is full, a GPU is missing
        return {"status": LOST, "reason": error_text(error)}
    return {"status": record.status, "reason": record.reason}


def attempt(cell: Planned) -> Record:
    """Run a cell, unless somebody has tried it since the plan was read.

    Raises:
        BusyError: another process works on it.
    """
    from bench.line import run_cell, run_unasked
    from bench.probes.runner import run_probe
    from bench.store import shared

    opened = cell.open()
    record = opened.stored()
    if record is not None and record.status != "complete" and record.created != cell.tried:
        return record
    if opened.finished() is None:  # one that is there is scored from what lies beside it
        shared.originals(opened.dataset_folder, opened.dataset, max(cell.most, opened.num_images))
    if cell.probe is not None:
        return run_probe(cell.probe, cell.config, wait=False)
    return (run_unasked if cell.control else run_cell)(cell.config, wait=False)


def _lent(cell: Planned) -> dict[str, str | None]:
    """Whatever goes wrong goes wrong for who holds the cell, too, and is written down there."""
    from bench.line import lend

    try:
        lend(cell.config)
    except Exception as error:
        print(f"bench: {cell}: {error_text(error)}", file=sys.stderr, flush=True)
    return {"status": LENT, "reason": None}


def work_on_when_warned() -> None:
    """Let a process, and all that it starts, ignore the signals by which SLURM says that a job's end is near.

    They go to all of its processes, and the first one answers. One that leaves meanwhile ends the job as failed, where
    it would have been queued again.
    """
    for number in (signal.SIGTERM, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)


def main(arguments: list[str]) -> int:
    """Obey until there are no more orders."""
    from bench.cli import console
    from bench.memory import keep_freed_memory

    if arguments and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core) for core in arguments[0].split(",")})
    if "SUBMITIT_EXECUTOR" in os.environ:
        work_on_when_warned()
    console.prepare()
    keep_freed_memory()
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # what plugins print is no answer
        sys.stdout = sys.stderr
        try:
            for line in sys.stdin:
                print(json.dumps(obey(json.loads(line))), file=answers, flush=True)
        except console.Interrupted:
            return console.INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
