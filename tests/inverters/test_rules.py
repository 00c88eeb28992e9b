"""The rules of the interface, broken one at a time: each ends with its reason, and good methods are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.inverters import rules
from bench.inverters.base import Inverter
from bench.store.folder import SHARD
from tests.inverters.conftest import Fill
from tests.inverters.methods import (
    DescendingPairs,
    Neighbourly,
    NumPy,
    Pairs,
    Placed,
    Restless,
    SaysNotStochastic,
    Scaled,
    Signed,
    Uint8,
    Writing,
)


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (SaysNotStochastic, "of 255 grey levels.* another seed.*says that it is not stochastic.*stochastic = True"),
        (Neighbourly, r"flat breaks a rule of the interface: row \d+ differs by up to \d+ of 255.*in other company"),
        (Placed, "nor on its place"),
        (Pairs, "neither on its neighbours"),
        (Restless, "another one each time.*seeds are the only source of randomness"),
        (Writing, r"changed the \(20, 5\) numbers that it was given.*logits.clone"),
        (Scaled, r"reach from .* to 2\d\d.*Divide by 255"),
        (Uint8, r"floats in \[0, 1\] and returned torch.uint8.*/ 255"),
        (Signed, r"61,440 of 61,440 lie outside.*\(x \+ 1\) / 2"),
        (NumPy, "returned ndarray"),
        (DescendingPairs, "Descents amplify rounding"),
    ],
)
def test_a_broken_rule_is_named(cls: type[Inverter], words: str, fill: Fill) -> None:
    with pytest.raises(BenchError, match=words) as raised:
        fill(cls)
    assert "\n" not in str(raised.value)


def test_rows_are_fixed_and_spread() -> None:
    seeds = list(range(1000, 1000 + SHARD))
    rows = rules.chosen(seeds)
    assert rows == rules.chosen(seeds)
    assert [row * 4 // SHARD for row in rows] == [0, 1, 2, 3]
    assert rules.chosen([7, 8]) == [0, 1]


@pytest.mark.networks
def test_a_cell_of_images_in_grey_levels_fails_and_says_why(tmp_path: Path) -> None:
    """On dbbfab3 it ended as complete, with a PSNR of 4.7."""
    from bench.config import RunConfig
    from bench.line import run_cell

    reference = f"{Path(__file__).with_name('methods.py')}:Scaled"
    record = run_cell(RunConfig(reference, "robust_resnet152", num_images=5, out=tmp_path, controls=False))
    assert record.status == "failed"
    assert "Divide by 255" in str(record.reason)
