"""What ``bench`` asks of its reports: the tables after a run, the pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.store.faults import Faults
from bench.store.reader import folder_of
from bench.store.record import Record
from reports.analysis.groups import Entry
from reports.page.tables import terminal_table


def tables(records: Sequence[Record], out: Path, asked: Sequence[str] = ()) -> str:
    """The tables of these records; ranks need the values that lie beside them, in the folder of their key.

    Args:
        records: of the cells of a run.
        out: the folder of all runs.
        asked: keys of the metrics to show; the most important ones if there are none.
    """
    return terminal_table([Entry(one, folder_of(one, out)) for one in records], asked)


def page(
    runs: Path,
    out: Path,
    faults: Faults,
    zipped: bool = False,
    records: Sequence[tuple[Record, Path]] | None = None,
) -> Path:
    """Write the page of all records below ``runs``, a file or a folder, and its archive if asked; returns the page.

    ``records`` are those below ``runs`` with their folders, where they were read already.

    Raises:
        DataError: there are none.
    """
    from reports.page.render import write_report

    return write_report(runs, out, faults, zipped=zipped, records=records)


def comparison(before: Path, after: Path, out: Path, faults: Faults) -> Path:
    """Write the page of two folders of runs side by side; returns the file.

    Raises:
        DataError: one of them holds no records.
    """
    from reports.page.compare.compare import write_comparison

    return write_comparison(before, after, out, faults)
