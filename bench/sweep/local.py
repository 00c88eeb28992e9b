"""The executor of one machine: worker processes that are handed one cell after the other."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.errors import error_text
from bench.sweep.cells import Planned
from bench.sweep.executor import Executor, Outcome, Work
from bench.sweep.places import Place, places_for
from bench.sweep.plan import Plan
from bench.sweep.training import unmade
from bench.sweep.worker import BUSY, LOST

PATIENCE = (1.0, 15.0)  # seconds until a cell that another process holds is asked for again: at first, at most
LOG = "sweep.log"


class LocalExecutor(Executor):
    """Workers of this machine, each pinned to cores of its own, or to a GPU.

    One that dies loses its cell, and another takes its place. Idle ones help with the shards of those that descend.
    """

    summary = "worker processes of this machine, pinned to cores or GPUs"

    def refused(self, plan: Plan) -> str | None:
        """It has one machine."""
        if any(one.nodes > 1 for one in plan.train):
            return "[[train]] asks for several nodes, and the executor local has one machine. Type --executor slurm"
        return None

    def run(self, work: Work) -> Iterator[Outcome]:
        """Trainings one after the other, then the cells."""
        failed = {place: log for place in work.trainings if (log := _trained(work, place)) is not None}
        for cell in work.cells:
            if lost := [failed[place] for place in cell.trainings if place in failed]:
                yield Outcome(cell, LOST, "the training before it failed", lost[0])
        cells = [cell for cell in work.cells if not failed.keys() & set(cell.trainings)]
        yield from run_cells(cells, work.plan, work.folder, work.workers)

    def detach(self, work: Work, command: Sequence[str]) -> str:
        """The same command as a process of its own."""
        log = work.folder / LOG
        shell = ["sh", "-c", 'nohup "$@" < /dev/null >> "$0" 2>&1 & echo $!', str(log), *command]
        done = subprocess.run(shell, stdout=subprocess.PIPE, text=True, check=True, start_new_session=True)
        process = int(done.stdout)
        work.remember(work.recalled() | {"process": process, "machine": platform.node()})
        return f"process {process} of this machine; it writes {log}"

    def queued(self, work: Work) -> set[str]:
        """All cells and trainings, while the process that was detached is there."""
        state = work.recalled()
        if state.get("machine") != platform.node():
            return set()
        try:
            os.kill(int(state["process"]), 0)
        except (OSError, ValueError, KeyError):
            return set()
        return {*map(str, work.cells), *(str(work.plan.train[place]) for place in work.trainings)}

    def logs(self, work: Work) -> dict[str, Path]:
        """Those of the trainings; a worker has one for all its cells."""
        return {str(work.plan.train[place]): _log(work.folder, place) for place in work.trainings}


def run_cells(cells: Sequence[Planned], plan: Plan, folder: Path | None, workers: int | None) -> Iterator[Outcome]:
    """Run cells by workers of this machine; each cell's outcome as it ends.

    Those that wait for a training which has left no weights are lost: others would be taken in their place.

    Args:
        cells: in the order in which they start.
        plan: of the sweep.
        folder: for the workers' logs; None in a job whose scheduler has placed it: they are not pinned, and write where
            this process writes.
        workers: how many, or None for as many as there is room for.
    """
    lacking = unmade(plan, {place for cell in cells for place in cell.trainings})
    for cell in cells:
        if without := [place for place in cell.trainings if place in lacking]:
            yield Outcome(cell, LOST, lacking[without[0]], _log(folder, without[0]) if folder else None)
    cells = [cell for cell in cells if not lacking.keys() & set(cell.trainings)]
    places = places_for(plan, folder, workers, cells[0].config.device if cells else "cpu")
    count = len(cells) if not any(cell.shared for cell in cells) else len(places)
    desk = _Desk(cells)
    slots = [_Slot(Worker(place, plan.threads), desk) for place in places[:count]]
    for slot in slots:
        slot.start()
    try:
        for _ in cells:
            yield desk.outcomes.get()
    finally:
        for slot in slots:
            slot.end()


def _trained(work: Work, place: int) -> Path | None:
    """Run one training; its log if it failed."""
    command, log = work.trainings[place], _log(work.folder, place)
    print(f"bench: training {place + 1} of the plan, which writes {log}", file=sys.stderr, flush=True)
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        try:
            return log if process.wait() else None
        finally:
            _end(process)


def _log(folder: Path, place: int) -> Path:
    """Of the training at a place of the plan."""
    return folder / f"train-{place + 1}.log"


class _Desk:
    """What is open and what is running: each cell is handed out once."""

    def __init__(self, cells: Sequence[Planned]) -> None:
        self.outcomes = queue.Queue[Outcome]()
        self._running: dict[str, tuple[int, Planned]] = {}  # that can be helped with, and how many do so
        self._todo = [(0.0, PATIENCE[0], cell) for cell in cells]
        self._lock = threading.Lock()

    def next(self) -> tuple[Planned, bool, float] | None:
        """A cell, whether to help with it, and how long to wait before it is asked for again; None at the end."""
        while True:
            with self._lock:
                now = time.monotonic()
                ready = next((k for k, (begin, _, _) in enumerate(self._todo) if begin <= now), None)
                if ready is not None:
                    _, pause, cell = self._todo.pop(ready)
                    if cell.shared:
                        self._running[str(cell)] = 0, cell
                    return cell, False, pause
                if self._running:
                    helpers, cell = min(self._running.values(), key=lambda pair: pair[0])
                    self._running[str(cell)] = helpers + 1, cell
                    return cell, True, 0.0
                if not self._todo:
                    return None
                pause = min(begin for begin, _, _ in self._todo) - now
            time.sleep(max(0.01, pause))

    def helped(self, cell: Planned) -> None:
        """Send no more helpers to a cell: whoever comes back has found every shard taken."""
        with self._lock:
            self._running.pop(str(cell), None)

    def again(self, cell: Planned, pause: float) -> None:
        """Put back a cell that another process holds."""
        self.helped(cell)
        with self._lock:
            self._todo.append((time.monotonic() + pause, min(2 * pause, PATIENCE[1]), cell))

    def end(self, outcome: Outcome) -> None:
        """Note what became of a cell."""
        self.helped(outcome.cell)
        self.outcomes.put(outcome)

    def close(self) -> None:
        """Hand out nothing any more."""
        with self._lock:
            self._todo.clear()
            self._running.clear()


class Worker:
    """A process that is given orders, begun with the first of them and anew after it has died."""

    def __init__(self, place: Place, threads: int) -> None:
        self.place, self.threads = place, threads
        self.process: subprocess.Popen[str] | None = None

    def ask(self, cell: Planned, *, lend: bool) -> dict[str, str | None]:
        """What became of an order, see ``bench.sweep.worker.obey``; ``lost`` if the process died of it."""
        process = self.process = self.process or self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(OSError):  # it has died already: what it answers is nothing
            process.stdin.write(json.dumps({"cell": cell.to_json(), "lend": lend}) + "\n")
            process.stdin.flush()
        if line := process.stdout.readline():
            answer: dict[str, str | None] = json.loads(line)
            return answer
        return {"status": LOST, "reason": f"its worker {_how(self.leave())}"}

    def _started(self) -> subprocess.Popen[str]:
        environment = os.environ | {name: str(self.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        if self.place.gpu is not None:
            environment["CUDA_VISIBLE_DEVICES"] = self.place.gpu
        pinned = [",".join(map(str, self.place.cores))] if self.place.cores else []
        command = [sys.executable, "-m", "bench.sweep.worker", *pinned]
        with contextlib.nullcontext() if self.place.log is None else self.place.log.open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment, text=True
            )

    def leave(self) -> int:
        """Let it end, which it does once it has obeyed; its exit status."""
        process, self.process = self.process, None
        if process is None:
            return 0
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        return process.wait()

    def end(self) -> None:
        """End it now; whoever waits for its answer is told that it is lost."""
        if (process := self.process) is not None:
            _end(process)


class _Slot(threading.Thread):
    """Hands one worker a cell after the other."""

    def __init__(self, worker: Worker, desk: _Desk) -> None:
        super().__init__(daemon=True)
        self.worker, self.desk = worker, desk

    def run(self) -> None:
        """Until nothing is left to do."""
        while (given := self.desk.next()) is not None:
            cell, lend, pause = given
            try:
                answer = self.worker.ask(cell, lend=lend)
            except Exception as error:  # whatever it was, the cell has an outcome: it cannot be begun, it wrote no JSON
                answer = {"status": LOST, "reason": error_text(error)}
                self.worker.end()
                self.worker.leave()
            if lend:
                self.desk.helped(cell)
            elif answer["status"] == BUSY:
                self.desk.again(cell, pause)
            else:
                self.desk.end(Outcome(cell, str(answer["status"]), answer["reason"], self.worker.place.log))
        self.worker.leave()

    def end(self) -> None:
        """No more work, and no process after this."""
        self.desk.close()
        self.worker.end()
        self.join()  # which leaves nothing open


def lend_once(cell: Planned, plan: Plan) -> str:
    """Help with one cell; what became of it."""
    worker = Worker(places_for(plan, None, 1, cell.config.device)[0], plan.threads)
    try:
        return str(worker.ask(cell, lend=True)["status"])
    except BaseException:
        worker.end()
        raise
    finally:
        worker.leave()


def _how(status: int) -> str:
    """The end of a process, for people."""
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def _end(process: subprocess.Popen[Any]) -> None:
    """Ask a process to leave, and make it if it does not."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
