"""A worker obeys, answers, and leaves alone what others hold or have tried."""

import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.errors import StorageError
from bench.line import run_cell
from bench.sweep.worker import attempt, main, obey
from tests.sweep.plans import opened, record_of, same_results


@pytest.mark.networks
def test_it_runs_a_cell_and_says_what_became_of_it(tmp_path: Path) -> None:
    _, (good, bad) = opened(tmp_path, "Noisy", "Broken", more="[[override]]\nmethod='oracle'" * 0)
    assert obey({"cell": good.to_json()}) == {"status": "complete", "reason": None}
    answer = obey({"cell": bad.to_json()})
    assert (answer["status"], "no such luck" in str(answer["reason"])) == ("failed", True)
    stamp = bad.open().folder.record.stat().st_mtime_ns
    assert obey({"cell": bad.to_json()})["status"] == "failed"  # somebody has tried it since the plan was read
    assert bad.open().folder.record.stat().st_mtime_ns == stamp


@pytest.mark.networks
def test_as_many_originals_are_stored_as_the_plan_ever_needs(tmp_path: Path) -> None:
    _, (cell,) = opened(tmp_path, "Noisy")
    attempt(replace(cell, most=9))
    assert len(np.load(tmp_path / "runs" / "cifar10" / "originals.npy")) == 9


@pytest.mark.networks
def test_it_does_not_wait_for_a_cell_but_helps_with_its_shards(tmp_path: Path) -> None:
    _, (held, shared) = opened(tmp_path, "Noisy", "Descending")
    for cell, pieces in ((held, 0), (shared, 2)):
        with cell.open().folder.locked():
            assert obey({"cell": cell.to_json()})["status"] == "busy"
        assert len(list(cell.open().folder.path.glob("shards/*.npz"))) == pieces
    attempt(shared)
    alone = run_cell(replace(shared.config, out=tmp_path / "alone"))
    assert alone.status == "complete"
    assert same_results(record_of(shared.config, tmp_path / "alone"), record_of(shared.config, tmp_path / "runs"))


@pytest.mark.networks
def test_lending_ends_quietly_and_a_full_disk_is_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, (cell,) = opened(tmp_path, "Broken")
    assert obey({"cell": cell.to_json(), "lend": True}) == {"status": "lent", "reason": None}
    assert "no such luck" in capsys.readouterr().err

    def full(*_: object, **__: object) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr("bench.store.shared.originals", full)
    assert obey({"cell": cell.to_json()}) == {"status": "lost", "reason": "The disk is full."}
    assert not cell.open().folder.record.exists()


@pytest.mark.processes
def test_as_a_process_it_answers_alone_on_stdout(tmp_path: Path) -> None:
    _, (cell,) = opened(tmp_path, "oracle")
    core = min(os.sched_getaffinity(0))
    done = subprocess.run(
        [sys.executable, "-m", "bench.sweep.worker", str(core)],
        input=json.dumps({"cell": cell.to_json()}) + "\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"status": "complete", "reason": None}


def test_without_orders_it_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    stdout, kept = sys.stdout, os.dup(1)
    try:
        assert main([]) == 0
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        sys.stdout = stdout


@pytest.mark.parametrize(("executor", "ignored"), [("slurm", True), (None, False)])
def test_in_a_job_it_works_on_when_slurm_warns(
    executor: str | None, ignored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGUSR2)}
    monkeypatch.delenv("SUBMITIT_EXECUTOR", raising=False)
    if executor is not None:
        monkeypatch.setenv("SUBMITIT_EXECUTOR", executor)
    try:
        test_without_orders_it_leaves(monkeypatch)
        assert {signal.getsignal(number) == signal.SIG_IGN for number in before} == {ignored}
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
