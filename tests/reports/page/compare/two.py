"""Two folders of runs, of which one is changed, and what their comparison says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.store.files import write_atomically
from bench.store.record import Record, read_records
from reports.analysis.groups import Entry
from reports.page.compare.compare import CellPage, Comparison, comparison
from reports.page.compare.scores import MetricRow
from reports.words import text

N = 60
METHOD = "biggan-logit"


def folder_of(runs: Path, method: str = METHOD) -> Path:
    return next(folder for record, folder in read_records(runs) if record.method == method)


def change(runs: Path, of: str = METHOD, /, **fields: object) -> None:
    folder = folder_of(runs, of)
    record = replace(Record.from_json((folder / "record.json").read_text()), **fields)  # type: ignore[arg-type]
    write_atomically(folder / "record.json", record.to_json().encode())


def shift(runs: Path, column: str, amount: float, method: str = METHOD) -> None:
    path = folder_of(runs, method) / "per_image.parquet"
    table = pq.read_table(path)
    at = table.column_names.index(column)
    pq.write_table(table.set_column(at, column, pa.array(table[column].to_numpy() + amount)), path)
    rescore(runs, method)


def rescore(runs: Path, method: str = METHOD) -> None:
    """Give the record the means of its columns as they are now."""
    folder = folder_of(runs, method)
    record, table = Record.from_json((folder / "record.json").read_text()), pq.read_table(folder / "per_image.parquet")
    values = {key: table[key].to_numpy() for key in record.metrics if key in table.column_names}
    means = {
        key: replace(record.metrics[key], value=float(np.nanmean(x)), ci95=None)
        for key, x in values.items()
        if np.isfinite(x).any()
    }
    change(runs, method, metrics=record.metrics | means)


def compared(a: Path, b: Path) -> Comparison:
    sides = [(str(runs), [Entry(*found) for found in read_records(runs)]) for runs in (a, b)]
    return comparison(sides[0], sides[1])


def cell(found: Comparison, method: str = METHOD) -> CellPage:
    return next(one for one in found.cells if one.title.startswith(f"{method} on "))


def row(found: Comparison, key: str, method: str = METHOD) -> MetricRow:
    return next(one for one in cell(found, method).metrics if one.key == key)


def numbers(bounds: str) -> list[float]:
    return [float(part) for part in bounds.replace(text.MINUS, "-").strip("[]").split(", ")]


def stored(runs: Path, column: str, values: np.ndarray) -> None:
    path = folder_of(runs) / "per_image.parquet"
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.column_names.index(column), column, pa.array(values)), path)
    rescore(runs)
