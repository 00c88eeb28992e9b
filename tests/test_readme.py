"""Commands of README and docs work as typed: every one parses and names what there is, of ``bench`` and of others.

Those of the guides are run, too, in ``tests/studies/docs/test_tutorials.py``.
"""

import argparse
import contextlib
import importlib
import re
import shlex
import tomllib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from bench.classifiers.provider import provider_of, resolve
from bench.cli.app import app
from bench.cli.listing import PROBES
from bench.config import DEFAULT_DATASET
from bench.datasets import aliases_of, dataset_class
from bench.environment import DISTRIBUTION
from bench.identify import method_class
from bench.metrics.registry import chosen
from bench.registry import registered
from bench.training.trainer import open_trainer
from studies.reports.documents import documents

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BOOKS = [*documents(), ROOT / "CONTRIBUTING.md"]
COMMAND = re.compile(r"(\w+=\S+ )?bench |torchrun .*-m bench ")
MOST_LINES = 190


def typed(text: str) -> list[str]:
    """What stands behind a prompt."""
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def spans(text: str) -> list[str]:
    """Code within lines."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


TYPED = {line: None for path in BOOKS for line in typed(path.read_text(encoding="utf-8"))}
BENCH = [line for line in TYPED if COMMAND.match(line)]
SPANS = {span: None for path in BOOKS for span in spans(path.read_text(encoding="utf-8"))}
MODULES = [line for line in [*TYPED, *SPANS] if re.match(r"python -m (?!venv|studies\.\.\.)", line)]
NAMED: dict[str, Callable[[str], Any]] = {  # each raises where there is no such thing
    "--method": method_class,
    "--classifier": lambda name: provider_of(resolve(name, aliases_of(DEFAULT_DATASET))),
    "--dataset": dataset_class,
    "--metric": lambda name: chosen((name,)),
}


@pytest.mark.parametrize("line", BENCH)
def test_every_command_parses(line: str) -> None:
    command, words = split(line)
    with contextlib.suppress(typer.Exit):  # --version and --help answer at once; a mistake raises something else
        command.make_context("bench", words)


def split(line: str) -> tuple[Any, list[str]]:
    """The command of a line, and its arguments."""
    words = shlex.split(line, comments=True)
    words = words[words.index("bench") + 1 :]
    command: Any = get_command(app)
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    return command, words


@pytest.mark.parametrize("line", BENCH)
def test_every_command_names_what_there_is(line: str) -> None:
    _, words = split(line)
    for option, name in pairwise(words):
        if option in NAMED and ".py:" not in name and name != "all":
            NAMED[option](name)
    if re.match(r"bench probe ", line) and ".py:" not in line:
        assert split(line)[1][0] in registered(PROBES)
    if " train inverter " in line:
        open_trainer(split(line)[1][0])


@pytest.mark.parametrize("span", [span for span in SPANS if re.match(r"bench [a-z-]", span)])
def test_every_command_within_a_line_has_such_options(span: str) -> None:
    command, words = split(span)
    known = {option for one in command.params for option in one.opts}
    assert [word for word in words if word.startswith("--") and word not in {*known, "--help"}] == []


@pytest.mark.parametrize("line", MODULES)
def test_every_module_is_there_and_takes_these_arguments(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(line, comments=True)[2:]
    module = importlib.import_module(words[0])
    if line not in TYPED:
        return

    class ParsedError(Exception):
        """Before any work."""

    parse = argparse.ArgumentParser.parse_args

    def stop(self: argparse.ArgumentParser, *given: Any) -> None:
        parse(self, *given)
        raise ParsedError

    monkeypatch.setattr("sys.argv", words)
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    with pytest.raises(ParsedError):
        module.main()


def test_every_target_of_make_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {line.split()[1] for line in [*TYPED, *SPANS] if line.startswith("make ")}
    assert named
    assert named <= targets


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
