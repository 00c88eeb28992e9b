from __future__ import annotations

from pathlib import Path

import pytest

from bench.store.record import Record, read_records
from reports.figures import probe_figures, tradeoffs
from reports.page.render import write_report
from tests.reports.html_page import Page
from tests.reports.synthetic import make_runs

NUM_IMAGES = 60


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_runs(tmp_path_factory.mktemp("runs"), NUM_IMAGES)


@pytest.fixture
def one_cell(runs: Path) -> Path:
    """A folder of one record, for what any page shows."""
    return next(runs.glob("**/record.json")).parent


@pytest.fixture(scope="session")
def records(runs: Path) -> list[Record]:
    return [record for record, _ in read_records(runs)]


@pytest.fixture
def without_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what stands beside the figures: they are drawn, and looked at, in other tests."""
    monkeypatch.setattr(probe_figures, "drawn", lambda panels, name, anchor: [""] * len(panels))
    monkeypatch.setattr(tradeoffs, "drawn", lambda scene, title, anchor, guides: "")


@pytest.fixture(scope="session")
def page(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return Page(write_report(runs, tmp_path_factory.mktemp("report") / "report.html").read_text())
