"""Commands of README and docs work as typed: every one parses, and the README's environment comes before ``bench``."""

import contextlib
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from bench.cli.app import app
from bench.environment import DISTRIBUTION
from studies.reports.documents import documents

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"(\w+=\S+ )?bench |torchrun .*-m bench ")
MOST_LINES = 190


def typed(text: str) -> list[str]:
    """What stands behind a prompt."""
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


BENCH = {line: None for path in documents() for line in typed(path.read_text(encoding="utf-8")) if COMMAND.match(line)}


@pytest.mark.parametrize("line", BENCH)
def test_every_command_parses(line: str) -> None:
    words = shlex.split(line, comments=True)
    words = words[words.index("bench") + 1 :]
    command: Any = get_command(app)
    while hasattr(command, "commands") and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    with contextlib.suppress(typer.Exit):  # --version and --help answer at once; a mistake raises something else
        command.make_context("bench", words)


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= MOST_LINES


def test_the_environment_is_activated_before_bench_is_typed() -> None:
    first = next(number for number, line in enumerate(typed(README)) if line.startswith("bench "))
    assert any(line.startswith("source .venv/bin/activate") for line in typed(README)[:first])
    assert "pip install ." in README
    assert f"`{DISTRIBUTION}`" in README


def test_the_package_has_an_address() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == DISTRIBUTION
    assert project["urls"]
    assert all(address.startswith("https://") for address in project["urls"].values())
