"""A report of invented runs over real pictures, and a browser to open it in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports.page.render import write_report
from studies.reports.browser import browser, executable
from tests.reports.probe_records import make_record, with_pictures
from tests.reports.synthetic import make_runs

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")  # whoever opens another one afterwards finds no loop running
def chromium() -> Iterator[Browser]:
    """Skipped where there is no browser, unless BENCH_BROWSER=required says that there must be one."""
    if executable() is None and os.environ.get("BENCH_BROWSER") != "required":
        pytest.skip("no Chromium on the path; install it or name it in $CHROMIUM")
    with browser() as found:
        yield found


@pytest.fixture(scope="session")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of two classifiers, 60 images each, and of a probe with pictures."""
    root = tmp_path_factory.mktemp("browser")
    runs = make_runs(root / "runs")
    make_runs(root / "runs", classifier="resnet152")
    columns = ["original", *(f"draw {k}" for k in range(1, 9))]
    with_pictures(runs, make_record("noise"), ["test-00001 (cat)", "test-00002 (dog)"], columns)
    return runs


@pytest.fixture(scope="session")
def report(pictured: Path) -> Path:
    """Their page as one file."""
    return write_report(pictured, pictured.parent / "report.html")


@pytest.fixture(scope="session")
def folder(pictured: Path) -> Path:
    """Their page as a folder."""
    return write_report(pictured, pictured.parent / "report")
