"""Each of two things that are timed in a process of its own, as a user runs it.

Ours keeps freed memory (``bench.memory``), as the command line does; the other way has whatever the machine gives. In
one process the plain loop would run with our allocator, or ours without it.
"""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import Connection
from typing import Any

from bench.memory import keep_freed_memory

# Prepares one side, ours if True, and gives what is timed; the rest are its own arguments. Picklable, as these are.
Prepare = Callable[..., AbstractContextManager[Callable[[], object]]]


class Side:
    """A callable in another process: called without arguments, it gives what it found there.

    Attributes:
        found: by the last call.

    Raises:
        RuntimeError: it failed there; the text has its traceback.
    """

    found: Any

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __call__(self) -> Any:
        self._connection.send("run")
        self.found = self.answer()
        return self.found

    def answer(self) -> Any:
        """What the process says next."""
        try:
            failure, found = self._connection.recv()
        except EOFError:
            raise RuntimeError("The process of one side is gone without a word.") from None
        if failure is not None:
            raise RuntimeError(failure)
        return found


@contextmanager
def side(prepare: Prepare, ours: bool, *arguments: object) -> Iterator[Side]:
    """One side, ready to be called."""
    spawning = multiprocessing.get_context("spawn")  # a fork would share threads that are gone
    here, there = spawning.Pipe()
    process = spawning.Process(target=_serve, args=(there, prepare, ours, arguments), daemon=True)
    process.start()
    there.close()
    try:
        found = Side(here)
        found.answer()
        yield found
    finally:
        here.close()
        process.join(10)
        if process.is_alive():
            process.kill()


def _serve(connection: Connection, prepare: Prepare, ours: bool, arguments: tuple[object, ...]) -> None:
    """The process: prepare, say so, then run at each word until nobody speaks any more."""
    try:
        if ours:
            keep_freed_memory()
        with prepare(ours, *arguments) as run:
            connection.send((None, None))
            while True:
                connection.recv()
                connection.send((None, run()))
    except EOFError:
        return
    except Exception:  # whatever it is, the other process must be told
        connection.send((traceback.format_exc(), None))
