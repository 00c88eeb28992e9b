"""``bench sweep`` only translates: what is typed is what is done."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.sweep import commands

PLAN, RUNS = Path("plan.toml"), Path("runs")


@pytest.mark.parametrize(
    ("words", "command", "told"),
    [
        ([], "sweep", ((PLAN, "local", RUNS, None), {"detach": False})),
        (
            ["--executor", "slurm", "--detach", "--out", "x"],
            "sweep",
            ((PLAN, "slurm", Path("x"), None), {"detach": True}),
        ),
        (["--dry-run", "--workers", "3"], "dry_run", ((PLAN, "local", RUNS, 3), {})),
        (["--print-commands"], "print_commands", ((PLAN, "local", RUNS), {})),
        (["--collect", "--executor", "slurm"], "collect", ((PLAN, "slurm", RUNS, None), {})),
    ],
)
def test_what_is_typed_is_what_is_done(
    words: list[str], command: str, told: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []

    def noted(*given: Any, **named: Any) -> int:
        calls.append((given, named))
        return 1

    monkeypatch.setattr(commands, command, noted)
    done = CliRunner().invoke(app, ["sweep", "plan.toml", *words])
    assert (done.exit_code, calls) == (1, [told])


def test_one_thing_at_a_time() -> None:
    done = CliRunner().invoke(app, ["sweep", "plan.toml", "--collect", "--dry-run"])
    assert "Give one of" in str(done.exception)
