"""A new package runs at once: the contract holds, its own test passes, and it is listed where it is installed."""

from __future__ import annotations

import shlex
import sys
import tomllib
from pathlib import Path

import pytest

from bench.cli.app import main
from bench.errors import UsageError
from bench.scaffold import new_inverter
from tests.conftest import AddPlugin


@pytest.mark.networks
def test_it_keeps_every_rule_and_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def typed(line: str) -> None:
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0

    typed("bench new-inverter my-own")
    said = capsys.readouterr().out.splitlines()
    assert said[:4] == [f"my-own/{file}" for file in ("my_own.py", "test_my_own.py", "pyproject.toml", "README.md")]
    for line in said[4:]:
        typed(line.partition(": ")[2])
    assert "my-own" in capsys.readouterr().out


@pytest.mark.networks
def test_installed_its_own_test_passes(tmp_path: Path, plugin: AddPlugin) -> None:
    folder = new_inverter("my-own", tmp_path)[0].parent
    points = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["entry-points"]
    assert points == {"bench.inverters": {"my-own": "my_own:MyOwn"}}
    plugin("my-own", "bench.inverters", "my-own = my_own:MyOwn", (folder / "my_own.py").read_text())
    scope: dict[str, object] = {}
    exec((folder / "test_my_own.py").read_text(), scope)
    test = scope["test_it_keeps_the_rules_of_the_interface"]
    assert callable(test)
    test()


@pytest.mark.parametrize("name", ["My", "my_own", "-a", "a--b", "a-", "", "1a", "a" * 61, "../a"])
def test_a_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lower case"):
        new_inverter(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["class", "torch", "json", "bench", "safetensors"])
def test_a_name_that_python_would_take_for_something_else_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Choose another name"):
        new_inverter(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_taken_or_there_is_left_alone(tmp_path: Path) -> None:
    for name in ("biggan-logit", "oracle"):
        with pytest.raises(UsageError, match="taken"):
            new_inverter(name, tmp_path)
    (tmp_path / "mine").mkdir()
    with pytest.raises(UsageError, match="there already"):
        new_inverter("mine", tmp_path)
    assert list((tmp_path / "mine").iterdir()) == []
