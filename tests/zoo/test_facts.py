"""What a manifest entry says about a training comes from the training's folder, not from where it is published."""

import json
from pathlib import Path

import pytest

from bench.environment import processor
from bench.zoo.facts import machine

CPU = {"gpu": None, "threads": 1, "processor": "A Chip", "platform": "Linux 6.1 riscv64"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "1 thread, A Chip, riscv64"),
        ({"threads": 8}, "8 threads, A Chip, riscv64"),
        ({"gpu": "A Card"}, "A Card"),
    ],
)
def test_the_machine_is_that_of_the_training(tmp_path: Path, changes: dict[str, object], expected: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"environment": CPU | changes}))
    assert machine(path) == expected


def test_without_a_description_it_is_this_machine(tmp_path: Path) -> None:
    assert processor() in machine(tmp_path / "run.json")
