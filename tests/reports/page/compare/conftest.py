"""Two folders of runs, the same at first."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.reports.page.compare.two import N
from tests.reports.synthetic import make_runs


@pytest.fixture(scope="package")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_runs(tmp_path_factory.mktemp("before"), N)


@pytest.fixture
def after(before: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(before, tmp_path / "after"))
