"""What a training leaves in its folder: the run's description, scalars, pictures, checkpoints."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from torch import Tensor

from bench.cli.printing import say, say_once
from bench.environment import describe
from bench.errors import TrainingError, UsageError
from bench.store.files import write_atomically
from bench.training import checkpoints
from bench.training.engine import Engine

LOG, DESCRIPTION, LOCK = "log.jsonl", "run.json", ".lock"


class Journal:
    """The files of one training; of several processes only the first writes.

    ``run.json`` (everything that is needed to start the same training again), ``log.jsonl`` (a row a report),
    ``tensorboard/``, ``samples-STEP.png``, and the last two checkpoints. A checkpoint holds the log up to its step and
    ``run.json`` as well, so that both can be written again where they were damaged.
    """

    def __init__(self, folder: Path, engine: Engine, state: Mapping[str, Any] | None) -> None:
        self.folder, self.writes = folder, engine.first
        self._board: Any = None
        self._rows: list[str] = []
        self._description = ""
        if self.writes:
            folder.mkdir(parents=True, exist_ok=True)
            self._rows = _rows(folder / LOG, state)
            if (folder / DESCRIPTION).exists():
                self._description = (folder / DESCRIPTION).read_text()

    def __enter__(self) -> Journal:
        if self.writes:
            from tensorboardX import SummaryWriter

            self._board = SummaryWriter(str(self.folder / "tensorboard"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._board is not None:
            self._board.close()

    def scalars(self, step: int, seconds: float, scalars: dict[str, float]) -> None:
        """A row of the log."""
        if not self.writes:
            return
        for name, value in scalars.items():
            self._board.add_scalar(name, value, step)
        row = {"step": step, "seconds": round(seconds, 1)} | {k: float(f"{v:.9g}") for k, v in scalars.items()}
        self._rows.append(json.dumps(row) + "\n")
        with (self.folder / LOG).open("a", encoding="utf-8", newline="\n") as log:
            log.write(self._rows[-1])

    def picture(self, step: int, picture: Tensor) -> None:
        """A grid (3, H, W) in [0, 1]."""
        if not self.writes:
            return
        from torchvision.utils import save_image

        self._board.add_image("samples", picture.numpy(), step)
        save_image(picture, self.folder / f"samples-{step:06d}.png")

    def checkpoint(self, step: int, seconds: float, state: dict[str, Any], **loop: object) -> None:
        """Add a checkpoint, whole or not at all: the task's state, the loop's own, the log and the description."""
        if self.writes:
            kept = {"log": "".join(self._rows), "run": self._description}
            checkpoints.write(self.folder, {"step": step, "seconds": seconds, "task": state} | loop | kept)


@contextmanager
def alone(folder: Path, engine: Engine) -> Iterator[None]:
    """Keep any other training out of a folder, where the system has advisory locks (not on Windows).

    Raises:
        TrainingError: one is at work there.
    """
    if not engine.first or sys.platform == "win32":
        yield
        return
    import fcntl

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TrainingError(
                f"Another process is training in {folder}: perhaps one whose launcher was killed. End it and type the "
                "same command with --resume, or name another folder with --out."
            ) from error
        yield


def last_checkpoint(folder: Path, engine: Engine | None = None) -> dict[str, Any] | None:
    """``step``, ``seconds``, the ``task``'s state and what the loop had summed, or None where there is none.

    A damaged one is said and deleted by the first process, and the one before it taken.

    Raises:
        TrainingError: all are damaged.
    """
    state, damaged = checkpoints.last_whole(folder)
    if state is not None and damaged and engine is not None and engine.first:
        say(checkpoints.told(folder, int(state["step"]), damaged))
        for path in damaged:  # the next checkpoint would push the whole one out, and keep this
            path.unlink(missing_ok=True)
    return state


def describe_run(folder: Path, engine: Engine, recipe: dict[str, Any], start: int = 0, /, **facts: object) -> None:
    """Write ``run.json``: recipe, code, machine and command; those of earlier starts stay, under ``earlier``.

    Args:
        folder: of the training.
        engine: how it computes.
        recipe: its settings.
        start: the step from which it goes on, or 0.
        facts: more to say.

    Raises:
        UsageError: it is to go on with another precision, or in another number of parts.
    """
    numbers = {"precision": engine.precision, "accumulate": engine.accumulate}
    here = {
        "start": start,
        "processes": engine.processes,
        "command": ["python", *sys.orig_argv[1:]],
        "environment": describe(engine.device),
    }
    earlier = []
    if start and (before := description(folder)):
        for name, value in numbers.items():
            if before.get(name, value) != value:
                raise UsageError(
                    f"{folder} was trained with --{name} {before[name]} up to step {start}, and is to go on with "
                    f"{value}. Give the same again, or name another folder with --out."
                )
        earlier = [*before.get("earlier", []), {name: before[name] for name in here if name in before}]
    if not engine.first:
        return
    document = {"recipe": recipe, **facts, **numbers, **here, "earlier": earlier}
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / DESCRIPTION, (json.dumps(document, indent=2) + "\n").encode())


def described_recipe(folder: Path) -> dict[str, Any] | None:
    """The recipe in a folder's ``run.json``, or None."""
    found = description(folder)
    return dict(found["recipe"]) if found else None


def description(folder: Path) -> dict[str, Any]:
    """``run.json``, or where it is missing or damaged what the last whole checkpoint knows of it; empty if nothing."""
    path = folder / DESCRIPTION
    found = _document(path.read_bytes()) if path.exists() else None
    if found is None:
        state, _ = checkpoints.last_whole(folder)
        found = _document(str((state or {}).get("run", "")).encode())
        if state is not None:
            known = "it is taken from the checkpoint" if found else "no checkpoint knows it"
            say_once(f"{path} is {'damaged' if path.exists() else 'missing'}: {known}")
    return found or {}


def _document(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("recipe"), dict) else None


def _rows(log: Path, state: Mapping[str, Any] | None) -> list[str]:
    """The log up to the step at which the training goes on, and nothing else of it in the file.

    From the checkpoint, so that a missing row, half a row or a row of zeros is as it was; one of an earlier version
    does not hold it, and rows that are no rows are left out.
    """
    step = 0 if state is None else int(state["step"])
    text = log.read_bytes().decode("utf-8", "replace") if log.exists() else ""
    rows = [(row, _step(row)) for row in text.splitlines(keepends=True)]
    whole = [row for row, at in rows if at is not None and at <= step]
    stored = None if state is None else state.get("log")
    kept = whole if stored is None else str(stored).splitlines(keepends=True)
    if kept != whole or any(at is None for _, at in rows):
        lost = "written again from the checkpoint" if stored is not None else "left without what could not be read"
        say(f"{log} is {'damaged' if text else 'empty or missing'}: it is {lost}")
    if kept or text:
        write_atomically(log, "".join(kept).encode())
    return kept


def _step(row: str) -> int | None:
    """A row's step, or None where it is no whole row."""
    try:
        return int(json.loads(row)["step"]) if row.endswith("\n") else None
    except (ValueError, TypeError, KeyError):
        return None
