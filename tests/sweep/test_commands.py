"""What ``bench sweep`` prints and returns, with an executor that runs in this process."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.sweep import commands
from bench.sweep.commands import collect, dry_run, print_commands, sweep
from bench.sweep.executor import Executor, Outcome, Work
from bench.sweep.worker import obey
from tests.sweep.plans import short, write


class Here(Executor):
    """In this process; the cells of ``lose`` end without a record."""

    summary = "here"
    lose: Sequence[str] = ()
    ran: list[str]

    def __init__(self) -> None:
        self.ran = []

    def run(self, work: Work) -> Iterator[Outcome]:
        for cell in work.cells:
            self.ran.append(short(cell))
            if short(cell) in self.lose:
                yield Outcome(cell, "lost", "its worker was ended by SIGKILL", work.folder / "log")
            else:
                answer = obey({"cell": cell.to_json()})
                yield Outcome(cell, str(answer["status"]), answer["reason"])

    def detach(self, work: Work, command: Sequence[str]) -> str:
        return f"elsewhere: {' '.join(command[1:])}"

    def queued(self, work: Work) -> set[str]:
        return {str(cell) for cell in work.cells if short(cell) == "Grey 0"}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    executor = Here()
    monkeypatch.setattr(commands, "open_executor", lambda name: executor)
    return executor


@pytest.mark.networks
def test_a_sweep_from_its_dry_run_to_its_report(
    tmp_path: Path, here: Here, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path, out = write(tmp_path, "Noisy", "Broken", "Grey"), tmp_path / "runs"
    assert dry_run(path, "local", out, 2) == 0
    text = capsys.readouterr().out
    assert "3 cells: 0 are there, 3 to run" in text
    assert "nothing is known of 3" in text
    here.lose = ["Grey 0"]
    assert sweep(path, "local", out, None, detach=False) == 1
    text = capsys.readouterr().out
    assert "3 cells: 1 complete, 1 failed, 1 lost" in text
    assert "no such luck" in text
    assert "type the same command again" in text
    assert collect(path, "local", out, None) == 1
    text = capsys.readouterr().out
    assert "3 cells: 1 complete, 1 failed, 1 queued" in text
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert print_commands(path, "local", out) == 0
    assert [line.split()[4].rpartition(":")[2] for line in capsys.readouterr().out.splitlines()] == ["Broken", "Grey"]
    here.lose, here.ran = (), []
    assert sweep(path, "local", out, None, detach=False) == 1  # what failed is tried again, what is there is not
    assert sorted(here.ran) == ["Broken 0", "Grey 0"]
    assert "3 cells: 1 were there, 1 complete, 1 failed" in capsys.readouterr().out
    dry_run(path, "local", out, 2)
    text = capsys.readouterr().out
    assert "3 cells: 2 are there, 1 to run" in text
    assert "MiB" in text


def test_a_cell_that_asks_for_force_is_told_with_its_own_command(
    tmp_path: Path, here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = write(tmp_path, "Noisy", more='probes = ["noise"]'), tmp_path / "runs"
    asked = commands.Sweep.open(path, "local", out, None)
    folder = asked.cells[0].open().dataset_folder
    folder.mkdir(parents=True)
    (folder / "originals.npy").write_bytes(b"no array")
    assert sweep(path, "local", out, None, detach=False) == 1
    text = capsys.readouterr().out
    for cell in asked.cells:
        assert "originals.npy is damaged: it is not what was written there, and nothing is computed from it" in text
        assert f"with --force: {cell.command(1)} --force" in text


def test_detached(tmp_path: Path, here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "Noisy")
    assert sweep(path, "local", tmp_path / "runs", 3, detach=True) == 0
    text = capsys.readouterr().out
    assert f"elsewhere: -m bench sweep {path} --executor local --out {tmp_path / 'runs'} --workers 3" in text
    assert "--collect" in text


def test_a_control_that_would_cost_too_much_is_a_comment(
    tmp_path: Path, here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "oracle")
    path.write_text(path.read_text().replace("controls = false", "").replace("robust_resnet152", "resnet152"))
    assert print_commands(path, "local", tmp_path / "runs") == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith(("OMP_NUM_THREADS=1 bench run --method ", "# left out: ")) for line in lines)
    assert any("--method oracle" in line for line in lines)


def test_a_bad_name_names_the_plan(tmp_path: Path, here: Here) -> None:
    path = write(tmp_path, "Noisy", "engstrm")
    with pytest.raises(UsageError, match=r"plan\.toml: There is no method called 'engstrm'"):
        sweep(path, "local", tmp_path / "runs", None, detach=False)


def test_a_training_that_cannot_be_names_the_plan(tmp_path: Path, here: Here) -> None:
    more = '[[train]]\nmethod = "biggan-logit"\nclassifier = "robust_resnet152"\nprocesses = 3\n'
    with pytest.raises(UsageError, match=r"plan\.toml: The training of biggan-logit on .* has batches of 64"):
        sweep(write(tmp_path, "Noisy", more=more), "local", tmp_path / "runs", None, detach=False)


def test_an_executor_that_lacks_something_says_so(tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "missing", lambda: "submitit is not installed", raising=False)
    with pytest.raises(UsageError, match="cannot be run by the executor slurm: submitit is not installed"):
        sweep(write(tmp_path, "Noisy"), "slurm", tmp_path / "runs", None, detach=False)


def test_cells_behind_a_training_that_is_to_come_are_never_there(
    tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    more = '[[train]]\nmethod = "biggan-logit"\nclassifier = "robust_resnet152"\nseed = 7\n'
    path = write(tmp_path, "biggan-logit", "oracle", more=more)
    asked = commands.Sweep.open(path, "local", tmp_path / "runs", None)
    assert [cell.trainings for cell in asked.cells] == [(0,), ()]
    assert list(asked.work().trainings) == [0]
    assert replace(asked, trainings=frozenset()).work().trainings == {}
    dry_run(path, "local", tmp_path / "runs", None)
    assert "before: python -m bench train inverter biggan-logit" in capsys.readouterr().out
    name, log = "training of biggan-logit on robust_resnet152, cifar10, seed 7", asked.work().folder / "train.log"
    monkeypatch.setattr(here, "logs", lambda work: {name: log}, raising=False)
    for shown, waiting in (("not begun", set()), ("queued or running", {name})):
        monkeypatch.setattr(here, "queued", lambda work, waiting=waiting: waiting)
        collect(path, "local", tmp_path / "runs", None)
        assert f"{shown}: {name}\n" in capsys.readouterr().out
    log.parent.mkdir(parents=True)  # it is not made by looking
    log.touch()
    monkeypatch.setattr(here, "queued", lambda work: set())
    collect(path, "local", tmp_path / "runs", None)
    assert f"failed or cut short: {name} (log: {log})\n" in capsys.readouterr().out
