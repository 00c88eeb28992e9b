"""Batches as small as the tests'."""

from __future__ import annotations

import pytest

from baselines.optimization import chunks


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(chunks.SIZES, "cpu", (4, 2))
