"""``reference/cli.md``: every command and option, from the parser itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from enum import EnumType
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from typer.main import get_command

from bench.cli.app import app
from studies.docs.markdown import block, code, joined, prose, table

INTRO = (
    "One command, `bench`, with a subcommand for each step. `-h` or `--help` after any of them prints what stands "
    "here. Exit status: 0 done, 1 a cell failed (its record says why), 2 wrong usage, 130 interrupted."
)

WORDS = {str: "TEXT", int: "INTEGER", float: "NUMBER", Path: "PATH"}


def page() -> str:
    """The whole page."""
    root: Any = get_command(app)
    found = list(commands(root, ("bench",)))
    rows = [(f"[{code(' '.join(path))}](#{'-'.join(path)})", _about(one)[0]) for path, one in found]
    return joined(
        [
            "# Command line",
            INTRO,
            table(("command", "what it does"), rows),
            "## Before any command",
            _parameters(root),
            *(_command(path, one) for path, one in found),
        ]
    )


def commands(group: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that call it, in the order of the help."""
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, (*path, name))
        else:
            yield (*path, name), one


def _about(command: Any) -> list[str]:
    """The paragraphs of its help but for the examples."""
    paragraphs = re.split(r"\n\s*\n", command.help or "")
    return [prose(one) for one in paragraphs if one.strip() and not one.strip().startswith("Example:")]


def _command(path: tuple[str, ...], command: Any) -> str:
    name, kinds = " ".join(path), _kinds(command)
    examples = re.findall(r"^Example: (.+?)(?:\n\s*\n|\Z)", command.help or "", re.M | re.S)
    shown = block("\n".join(f"$ {' '.join(one.split())}" for one in examples), "console") if examples else ""
    needed = (_usage(one, kinds) for one in command.params)
    usage = " ".join([name, *filter(None, needed), "[OPTIONS]"])
    return joined([f"## {name}", *_about(command), block(usage), _parameters(command), shown])


def _kinds(command: Any) -> dict[str, Any]:
    """The types of the command's arguments, by name."""
    hints = get_type_hints(inspect.unwrap(command.callback))
    return {name: get_args(hint)[0] if NoneType in get_args(hint) else hint for name, hint in hints.items()}


def _usage(parameter: Any, kinds: dict[str, Any]) -> str:
    """What must be given."""
    if parameter.param_type_name == "argument":
        return _argument(parameter)
    return f"{parameter.opts[0]} {_value(parameter, kinds)}" if parameter.required else ""


def _argument(parameter: Any) -> str:
    return str(parameter.name).upper()


def _parameters(command: Any) -> str:
    kinds = _kinds(command)
    rows = [
        (_name(one), ", ".join(map(code, _values(one, kinds))), _default(one), prose(one.help or ""))
        for one in command.params
    ]
    return table(("name", "value", "default", "meaning"), rows) if rows else ""


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return code(_argument(parameter))
    return ", ".join(code(one) for one in (*parameter.opts, *parameter.secondary_opts))


def _value(parameter: Any, kinds: dict[str, Any]) -> str:
    return "|".join(_values(parameter, kinds))


def _values(parameter: Any, kinds: dict[str, Any]) -> list[str]:
    """What follows the option's name: its choices, or a word for its kind; nothing after a switch."""
    kind = kinds[parameter.name]
    if kind is bool:
        return []
    if parameter.metavar:
        return [str(parameter.metavar)]
    if get_origin(kind) in (list, tuple):
        kind, *_ = get_args(kind)
    if isinstance(kind, EnumType):
        return [str(one.value) for one in kind]  # type: ignore[var-annotated]
    return [WORDS[kind]]


def _default(parameter: Any) -> str:
    value = getattr(parameter.default, "value", parameter.default)
    if parameter.required:
        return "required"
    if isinstance(value, bool):
        names = parameter.opts if value else parameter.secondary_opts
        return code(names[0]) if parameter.secondary_opts else ""
    return "" if value is None else code(str(value))
