"""Where the time goes, by wrapping functions from outside: the product code knows nothing of it."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import cycle
from typing import Any
from unittest.mock import patch

Named = str | Callable[..., str]


@dataclass(frozen=True)
class Watch:
    """A function to time.

    Attributes:
        path: ``module:function`` or ``module:Class.method``, where it is looked up when it is called.
        stage: what its time counts as; a function is asked with the arguments of each call.
        sealed: whether everything that it calls counts as its own time.
    """

    path: str
    stage: Named
    sealed: bool = False

    def owner(self) -> tuple[Any, str]:
        """The module or class, and the name in it.

        Raises:
            AttributeError: there is no such function any more.
        """
        module, _, names = self.path.partition(":")
        *outer, name = names.split(".")
        owner: Any = import_module(module)
        for part in outer:
            owner = getattr(owner, part)
        getattr(owner, name)
        return owner, name


def in_turn(*names: str) -> Callable[..., str]:
    """A stage that is called by each of these names in turn."""
    turns = cycle(names)
    return lambda *_, **__: next(turns)


class Stopwatch:
    """Seconds by stage, those of a stage within another counted once, for the inner one.

    Attributes:
        seconds: of each stage, in the order in which they were first met.
        total: of everything within ``running``.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.total = 0.0
        self._within: list[float] = []
        self._sealed = False

    @contextmanager
    def running(self, watches: Sequence[Watch] = ()) -> Iterator[None]:
        """Time everything inside, what no watch sees under ``other``."""
        with ExitStack() as stack:
            for watch in watches:
                owner, name = watch.owner()
                stack.enter_context(patch.object(owner, name, self._timed(getattr(owner, name), watch)))
            began = time.perf_counter()
            yield
            self.total += time.perf_counter() - began
        self.seconds.pop("other", None)
        self.seconds["other"] = self.total - sum(self.seconds.values())

    def add(self, stage: str, seconds: float) -> None:
        """Time that was measured elsewhere, as a stage of its own."""
        self.seconds = {stage: seconds} | self.seconds
        self.total += seconds

    def table(self, rounds: int = 1) -> dict[str, float]:
        """Seconds by stage and the total, of one round of several."""
        return {name: value / rounds for name, value in (self.seconds | {"total": self.total}).items()}

    def _timed(self, function: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if self._sealed:
                return function(*args, **kwargs)
            stage = watch.stage if isinstance(watch.stage, str) else watch.stage(*args, **kwargs)
            began, self._sealed = time.perf_counter(), watch.sealed
            self._within.append(0.0)
            try:
                return function(*args, **kwargs)
            finally:
                whole, self._sealed = time.perf_counter() - began, False
                self.seconds[stage] = self.seconds.get(stage, 0.0) + whole - self._within.pop()
                if self._within:
                    self._within[-1] += whole

        return wrapper
