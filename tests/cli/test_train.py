"""``bench train`` only translates: what is typed is what the trainings are told."""

from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.cli.train import Precision
from bench.training import commands, engine
from bench.training.commands import Run

OPTIONS = [
    "--device",
    "cpu",
    "--budget",
    "2.5",
    "--resume",
    "--dry-run",
    "--precision",
    "float64",
    "--accumulate",
    "3",
    "--out",
    "there",
]
RUN = Run("cpu", "float64", 3, 2.5, True, True, Path("there"))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What each training was called with, the name of its command first."""
    calls: list[tuple[Any, ...]] = []
    for name in ("classifier", "inverter", "controls", "zoo"):
        monkeypatch.setattr(commands, f"train_{name}", lambda *given, name=name: calls.append((name, *given)))
    return calls


def typed(*words: str) -> None:
    done = CliRunner().invoke(app, ["train", *words])
    assert done.exit_code == 0, done.output


def test_every_option_arrives(told: list[tuple[Any, ...]]) -> None:
    typed("classifier", "judge", *OPTIONS)
    typed("zoo", *OPTIONS)
    typed(
        "inverter", "m", "--classifier", "c", "--dataset", "d", "--recipe", "r", "--steps", "7", "--seed", "5", *OPTIONS
    )
    typed("controls", "--classifier", "c", "--dataset", "d", "--device", "cpu")
    assert told == [
        ("classifier", "judge", RUN),
        ("zoo", RUN),
        ("inverter", "m", "c", "d", "r", 7, RUN, 5),
        ("controls", "c", "d", "cpu"),
    ]


def test_what_is_not_typed_is_left_to_the_recipe(told: list[tuple[Any, ...]]) -> None:
    typed("inverter", "m", "--classifier", "c")
    typed("classifier", "judge")
    assert told == [("inverter", "m", "c", "cifar10", None, None, Run(), None), ("classifier", "judge", Run())]


@pytest.mark.parametrize("words", ["--budget 0", "--steps 0", "--precision float16", "--accumulate 0", "--device mps"])
def test_what_no_training_can_honour_is_no_call(words: str, told: list[tuple[Any, ...]]) -> None:
    done = CliRunner().invoke(app, ["train", "inverter", "m", "--classifier", "c", *words.split()])
    assert done.exit_code == 2
    assert told == []


def test_the_precisions_are_the_engines() -> None:
    assert {one.value for one in Precision} == set(get_args(engine.Precision))


def test_a_dry_run_prints_the_recipe_and_trains_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["train", "classifier", "inception_v3", "--dry-run"])
    assert done.exit_code == 0
    assert '"auxiliary": 0.4' in done.output
    assert list(tmp_path.iterdir()) == []
