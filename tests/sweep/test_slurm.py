"""What is asked of SLURM, and a real one on loopback: a sweep, a training on two nodes, preemptions, a death."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bench.environment import installed
from bench.errors import BenchError
from bench.sweep import slurm
from bench.sweep.commands import collect, sweep
from bench.sweep.executor import Outcome
from bench.sweep.local import run_cells
from bench.sweep.plan import Plan, Training
from bench.sweep.slurm import Portion, SlurmExecutor, Torchrun
from bench.sweep.training import command
from bench.training.commands import Run, train_inverter
from bench.weights.files import load_file
from tests.conftest import AddPlugin
from tests.sweep.plans import opened, record_of, same_results, short, work_of
from tests.training import own_images

SCRIPT = Path(__file__).with_name("cluster.sh")
SLURM = '[slurm]\ntime = "00:10:00"\npartition = "low"\n'


def why_not() -> str | None:
    """The reason why no SLURM can be started here."""
    lacking = [name for name in ("munged", "slurmctld", "slurmd", "sbatch") if shutil.which(name) is None]
    if lacking:
        return f"there is no {lacking[0]}: apt-get install slurm-wlm munge"
    if installed("submitit") is None:
        return "submitit is not installed"
    return None if os.geteuid() == 0 else "SLURM's services are started by root"


def hosts() -> int:
    """Two where this machine may give a process another name."""
    return 2 - bool(
        subprocess.run(["unshare", "--uts", "--mount", "true"], capture_output=True, check=False).returncode
    )


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Two processors, on one node or, if asked for and possible, on two; partitions low and high."""
    if reason := why_not():
        pytest.skip(reason)
    folder = tmp_path / "slurm"
    two = ["two"] if getattr(request, "param", 1) == hosts() == 2 else []
    subprocess.run(["bash", SCRIPT, "start", folder, *two], check=True, stdout=subprocess.DEVNULL)
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


def told_of(job: str) -> str:
    """A job's state."""
    command = ["squeue", "--noheader", "--format", "%T", "--jobs", job]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


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


def test_how_many_tasks_a_job_has_is_not_said_in_slurm() -> None:
    plan, executor = Plan(("m",), ("c",), slurm={"time": "1:00", "nodes": 2}), SlurmExecutor()
    assert "[slurm] says nodes = 2, but a cell is one task on one node" in str(executor.refused(plan))
    assert executor.refused(replace(plan, slurm={"time": "1:00", "nodes": 1})) is None
    training = Training("m", "c", nodes=2, slurm={"ntasks_per_node": 4})
    plan = replace(plan, slurm={"time": "1:00"}, train=(training,))
    assert "train[0].slurm says ntasks_per_node = 4" in str(executor.refused(plan))


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
    assert sorted([short(cell) for cell in one.cells] for one in few) == [
        ["Descending 0", "Noisy 0"],
        ["Grey 0"],
    ]  # what nobody knows counts as long


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


@pytest.fixture
def counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what takes SLURM's place: a job a submission, whose script is kept, and a queue that is a file."""
    pytest.importorskip("submitit")
    folder = tmp_path / "bin"
    folder.mkdir()
    scripts = {
        "sbatch": f"n=$(ls {folder} | grep -c job); cp $1 {folder}/job-$n; echo $n >> {folder}/queue; "
        "echo Submitted batch job $n",
        "squeue": f"cat {folder}/queue",
        "srun": "true",
    }
    for name, line in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


