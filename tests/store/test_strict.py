from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

from bench.store.strict import build


@dataclass(frozen=True)
class Of:
    least: float | Literal["1/n"] = 0.0
    name: Literal["a", "b"] | None = None


def test_a_union_takes_the_first_type_that_fits() -> None:
    assert build(Of, {"least": 1}, "of") == Of(1.0)
    assert build(Of, {"least": "1/n", "name": "b"}, "of") == Of("1/n", "b")
    assert build(Of, {"name": None}, "of") == Of()


@pytest.mark.parametrize("raw", [{"least": "1/m"}, {"least": None}, {"least": True}, {"name": "c"}, {"name": 1}])
def test_what_fits_no_type_is_refused_with_its_place(raw: dict[str, object]) -> None:
    (key,) = raw
    with pytest.raises(ValueError, match=rf"of\.{key} should be one of"):
        build(Of, raw, "of")
