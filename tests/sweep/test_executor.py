"""The interface of executors, and what they are handed."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bench.errors import PluginError, UnknownNameError
from bench.sweep.executor import Executor, Outcome, Work, open_executor
from bench.sweep.plan import Plan

FILE = """from bench.sweep.executor import Executor
class Mine(Executor):
    summary = "mine"
    def run(self, work):
        yield from ()
    def detach(self, work, command):
        return "gone"
class Other:
    pass
"""


class Least(Executor):
    def run(self, work: Work) -> Iterator[Outcome]:
        yield from ()

    def detach(self, work: Work, command: Sequence[str]) -> str:
        return "gone"


def test_executors_are_plugins(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    assert open_executor(f"{path}:Mine").summary == "mine"
    assert {type(open_executor(name)).__name__ for name in ("local", "slurm")} == {"LocalExecutor", "SlurmExecutor"}
    with pytest.raises(UnknownNameError, match="Did you mean 'slurm'"):
        open_executor("slrum")
    with pytest.raises(PluginError, match="should be a subclass of Executor"):
        open_executor(f"{path}:Other")


def test_what_one_need_not_write(tmp_path: Path) -> None:
    plan, least = Plan(("m",), ("c",), device="cpu"), Least()
    work = Work(plan, (), (), tmp_path)
    assert (least.missing(), least.refused(plan), least.device(plan)) == (None, None, "cpu")
    assert (least.queued(work), least.logs(work)) == (set(), {})


def test_what_is_remembered_is_recalled(tmp_path: Path) -> None:
    work = Work(Plan(("m",), ("c",)), (), (), tmp_path)
    assert work.recalled() == {}
    work.remember({"jobs": {"1_0": ["a"]}})
    assert work.recalled() == {"jobs": {"1_0": ["a"]}}
    (tmp_path / "state.json").write_text("[")
    assert work.recalled() == {}
