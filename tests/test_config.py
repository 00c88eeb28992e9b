"""What no run can honour is refused when it is configured."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines.controls import Oracle
from bench.config import LARGEST_SEED, RunConfig
from bench.errors import UsageError


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"num_images": 0}, "--num-images must be at least 1, got 0"),
        ({"num_images": 2.5}, "--num-images is a whole number, got 2.5"),
        ({"out": 3.5}, "--out is a path, got 3.5"),
        ({"metrics": 3}, "--metric is a key of a metric, or several; got 3"),
        ({"metrics": ["lpips", None]}, "--metric is a key"),
        ({"seed": "1"}, "--seed is a whole number, got '1'"),
        ({"seed": None}, "--seed is a whole number, got None"),
        ({"seed": LARGEST_SEED + 1}, "--seed lies between"),
        ({"seed": -LARGEST_SEED - 1}, "--seed lies between"),
        ({"training_seed": LARGEST_SEED + 1}, "--training-seed lies between"),
        ({"preset": "slow"}, "--preset is 'fast' or 'paper', got 'slow'"),
        ({"precision": "float16"}, "--precision is 'float32' or 'bf16', got 'float16'"),
        ({"device": "mps"}, "--device is 'auto', 'cpu' or 'cuda', got 'mps'"),
    ],
)
def test_what_cannot_be_honoured_names_the_option(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        RunConfig("m", "c", **wrong)


@pytest.mark.parametrize(
    "right",
    [{"num_images": 1}, {"seed": LARGEST_SEED}, {"seed": -LARGEST_SEED}, {"preset": "paper"}, {"precision": "bf16"}],
)
def test_the_ends_of_what_can_be_are_taken(right: dict[str, Any]) -> None:
    ((name, value),) = right.items()
    assert getattr(RunConfig("m", "c", **right), name) == value


def test_what_means_the_same_is_converted() -> None:
    config = RunConfig("m", "c", num_images=np.int64(5), seed=np.uint8(3), out="a/b", metrics=["lpips"])  # type: ignore[arg-type]
    assert (config.num_images, type(config.num_images), config.seed) == (5, int, 3)
    assert config.out == Path("a/b")
    assert config.metrics == ("lpips",)
    assert RunConfig("m", "c", metrics="lpips").metrics == ("lpips",)  # type: ignore[arg-type]
    assert RunConfig("m", "c", classifier_weights="w.pt").classifier_weights == Path("w.pt")  # type: ignore[arg-type]
    assert config == RunConfig("m", "c", num_images=5, seed=3, out=Path("a/b"), metrics=("lpips",))


class Mine:
    """A class of a file."""


def network() -> None:
    """A function of a file."""


def test_classes_and_functions_go_by_their_file_and_ours_by_their_name() -> None:
    config = RunConfig(Mine, network)  # type: ignore[arg-type]
    assert (config.method, config.classifier) == (f"{__file__}:Mine", f"{__file__}:network")
    assert RunConfig(Oracle, "c").method == "oracle"  # type: ignore[arg-type]


def test_what_stands_in_no_file_says_what_to_do() -> None:
    class Inner:
        pass

    with pytest.raises(UsageError, match="Write it into one"):
        RunConfig(Inner, "c")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="method is a name, a class or a function, got int"):
        RunConfig(3, "c")  # type: ignore[arg-type]
