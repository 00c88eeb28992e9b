"""Workers of one machine: who is handed what, what a death costs, shards that are shared, many sweeps at once."""

import os
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bench.line import run_cell
from bench.sweep.executor import Outcome
from bench.sweep.local import LocalExecutor, Worker, _Desk, lend_once, places_for, run_cells
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


def test_workers_have_cores_of_their_own_where_there_are_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 3, 4, 5, 6})
    plan = Plan(("m",), ("c",), threads=2)
    assert [place.cores for place in places_for(plan, tmp_path, None, "cpu")] == [(2, 3), (4, 5)]
    assert [place.cores for place in places_for(plan, tmp_path, 3, "cpu")] == [()] * 3
    assert [place.cores for place in places_for(plan, None, 1, "cpu")] == [()]  # in a job, which is placed already
    assert [str(place.log) for place in places_for(plan, tmp_path, 1, "cpu")] == [f"{tmp_path / 'worker-1.log'}"]


def test_workers_have_a_gpu_each(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    plan = Plan(("m",), ("c",))
    assert [place.gpu for place in places_for(plan, None, None, "cuda")] == ["3", "5"]
    assert [place.gpu for place in places_for(plan, None, 3, "cuda")] == ["3", "5", "3"]


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
    work = work_of(tmp_path, "Descending", more="[[override]]\nmethod = 'oracle'\nseeds = []", workers=2)
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
