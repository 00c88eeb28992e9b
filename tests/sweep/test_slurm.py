"""What is asked of SLURM, and a real one of one node: a sweep, a preemption, a death, the same records as here."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.environment import installed
from bench.sweep import slurm
from bench.sweep.executor import Outcome
from bench.sweep.local import run_cells
from bench.sweep.plan import Plan, Training
from bench.sweep.slurm import Portion, SlurmExecutor, Torchrun
from bench.sweep.training import command
from tests.sweep.plans import opened, record_of, same_results, short, work_of

SCRIPT = Path(__file__).with_name("one_node.sh")
SLURM = '[slurm]\ntime = "00:10:00"\npartition = "low"\n'


def why_not() -> str | None:
    """The reason why no SLURM can be started here."""
    lacking = [name for name in ("munged", "slurmctld", "slurmd", "sbatch") if shutil.which(name) is None]
    if lacking:
        return f"there is no {lacking[0]}: apt-get install slurm-wlm munge"
    if installed("submitit") is None:
        return "submitit is not installed"
    return None if os.geteuid() == 0 else "SLURM's services are started by root"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One node, two processors, partitions low and high."""
    if reason := why_not():
        pytest.skip(reason)
    folder = tmp_path / "slurm"
    subprocess.run(["bash", SCRIPT, "start", folder], check=True)
    monkeypatch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
    yield folder
    subprocess.run(["scancel", "--user", "root"], check=False)
    squeue = ["squeue", "--noheader"]
    until(lambda: not subprocess.run(squeue, capture_output=True, check=False).stdout, 60)  # their processes, too
    subprocess.run(["bash", SCRIPT, "stop", folder], check=True)


def until(condition: Callable[[], bool], seconds: float = 900.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, subprocess.run(["squeue"], capture_output=True, text=True, check=False).stdout
        time.sleep(0.1)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_without_a_limit_of_time_a_plan_is_refused_and_a_gpu_is_known_by_the_plan() -> None:
    plan, executor = Plan(("m",), ("c",)), SlurmExecutor()
    assert "time" in str(executor.refused(plan))
    assert executor.refused(replace(plan, slurm={"time": "1:00"})) is None
    assert executor.device(replace(plan, slurm={"gres": "gpu:1"})) == "cuda"
    assert executor.device(replace(plan, slurm={"gpus-per-node": 1})) == "cuda"
    assert executor.device(replace(plan, slurm={"time": "1:00"})) == "cpu"
    assert executor.device(replace(plan, device="cuda")) == "cuda"


def test_without_slurm_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "installed", lambda name: None)
    assert "pip install 'logit-inversion-bench[slurm]'" in str(SlurmExecutor().missing())
    monkeypatch.setattr(slurm, "installed", lambda name: "1.5")
    monkeypatch.setenv("PATH", "")
    assert "There is no sbatch here" in str(SlurmExecutor().missing())


def test_a_job_a_cell_helpers_for_those_that_descend_or_as_many_jobs_as_asked(tmp_path: Path) -> None:
    work = work_of(tmp_path, "Descending", "Noisy", "Grey", more="spread = 3\n" + SLURM, workers=None)
    portions = slurm._portions(work, [0, 1, 2])
    assert [([short(cell) for cell in one.cells], one.lend) for one in portions] == [
        (["Descending 0"], False), (["Noisy 0"], False), (["Grey 0"], False),
        (["Descending 0"], True), (["Descending 0"], True),
    ]  # fmt: skip
    few = slurm._portions(replace(work, workers=2, seconds=[9.0, 1.0, None]), [0, 1, 2])
    assert sorted([short(cell) for cell in one.cells] for one in few) == [["Descending 0"], ["Grey 0", "Noisy 0"]]


def test_what_is_queued_follows_squeue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work, executor = work_of(tmp_path, "Noisy", "Grey", more=SLURM), SlurmExecutor()
    assert executor.queued(work) == set()
    work.remember({"jobs": {"7_0": ["a"], "7_1": ["b"]}})
    tool = tmp_path / "squeue"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for answer, waiting in (("echo 7_1; echo 8", {"b"}), ("exit 1", {"a", "b"})):
        tool.write_text(f"#!/bin/sh\n{answer}\n")
        tool.chmod(0o755)
        assert executor.queued(work) == waiting
    assert executor.logs(work)["b"] == tmp_path / "sweep" / "slurm" / "7_1_0_log.err"


