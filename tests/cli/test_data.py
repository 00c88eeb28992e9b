"""``bench data`` only translates: what is typed is what datasets are told."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.cli import commands
from bench.cli.app import app


@pytest.mark.parametrize(
    ("words", "command", "told"),
    [
        (["fetch", "cifar10"], "fetch", ("cifar10", None, False, False)),
        (
            ["fetch", "tiny-imagenet", "--from", "there", "--force", "--partial"],
            "fetch",
            ("tiny-imagenet", Path("there"), True, True),
        ),
        (
            ["prepare", "imagenet", "--from", "there", "--size", "64"],
            "prepare",
            ("imagenet", Path("there"), 64, False, False),
        ),
    ],
)
def test_what_is_typed_is_what_is_done(
    words: list[str], command: str, told: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Any, ...]] = []
    monkeypatch.setattr(commands, command, lambda *args: seen.append(args))
    done = CliRunner().invoke(app, ["data", *words])
    assert done.exit_code == 0, done.output
    assert seen == [told]


@pytest.mark.parametrize("status", [0, 1])
def test_verify_ends_with_the_status_of_what_it_found(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "verify", lambda name: status)
    assert CliRunner().invoke(app, ["data", "verify", "cifar10"]).exit_code == status


def test_to_prepare_needs_a_copy_and_a_size() -> None:
    done = CliRunner().invoke(app, ["data", "prepare", "imagenet"])
    assert done.exit_code == 2
    assert "--from" in done.output
