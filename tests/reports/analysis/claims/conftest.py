from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reports.analysis.claims.world import small_subsets


@pytest.fixture(scope="package", autouse=True)
def subsets() -> Iterator[None]:
    with small_subsets():
        yield