@pytest.mark.processes
def test_a_job_runs_its_cells_by_workers_of_its_own(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    plan, cells = opened(tmp_path, "Noisy", "Broken")
    assert Portion(tuple(cells), plan)() == {str(cells[0]): "complete", str(cells[1]): "failed"}
    assert "no such luck" in capfd.readouterr().err


def test_a_training_on_several_nodes_meets_on_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    for name, value in (("JOB_ID", "25"), ("JOB_NODELIST", "n[3-4]"), ("NTASKS", "2"), ("JOB_NUM_NODES", "2")):
        monkeypatch.setenv(f"SLURM_{name}", value)
    monkeypatch.setenv("SUBMITIT_EXECUTOR", "slurm")
    asked: list[list[str]] = []

    def run(words: list[str], *, check: bool) -> "subprocess.CompletedProcess[str]":
        asked.append(words)
        return subprocess.CompletedProcess(words, 0)

    monkeypatch.setattr(subprocess, "run", run)
    words = command(Training("biggan-logit", "robust_resnet152", nodes=2, processes=4))
    assert Torchrun(tuple(words), 2)() == 0
    place = asked[0].index("--rdzv-endpoint")
    assert asked[0][place - 4 : place + 2] == [
        "--rdzv-backend",
        "c10d",
        "--rdzv-id",
        "25",
        "--rdzv-endpoint",
        "n3:20025",
    ]
    assert [
        word
        for word in asked[0]
        if word not in ("--rdzv-backend", "c10d", "--rdzv-id", "25", "--rdzv-endpoint", "n3:20025")
    ] == words


@pytest.mark.slurm
def test_twelve_cells_one_preempted_one_worker_killed(
    tmp_path: Path, cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slurm, "POLL", 0.5)
    gate = tmp_path / "gate"
    monkeypatch.setenv("GATE", str(gate))
    work = work_of(tmp_path, "Gated", "Noisy", more="seeds = [0, 1, 2, 3, 4, 5]\n" + SLURM, workers=3)
    assert len(work.cells) == 12  # four a job, the first of each with a gate
    found: list[Outcome] = []
    sweep = threading.Thread(target=lambda: found.extend(SlurmExecutor().run(work)))
    sweep.start()

    def waiting() -> list[int]:
        return [int(path.suffix[1:]) for path in tmp_path.glob("gate.*")]

    until(lambda: len(waiting()) == 2)  # both processors are in the middle of a cell
    first, second = waiting()
    subprocess.run(["sbatch", "--partition", "high", "--output", os.devnull, "--wrap", "true"], check=True)
    until(lambda: not (alive(first) and alive(second)))  # one of them had to go
    (left,) = [process for process in (first, second) if alive(process)]
    os.kill(left, signal.SIGKILL)
    gate.touch()
    sweep.join(timeout=900)
    assert not sweep.is_alive()
    statuses = {short(one.cell): one.status for one in found}
    assert sorted(statuses.values()) == ["complete"] * 11 + ["lost"], [
        (short(one.cell), one.reason, one.log and one.log.read_text()) for one in found if one.status != "complete"
    ]
    (lost,) = [one for one in found if one.status == "lost"]
    assert lost.log is not None
    assert "its worker was ended by SIGKILL" in lost.log.read_text()
    assert "has been requeued" in (cluster / "log" / "slurmctld.log").read_text()
    # what was lost goes on, here; then all twelve are made once more by one worker of this machine
    (again,) = run_cells([lost.cell], work.plan, None, 1)
    assert again.status == "complete"
    alone = [replace(cell, config=replace(cell.config, out=tmp_path / "alone")) for cell in work.cells]
    assert {one.status for one in run_cells(alone, work.plan, None, 1)} == {"complete"}
    for cell in work.cells:
        assert same_results(record_of(cell.config, tmp_path / "alone"), record_of(cell.config, tmp_path / "runs"))
