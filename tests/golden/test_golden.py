"""The net itself: what it takes for a difference, and that it has what it says."""

from pathlib import Path
from typing import Any

import pytest

from tests.golden.__main__ import differences
from tests.golden.lines import lines

STORED: dict[str, Any] = {
    "status": "complete",
    "digests": {"reconstructions.npy": "aa"},
    "metrics": {"lpips": {"value": 0.25, "ci95": [0.2, 0.3], "n": 20}},
}


def found(**more: Any) -> dict[str, Any]:
    return STORED | {"metrics": {"lpips": STORED["metrics"]["lpips"] | more}}


@pytest.mark.parametrize("exact", [True, False])
def test_the_same_is_no_difference_and_neither_is_a_new_metric(exact: bool) -> None:
    assert differences(STORED, STORED, "x", exact) == []
    more = STORED | {"metrics": STORED["metrics"] | {"new": {"value": 1.0}}}
    assert differences(STORED, more, "x", exact) == []


def test_one_bit_is_a_difference_where_the_machine_is_the_same() -> None:
    moved = found(value=0.25 + 1e-16 * 2)
    assert moved["metrics"]["lpips"]["value"] != 0.25
    assert differences(STORED, moved, "x", exact=True) == [
        f"x/metrics/lpips/value: 0.25 is stored, {moved['metrics']['lpips']['value']!r} was found"
    ]
    assert differences(STORED, moved, "x", exact=False) == []
    assert len(differences(STORED, STORED | {"digests": {"reconstructions.npy": "bb"}}, "x", exact=True)) == 1
    assert differences(STORED, STORED | {"digests": {"reconstructions.npy": "bb"}}, "x", exact=False) == []


@pytest.mark.parametrize("exact", [True, False])
def test_what_is_wrong_is_wrong_everywhere(exact: bool) -> None:
    assert differences(STORED, found(value=0.2503), "x", exact)
    assert differences(STORED, found(value=None), "x", exact)
    assert differences(STORED, found(ci95=[0.2]), "x", exact)
    assert differences(STORED, found(n=19), "x", exact)
    assert differences(STORED, STORED | {"metrics": {}}, "x", exact)
    assert differences(STORED, STORED | {"status": "failed"}, "x", exact)


def test_the_net_has_a_demo_ten_cells_and_three_probes() -> None:
    words = list(lines(Path("photos")).values())
    assert sum(one[0] == "run" for one in words) == 11
    assert sum(one[0] == "probe" for one in words) == 3
