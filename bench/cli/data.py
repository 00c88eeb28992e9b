"""``bench data``: parse, call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import FetchedArgument, PartialOption, VerifiedArgument

data_app = typer.Typer(no_args_is_help=True, help="Fetch, prepare and verify datasets and weights.")


@data_app.command("fetch")
def data_fetch(
    name: FetchedArgument,
    source: Annotated[Path | None, typer.Option("--from", help="Your own copy, instead of a download.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch again.")] = False,
    partial: PartialOption = False,
) -> None:
    """Bring a dataset or weights here and check their hashes.

    Example: bench data fetch cifar10
    """
    from bench.cli.commands import fetch

    fetch(name, source, force, partial)


@data_app.command("prepare")
def data_prepare(
    name: Annotated[str, typer.Argument(help="imagenet.")],
    source: Annotated[Path, typer.Option("--from", help="Your own copy: a folder or a tar archive.")],
    size: Annotated[int, typer.Option(help="Side of the images in pixels: 64, 128 or 224.")],
    force: Annotated[bool, typer.Option("--force", help="Prepare again.")] = False,
    partial: PartialOption = False,
) -> None:
    """Bring your own copy of a dataset to one size, once.

    What a kill interrupts goes on where it was by the same command.

    Example: bench data prepare imagenet --from /data/imagenet --size 64
    """
    from bench.cli.commands import prepare

    prepare(name, source, size, force, partial)


@data_app.command("verify")
def data_verify(name: VerifiedArgument) -> None:
    """Say which files are here and whether they are right."""
    from bench.cli.commands import verify

    raise typer.Exit(verify(name))
