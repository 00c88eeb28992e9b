"""What no run can honour is refused when it is configured."""

from typing import Any

import pytest

from bench.config import LARGEST_SEED, RunConfig
from bench.errors import UsageError


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"num_images": 0}, "--num-images must be at least 1, got 0"),
        ({"seed": LARGEST_SEED + 1}, "--seed lies between"),
        ({"seed": -LARGEST_SEED - 1}, "--seed lies between"),
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
