"""A recorded step gives what the step gives: bit for bit where recording only calls it, and on a GPU as a graph."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from bench.classifiers import LoadedClassifier
from bench.training.engine import Engine
from bench.training.graph import WARM_UP, CudaGraphs, Replayed, Scalars, Step
from methods.biggan_logit.train import BigGANRecipe, BigGANTask
from tests.training.small import assert_same_state, make

pytestmark = pytest.mark.networks

STEPS = 8
TINY = BigGANRecipe("tiny", channels=4, hidden=8, steps=20, batch=8)
RECIPES = {"faithful": TINY, "all switches": replace(TINY, consistency=10.0, d_steps=2, whiten=True)}
GPU = torch.device("cuda")
NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


class Calls:
    """A recorder without a GPU: computes nothing while it records, and writes its results to one place, as a graph."""

    def __init__(self) -> None:
        self.ran, self.recorded, self.replayed = 0, 0, 0

    def run(self, step: Step) -> Scalars:
        self.ran += 1
        return step()

    def record(self, step: Step) -> Step:
        self.recorded += 1
        results: Scalars = {}

        def replay() -> Scalars:
            self.replayed += 1
            for name, value in step().items():
                results[name] = results[name].copy_(value) if name in results else value
            return results

        return replay


class Refusing(Calls):
    """A recorder whose recording breaks in the middle of the step, with D standing still."""

    def __init__(self, task: BigGANTask) -> None:
        super().__init__()
        self.task = task

    def record(self, step: Step) -> Step:
        def broken() -> None:
            raise RuntimeError("operation not permitted\nwhen stream is capturing")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.task, "_step_d", lambda *_, **__: [])
            patch.setattr(self.task.g_optimizer, "zero_grad", lambda **_: broken())
            return step()  # type: ignore[return-value]


def run(task: BigGANTask) -> list[Scalars]:
    return [task.step(step) for step in range(STEPS)]


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_replayed_steps_are_the_steps(recipe: BigGANRecipe, accumulate: int, tiny_cifar: LoadedClassifier) -> None:
    engine = Engine(accumulate=accumulate)
    plain, recorded = (make(BigGANTask, recipe, tiny_cifar, engine) for _ in range(2))
    recorder = Calls()
    recorded._launch = Replayed(recorder)
    assert_same_state(run(recorded), run(plain))
    assert_same_state(recorded.state_dict(), plain.state_dict())
    assert (recorder.ran, recorder.recorded, recorder.replayed) == (WARM_UP, 1, STEPS - WARM_UP)


def test_a_step_that_cannot_be_recorded_is_said_and_goes_on(
    tiny_cifar: LoadedClassifier, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, refused = (make(BigGANTask, TINY, tiny_cifar, Engine()) for _ in range(2))
    refused._launch = Replayed(Refusing(refused))
    assert_same_state(run(refused), run(plain))
    assert_same_state(refused.state_dict(), plain.state_dict())
    assert capsys.readouterr().err.endswith(
        "bench: the training step could not be recorded as a CUDA graph and is launched kernel by kernel: operation "
        "not permitted when stream is capturing\n"
    )


def test_a_launcher_holds_no_task() -> None:
    """A task's memory on a GPU is wanted by the next one: the one whose speed is measured goes before the training."""

    class Task:
        def step(self, _: object) -> Scalars:
            return {}

    class Graph(Calls):
        def record(self, step: Step) -> Step:
            return dict  # what was recorded is not held

    task, launch = Task(), Replayed(Graph())
    for _ in range(WARM_UP + 2):
        launch(task.step, [])
    gone = weakref.ref(task)
    del task
    assert gone() is None


@pytest.mark.parametrize(
    "engine", [Engine(), Engine(GPU, graphs=False), Engine(GPU, processes=2)], ids=["cpu", "off", "several processes"]
)
def test_steps_are_recorded_by_one_process_on_a_gpu_alone(engine: Engine) -> None:
    assert engine.launcher() is None
    adam = engine.adam([torch.nn.Parameter(torch.zeros(2))], 1e-3, (0.0, 0.999))
    assert not adam.defaults["capturable"]
    assert adam.defaults["fused"] is None


def test_an_optimiser_computes_as_it_does_here_and_not_where_it_was_stored(tiny_cifar: LoadedClassifier) -> None:
    task = make(BigGANTask, TINY, tiny_cifar, Engine())
    task.step(0)
    state = deepcopy(task.state_dict())
    for optimizer in state["optimizers"].values():
        for group in optimizer["param_groups"]:
            group |= {"fused": True, "capturable": True}
    again = make(BigGANTask, TINY, tiny_cifar, Engine())
    again.load_state_dict(state)
    assert {(group["fused"], group["capturable"]) for group in again.g_optimizer.param_groups} == {(None, False)}
    assert_same_state(again.step(1), task.step(1))


@NEEDS_GPU
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_graph_gives_what_launched_kernels_give(
    recipe: BigGANRecipe, tiny_cifar: LoadedClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    replays = _count(monkeypatch)
    target = replace(tiny_cifar, network=tiny_cifar.network.to(GPU))
    graph, eager = (make(BigGANTask, recipe, target, Engine(GPU, graphs=graphs)) for graphs in (True, False))
    for ours, theirs in zip(run(graph), run(eager), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0.02, atol=0.02)
    assert replays() == STEPS - WARM_UP
    for name, value in eager.average.average.items():
        torch.testing.assert_close(graph.average.average[name], value, rtol=0.02, atol=0.02)


def _count(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often a recorded step was replayed, from here on."""
    record, seen = CudaGraphs.record, [0]

    def counting(self: CudaGraphs, step: Step) -> Step:
        replay = record(self, step)

        def counted() -> Scalars:
            seen[0] += 1
            return replay()

        return counted

    monkeypatch.setattr(CudaGraphs, "record", counting)
    return lambda: seen[0]
