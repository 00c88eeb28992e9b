"""Workers of one machine: who is handed what, what a death costs, shards that are shared, many sweeps at once."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bench.line import run_cell
from bench.sweep import training
from bench.sweep.executor import Outcome
from bench.sweep.local import LocalExecutor, Worker, _Desk, lend_once, run_cells
from bench.sweep.plan import Plan, Training
from tests.sweep.plans import opened, record_of, same_results, short, work_of


def test_each_cell_is_handed_out_once_and_idle_workers_help_those_that_descend(tmp_path: Path) -> None:
    _, (long, other) = opened(tmp_path, "Descending", "Grey")
    desk = _Desk([long, other])
    assert [desk.next(), desk.next()] == [(long, False, 1.0), (other, False, 1.0)]
    assert desk.next() == desk.next() == (long, True, 0.0)
    desk.helped(long)
    assert desk.next() is None
    desk.again(other, 0.05)
    began = time.monotonic()
    assert desk.next() == (other, False, 0.1)
    assert time.monotonic() - began >= 0.04
    desk.end(Outcome(other, "complete"))
    assert desk.outcomes.get(timeout=1).cell == other
    assert desk.next() is None


def test_a_closed_desk_hands_out_nothing(tmp_path: Path) -> None:
    _, cells = opened(tmp_path, "Descending", "Grey")
    desk = _Desk(cells)
    desk.close()
    assert desk.next() is None


def test_several_nodes_are_refused() -> None:
    plan = Plan(("m",), ("c",), train=(Training("m", "c", nodes=2),))
    assert "has one machine" in str(LocalExecutor().refused(plan))
    assert LocalExecutor().refused(replace(plan, train=())) is None


@pytest.mark.processes
def test_a_killed_worker_loses_its_cell_alone_and_the_next_sweep_goes_on_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIE_COUNTER", str(tmp_path / "calls"))
    monkeypatch.setenv("DIE_AT", "1")
    work = work_of(tmp_path, "Dying", "Noisy", "Broken")
    found = {short(one.cell): one for one in LocalExecutor().run(work)}
    assert {name: one.status for name, one in found.items()} == {
        "Dying 0": "lost", "Noisy 0": "complete", "Broken 0": "failed",
    }  # fmt: skip
    assert found["Dying 0"].reason == "its worker was ended by SIGKILL"
    monkeypatch.setenv("DIE_AT", "")
    (again,) = run_cells(work.cells[:1], work.plan, None, 1)
    assert again.status == "complete"
    run_cell(replace(work.cells[0].config, out=tmp_path / "alone"))
    config = work.cells[0].config
    assert same_results(record_of(config, tmp_path / "alone"), record_of(config, tmp_path / "runs"))


@pytest.mark.processes
def test_two_workers_share_the_shards_of_one_cell_and_give_what_one_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTED", str(tmp_path / "counted"))
    work = work_of(tmp_path, "Descending", workers=2)
    (cell,) = (replace(one, config=replace(one.config, num_images=40)) for one in work.cells)
    (done,) = run_cells([cell], work.plan, None, 2)
    assert done.status == "complete"
    lines = [line.split() for line in (tmp_path / "counted").read_text().splitlines()]
    assert len({process for process, _ in lines}) == 2
    assert set(Counter(seed for _, seed in lines).values()) == {1}  # each shard once
    assert len(lines) == 40  # two draws
    monkeypatch.delenv("COUNTED")
    run_cell(replace(cell.config, out=tmp_path / "alone"))
    assert same_results(record_of(cell.config, tmp_path / "alone"), record_of(cell.config, tmp_path / "runs"))


@pytest.mark.processes
@pytest.mark.parametrize("sweeps", [3, pytest.param(8, marks=pytest.mark.slow)])
def test_sweeps_at_once_give_each_record_once(sweeps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker a sweep, each with the whole plan and none knowing of the others, as on machines with one disk."""
    monkeypatch.setenv("COUNTED", str(tmp_path / "counted"))
    work = work_of(tmp_path, "Counted", more="seeds = [0, 1, 2, 3, 4, 5]")
    found: list[list[Outcome]] = []
    threads = [
        threading.Thread(target=lambda: found.append(list(run_cells(work.cells, work.plan, None, 1))))
        for _ in range(sweeps)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [Counter(one.status for one in outcomes) for outcomes in found] == [{"complete": 6}] * sweeps
    lines = [line.split() for line in (tmp_path / "counted").read_text().splitlines()]
    made = Counter(seed for _, seed in lines)
    assert set(made.values()) == {1}  # nothing was made twice, by whomever
    assert len(made) == 30  # two draws of two shards of six cells, and the rows of each first one that are tried again
    assert len({process for process, _ in lines}) > 1
    assert not list(tmp_path.glob("runs/**/*.tmp"))
    for cell in work.cells:
        run_cell(replace(cell.config, out=tmp_path / "alone"))
        assert same_results(record_of(cell.config, tmp_path / "alone"), record_of(cell.config, tmp_path / "runs"))


@pytest.mark.processes
def test_lending_makes_shards_and_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = work_of(tmp_path, "Descending")
    (cell,) = work.cells
    monkeypatch.setenv("SUBMITIT_EXECUTOR", "slurm")  # in a job, where a worker is not to be ended by SIGTERM
    monkeypatch.setattr(Worker, "end", lambda worker: pytest.fail("it leaves by itself"))
    assert lend_once(cell, work.plan) == "lent"
    folder = cell.open().folder
    assert (folder.record.exists(), len(list(folder.path.glob("shards/*.npz")))) == (False, 2)


@pytest.mark.processes
def test_cells_of_a_training_that_failed_are_lost_and_the_others_run(tmp_path: Path) -> None:
    work = work_of(tmp_path, "Grey", "Noisy")
    behind, other = replace(work.cells[0], trainings=(0,)), work.cells[1]
    work = replace(work, cells=[behind, other], trainings={0: ["false"]})
    found = {one.cell: (one.status, one.reason) for one in LocalExecutor().run(work)}
    assert found[behind] == ("lost", "the training before it failed")
    assert found[other] == ("complete", None)


def test_cells_of_a_training_that_left_no_weights_are_lost(tmp_path: Path, bench_home: Path) -> None:
    entry = Training("biggan-logit", "robust_resnet152", seed=7)
    work = work_of(tmp_path, "Grey")
    work = replace(work, plan=replace(work.plan, train=(entry,)), cells=[replace(work.cells[0], trainings=(0,))])
    (lost,) = LocalExecutor().run(replace(work, trainings={0: ["true"]}))  # which ends as if all were well
    assert (lost.status, lost.log) == ("lost", work.folder / "train-1.log")
    assert lost.reason == f"the {entry} before it has left no weights"


def test_cells_whose_training_is_there_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "trained", lambda entry: tmp_path)
    monkeypatch.setattr(Worker, "ask", lambda worker, cell, lend: {"status": "complete", "reason": None})
    work = work_of(tmp_path, "Grey")
    cell, plan = replace(work.cells[0], trainings=(0,)), replace(work.plan, train=(Training("m", "c"),))
    assert [one.status for one in run_cells([cell], plan, work.folder, 1)] == ["complete"]