def asked_of(script: Path) -> dict[str, str]:
    """Options of sbatch in a job's script."""
    lines = [line.removeprefix("#SBATCH --") for line in script.read_text().splitlines() if line.startswith("#SBATCH")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


MORE = """threads = 2
[slurm]
time = "00:10:00"
gpus_per_node = 1
nodes = 1
cpus-per-task = 3
"""
TRAINING = Training("biggan-logit", "resnet152", processes=4, nodes=2, slurm={"gpus-per-node": 4})


def test_a_training_is_a_job_of_its_own_and_its_cells_wait_for_it(tmp_path: Path, counting: Path) -> None:
    work = work_of(tmp_path, "Noisy", "Grey", more=MORE, workers=None)
    noisy, grey = (replace(cell, trainings=places) for cell, places in zip(work.cells, ((0,), ()), strict=True))
    plan = replace(work.plan, train=(TRAINING,))
    work = replace(work, plan=plan, cells=[noisy, grey], trainings={0: command(TRAINING)})
    executor, name = SlurmExecutor(), "training of biggan-logit on resnet152, cifar10"
    assert executor.detach(work, ()).startswith("SLURM job 0, 1, 2; logs in ")
    training, free, behind = (asked_of(counting / f"job-{k}") for k in range(3))
    assert training.items() >= {
        "nodes": "2", "ntasks": "2", "ntasks-per-node": "1", "cpus-per-task": "8", "gpus-per-node": "4",
        "requeue": "", "time": "00:10:00",
    }.items()  # fmt: skip
    assert "--kill-on-bad-exit=1" in (counting / "job-0").read_text()
    assert "dependency" not in training | free
    assert behind.items() >= {"dependency": "afterok:0", "kill-on-invalid-dep": "yes", "requeue": ""}.items()
    assert (behind["nodes"], behind["cpus-per-task"], behind["gpus-per-node"]) == ("1", "3", "1")
    assert executor.queued(work) == {name, str(noisy), str(grey)}
    assert executor.logs(work)[name] == work.folder / "slurm" / "0_0_log.err"
    # of all three only the cell behind the training is lost: the training, which goes on, is not submitted again
    (counting / "queue").write_text("0\n1\n")
    assert executor.detach(work, ()).startswith("SLURM job 0, 1, 3; ")
    assert asked_of(counting / "job-3")["dependency"] == "afterok:0"
    # the training fails, and SLURM takes the cell away
    (counting / "queue").write_text("1\n")
    assert executor.queued(work) == {str(grey)}


def test_where_a_training_failed_its_cells_say_so_and_name_its_log(
    tmp_path: Path, counting: Path, monkeypatch: pytest.MonkeyPatch, bench_home: Path
) -> None:
    monkeypatch.setattr(slurm, "POLL", 0.0)
    (counting / "squeue").write_text("#!/bin/sh\n")  # whatever is submitted ends at once
    work = work_of(tmp_path, "Noisy", more=MORE)
    cells, plan = [replace(work.cells[0], trainings=(0,))], replace(work.plan, train=(TRAINING,))
    (lost,) = SlurmExecutor().run(replace(work, plan=plan, cells=cells, trainings={0: command(TRAINING)}))
    assert (lost.status, lost.log) == ("lost", work.folder / "slurm" / "0_0_log.err")
    assert lost.reason == "the training of biggan-logit on resnet152, cifar10 before it has left no weights"


def test_a_job_whose_training_has_left_no_weights_runs_none_of_its_cells(tmp_path: Path, bench_home: Path) -> None:
    plan, (cell,) = opened(tmp_path, "Noisy")
    with pytest.raises(BenchError, match="worker was lost"):
        Portion((replace(cell, trainings=(0,)),), replace(plan, train=(TRAINING,)))()
    assert cell.state() == ("open", None)


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

    def run(words: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        asked.append(words)
        return subprocess.CompletedProcess(words, 0)

    monkeypatch.setattr(subprocess, "run", run)
    words = command(Training("biggan-logit", "robust_resnet152", nodes=2, processes=4))
    assert Torchrun(tuple(words), 2)() == 0
    head = [*words[:3], "--signals-to-handle", "SIGINT"]
    meeting = ["--rdzv-backend", "c10d", "--rdzv-id", "25", "--rdzv-endpoint", "n3:20025"]
    assert asked.pop() == [*head, *meeting, *words[3:]]
    # on one node they find each other, and one process needs nobody
    words = command(Training("biggan-logit", "robust_resnet152", processes=4))
    assert Torchrun(tuple(words), 1)() == 0
    assert asked.pop() == [*head, *words[3:]]
    words = command(Training("biggan-logit", "robust_resnet152"))
    assert Torchrun(tuple(words), 1)() == 0
    assert asked.pop() == words


@pytest.mark.processes
def test_what_a_training_starts_works_on_when_slurm_warns() -> None:
    warned = "import os, signal, sys; [os.kill(os.getpid(), k) for k in (signal.SIGTERM, signal.SIGUSR2)]; sys.exit(3)"
    with pytest.raises(subprocess.CalledProcessError) as caught:
        Torchrun((sys.executable, "-c", warned), 1)()
    assert caught.value.returncode == 3


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


GATED = """
import os, time
from pathlib import Path
from outsider.inverter import Linear, LinearRecipe, LinearTask, LinearTrainer

class Gated(Linear):
    name = "gated-linear"

class GatedTask(LinearTask):
    method = "gated-linear"
    def __init__(self, *given):
        super().__init__(*given)
        self.shared = self.engine.parallel(self.map)
    def step(self, step):
        gate = Path(os.environ["GATE"])
        while step == 250 and not gate.exists():
            Path(f"{gate}.waiting").touch()
            time.sleep(0.1)
        images, z = self.pairs.batch(step, self.recipe.batch)
        loss = (self.shared(z) - images).square().mean()
        self.optimizers["map"].zero_grad()
        loss.backward()
        self.optimizers["map"].step()
        return {"loss": loss.detach()}

class Trainer(LinearTrainer):
    task = GatedTask
    recipes = {"short": LinearRecipe("short", steps=260, batch=16)}
"""


@pytest.mark.slow
@pytest.mark.slurm
@pytest.mark.parametrize("cluster", [2], indirect=True)
def test_a_training_on_two_nodes_comes_to_its_limit_and_goes_on_and_a_cell_takes_its_weights(
    tmp_path: Path, cluster: Path, outsider: Path, plugin: AddPlugin, bench_home: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    plugin("gated_i", "bench.inverters", "gated-linear = gated_linear:Gated", GATED)
    plugin("gated_t", "bench.trainers", "gated-linear = gated_linear:Trainer", GATED)
    (tmp_path / "mine.py").write_text(own_images.CLASSIFIER)
    trained_on, other = (own_images.folder(tmp_path / name, range(k, k + 200)) for k, name in ((0, "a"), (200, "b")))
    gate, root = tmp_path / "gate", Path(__file__).parents[2]
    monkeypatch.setenv("GATE", str(gate))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{outsider}:{root}")
    monkeypatch.setattr(slurm, "POLL", 0.5)
    monkeypatch.chdir(tmp_path)
    where = "nodes = 2" if hosts() == 2 else "processes = 2"
    (tmp_path / "plan.toml").write_text(
        f'''methods = ["gated-linear"]
classifiers = ["mine.py:network"]
datasets = ["{other}"]
num_images = 4
metrics = ["psnr"]
controls = false
device = "cpu"
[[train]]
method = "gated-linear"
classifier = "mine.py:network"
dataset = "{trained_on}"
precision = "float32"
device = "cpu"
{where}
{SLURM}'''
    )
    given = Path("plan.toml"), "slurm", Path("runs"), None
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(sweep(*given, detach=False)))
    thread.start()
    waiting = Path(f"{gate}.waiting")
    until(lambda: waiting.exists() or not thread.is_alive())  # 250 steps are done, and a checkpoint is there
    capsys.readouterr()
    assert collect(*given) == 0
    seen = capsys.readouterr().out
    assert f"queued or running: training of gated-linear on mine.py:network, {trained_on} (log: " in seen
    assert "queued: gated-linear on mine.py:network" in seen
    (state,) = (json.loads(path.read_text()) for path in tmp_path.glob("runs/.sweeps/*/state.json"))
    (job,) = (job for job, names in state["jobs"].items() if names[0].startswith("training"))
    subprocess.run(["scancel", "--signal", "USR2", job], check=True)  # its limit of time is near
    until(lambda: told_of(job) == "PENDING" or not thread.is_alive())
    gate.touch()
    thread.join(timeout=900)
    log = "".join(path.read_text() for path in tmp_path.glob(f"runs/.sweeps/*/slurm/{job}_*_log.*"))
    assert found == [0], log
    (run,) = tmp_path.glob("train/*/run.json")
    told = json.loads(run.read_text())
    assert (told["start"], told["processes"]) == (250, 2), log
    assert f"Requeued job {job}" in log
    # the same by one process in one go, apart from the order of sums
    train_inverter("gated-linear", "mine.py:network", trained_on, None, None, Run("cpu", "float32", out=tmp_path / "c"))
    whole, shared = (load_file(next(one.glob("*.safetensors"))) for one in (tmp_path / "c", run.parent))
    for name, value in whole.items():
        assert torch.allclose(value, shared[name], rtol=0.02, atol=1e-4), name
