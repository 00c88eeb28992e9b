"""``bench check`` of executors."""

from pathlib import Path

import pytest

from bench.sweep.rules import check_executor, is_executor

LOSING = """from bench.sweep.executor import Executor, Outcome
class Losing(Executor):
    def run(self, work):
        for cell in work.cells:
            yield Outcome(cell, "complete")
    def detach(self, work, command):
        return "gone"
"""


def test_what_is_an_executor(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(LOSING)
    assert is_executor("local")
    assert is_executor(f"{path}:Losing")
    assert not is_executor(f"{path}:Outcome")
    assert not is_executor("oracle")


def test_one_that_only_says_so_breaks_the_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.py"
    path.write_text(LOSING)
    found = {one.rule: one.kept for one in check_executor(f"{path}:Losing")}
    assert list(found.values()) == [False, True, False, False]
    assert not list(tmp_path.glob(".bench-check-*"))


def test_one_that_lacks_something_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert [one.kept for one in check_executor("slurm")] == [True, None]


@pytest.mark.processes
def test_local_keeps_the_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [(one.rule, one.detail) for one in check_executor("local") if not one.kept] == []