def test_a_worker_that_cannot_start_loses_its_cells_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = work_of(tmp_path, "Grey", "Noisy")
    lost = list(run_cells(work.cells, work.plan, tmp_path / "nowhere", 2))
    assert sorted(short(one.cell) for one in lost) == ["Grey 0", "Noisy 0"]
    assert {one.status for one in lost} == {"lost"}
    assert "FileNotFoundError" in str(lost[0].reason)

    def full(*_: object, **__: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", full)
    assert {str(one.reason) for one in run_cells(work.cells, work.plan, None, 1)} == {
        "BlockingIOError: [Errno 11] Resource temporarily unavailable"
    }


def test_a_worker_that_answers_with_half_a_line_loses_its_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = work_of(tmp_path, "Grey")
    half = tmp_path / "half"
    half.write_text("#!/bin/sh\nread order; printf '{\"status\": '\n")
    half.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(half))
    (lost,) = run_cells(work.cells, work.plan, None, 1)
    assert (lost.status, "JSONDecodeError" in str(lost.reason)) == ("lost", True)


def test_a_detached_sweep_is_known_by_its_process(tmp_path: Path) -> None:
    work, executor = work_of(tmp_path, "Grey"), LocalExecutor()
    assert executor.queued(work) == set()
    assert "sweep.log" in executor.detach(work, ["sleep", "30"])
    process = work.recalled()["process"]
    try:
        assert executor.queued(work) == {str(work.cells[0])}
        ahead = replace(work, plan=replace(work.plan, train=(Training("m", "c"),)), trainings={0: ["true"]})
        assert executor.queued(ahead) == {str(work.cells[0]), "training of m on c, cifar10"}
        assert executor.logs(ahead) == {"training of m on c, cifar10": work.folder / "train-1.log"}
    finally:
        os.kill(process, 9)
    for _ in range(100):
        if executor.queued(work) == set():
            break
        time.sleep(0.1)
    assert executor.queued(work) == set()
