"""The invented runs of the reports' tests."""

from tests.reports.conftest import records, runs

__all__ = ["records", "runs"]
