"""Invented cells, and the board of a world in which some claims fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reports.analysis.claims.board import board
from reports.analysis.claims.rows import Board
from reports.analysis.groups import Entry
from tests.reports.analysis.claims.world import DECODER, GAN, R, S, World, small_subsets


@pytest.fixture(scope="package", autouse=True)
def subsets() -> Iterator[None]:
    with small_subsets():
        yield


@pytest.fixture(scope="package")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    world = World()
    world[GAN, R, ""].add("lpips", 0.3)  # claims 1 and 2 fail, 5 too
    del world.cells[DECODER, S, "perturb"]
    world[GAN, S, "noise"].change(status="failed", reason="<script>alert(1)</script>")
    return world.entries(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="package")
def made(entries: list[Entry]) -> Board:
    return board(entries)
