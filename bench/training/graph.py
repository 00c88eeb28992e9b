"""A training step as a CUDA graph: recorded once, from then on launched as a whole in place of kernel by kernel.

A step of small networks keeps the CPU busier than the GPU: thousands of launches, each of a few microseconds of work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, Self, TypeVar

import torch
from torch import Tensor

from bench.cli.printing import say

WARM_UP = 3  # steps before one is recorded: optimisers make their states, libraries their handles
Scalars = dict[str, Tensor]
Step = Callable[[], Scalars]


class Refillable(Protocol):
    """Tensors that a step reads."""

    def take(self, other: Self) -> None:
        """Hold what another one holds, in this one's memory."""


Given = TypeVar("Given", bound=Refillable)


class Recorder(Protocol):
    """What runs and records steps; ``CudaGraphs``, or a test's."""

    def run(self, step: Step) -> Scalars:
        """One step as it comes."""

    def record(self, step: Step) -> Step:
        """What repeats the step on whatever its inputs hold by then; recording computes nothing."""


class CudaGraphs:
    """Steps on a stream of their own, where they can be recorded."""

    def __init__(self) -> None:
        self.stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def run(self, step: Step) -> Scalars:
        """One step as it comes, after what was asked of the GPU before and before what is asked next."""
        here = torch.cuda.current_stream()
        self.stream.wait_stream(here)
        with torch.cuda.stream(self.stream):
            scalars = step()
        here.wait_stream(self.stream)
        return scalars

    def record(self, step: Step) -> Step:
        """The step as a graph."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self.stream):
            scalars = step()

        def replay() -> Scalars:
            graph.replay()
            return scalars

        return replay


class Replayed:
    """Launches one and the same step, and records it at the fourth call.

    What the step changes it changes in place; it draws no random numbers and waits for nothing; where it fails, it
    leaves everything that the GPU did not do as it was before.

    Args:
        recorder: which runs and records it.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._held: Sequence[Any] = ()  # the inputs of the first call: their memory serves all later ones
        self._calls = 0
        self._replay: Step | None = None
        self._records = True

    def __call__(self, step: Callable[[Sequence[Given]], Scalars], given: Sequence[Given]) -> Scalars:
        """One step on these inputs, which are its own from then on; the scalars are the caller's."""
        self._hold(given)
        bound = partial(step, self._held)
        self._calls += 1
        if self._calls <= WARM_UP:
            return self._recorder.run(bound)
        if self._replay is None and self._records:
            self._record(bound)
        replay = self._replay or bound
        return {name: value.clone() for name, value in replay().items()}

    def _hold(self, given: Sequence[Given]) -> None:
        if not self._held:
            self._held = given
            return
        for mine, its in zip(self._held, given, strict=True):
            mine.take(its)

    def _record(self, step: Step) -> None:
        try:
            self._replay = self._recorder.record(step)
        except RuntimeError as error:
            self._records = False
            reason = " ".join(str(error).split())[:200]
            say(f"the training step could not be recorded as a CUDA graph and is launched kernel by kernel: {reason}")
