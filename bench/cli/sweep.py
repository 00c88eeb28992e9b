"""``bench sweep``: parse, call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import RunsOption
from bench.errors import UsageError


def sweep(
    plan: Annotated[Path, typer.Argument(metavar="PLAN.toml", help="Methods, classifiers, datasets, seeds, probes.")],
    executor: Annotated[str, typer.Option(help="local, slurm, or another of bench list executors.")] = "local",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes, or jobs of SLURM; by default as many as have cores.")
    ] = None,
    out: RunsOption = Path("runs"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the cells, what is there, and expected time and memory.")
    ] = False,
    print_commands: Annotated[
        bool, typer.Option("--print-commands", help="Print a shell line a cell, for any other scheduler.")
    ] = False,
    collect: Annotated[
        bool, typer.Option("--collect", help="Say how far it is, and write report.html of what is finished.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Begin, and do not wait for the end.")] = False,
) -> None:
    """Run a plan of many cells, on this machine or on a cluster.

    What is finished is not run again; a cell that fails stops no other.

    Example: bench sweep examples/sweep.toml --dry-run

    Example: bench sweep examples/sweep.toml --executor slurm --detach
    """
    from bench.sweep import commands

    if sum((dry_run, print_commands, collect, detach)) > 1:
        raise UsageError("Give one of --dry-run, --print-commands, --collect and --detach.")
    if dry_run:
        raise typer.Exit(commands.dry_run(plan, executor, out, workers))
    if print_commands:
        raise typer.Exit(commands.print_commands(plan, executor, out))
    if collect:
        raise typer.Exit(commands.collect(plan, executor, out, workers))
    raise typer.Exit(commands.sweep(plan, executor, out, workers, detach=detach))
