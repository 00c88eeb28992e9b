from __future__ import annotations

from typing import Any

from typer.main import get_command

from bench.cli.app import app
from studies.docs.cli import commands, page


def section(name: str) -> str:
    return page().split(f"\n## {name}\n")[1].split("\n## ")[0]


def test_every_option_stands_in_its_command_with_its_help() -> None:
    root: Any = get_command(app)
    for path, command in commands(root, ("bench",)):
        found = section(" ".join(path))
        for parameter in command.params:
            names = parameter.opts if parameter.param_type_name == "option" else [parameter.name.upper()]
            assert all(f"`{name}`" in found for name in (*names, *parameter.secondary_opts)), (path, parameter.name)
            assert parameter.help, f"{' '.join(path)} {names[0]} has no help"


def test_values_and_defaults_are_those_of_the_parser() -> None:
    found = section("bench run")
    assert "bench run --method TEXT --classifier TEXT [OPTIONS]" in found
    assert "| `--device` | `auto`, `cpu`, `cuda` | `auto` |" in found
    assert "| `--method` | `TEXT` | required |" in found
    assert "| `--controls`, `--no-controls` |  | `--controls` |" in found
    assert "| `--num-images` | `INTEGER` |  |" in found
    assert "| `--compare` | `A B` |" in section("bench report")
    assert "bench data prepare NAME --from PATH --size INTEGER [OPTIONS]" in section("bench data prepare")


def test_examples_can_be_copied() -> None:
    found = section("bench score")
    assert "$ bench score --runs runs --metric fid\n$ bench score --originals" in found
    assert "Example:" not in page()
