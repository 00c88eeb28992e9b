"""Two processes: each does its own side's work, and a failure in one is told here."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from tests.benchmarks.sides import side

pytestmark = pytest.mark.processes


@contextmanager
def telling(ours: bool, word: str) -> Iterator[Callable[[], object]]:
    calls = count(1)
    yield lambda: (ours, word, os.getpid(), next(calls))


@contextmanager
def failing(ours: bool, where: str) -> Iterator[Callable[[], object]]:
    def run() -> object:
        raise ValueError("while running")

    if where == "prepare":
        raise ValueError("while preparing")
    yield run


@contextmanager
def leaving(ours: bool) -> Iterator[Callable[[], object]]:
    yield lambda: os._exit(3)


def test_sides_live_in_processes_of_their_own_and_go_on_from_call_to_call() -> None:
    with side(telling, True, "a") as ours, side(telling, False, "b") as other:
        first, second, third = ours(), other(), ours()
    assert first[:2] == (True, "a")
    assert second[:2] == (False, "b")
    assert len({first[2], second[2], os.getpid()}) == 3
    assert (first[2], first[3], third[2], third[3]) == (third[2], 1, first[2], 2)


@pytest.mark.parametrize("where", ["prepare", "run"])
def test_a_failure_comes_with_its_traceback(where: str) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)Traceback.*ValueError: while"), side(failing, True, where) as ours:
        ours()


def test_a_process_that_vanishes_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="gone without a word"), side(leaving, False) as other:
        other()
