"""Per-image values small enough to be committed: of each cell the columns and levels that the rules read, no others."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.store.record import Record
from reports.analysis.claims.evidence import Name, needed
from reports.analysis.claims.language import Values
from reports.analysis.claims.rules import CLAIMS, DATASET, MIN_IMAGES

Wanted = Mapping[str, frozenset[str]]  # column -> levels of which it is read; none where there are no levels


@cache
def everything_wanted() -> Mapping[Name, Wanted]:
    """What the rules read, by cell; a cell of which they read the record alone has no columns."""
    found: dict[Name, dict[str, frozenset[str]]] = {}
    conditions = (one for claim in CLAIMS for case in claim.cases for one in case.conditions)
    for values in (side for one in conditions for side in (one.values, one.against) if isinstance(side, Values)):
        columns = found.setdefault((values.method, values.classifier, values.probe), {})
        for column in needed(values):
            columns[column] = columns.get(column, frozenset()) | frozenset(values.levels)
    return found


def wanted(record: Record) -> Wanted | None:
    """The columns that the rules read of this record; None where they do not ask for it."""
    if record.dataset != DATASET or record.num_images < MIN_IMAGES:
        return None
    return everything_wanted().get((record.method, record.classifier, record.probe or ""))


def reduced(columns: Mapping[str, NDArray[Any]], wanted: Wanted) -> bytes:
    """A Parquet file of the wanted columns and levels: the same bytes for the same values.

    Floats become float32, columns of nothing but 0 and 1 bits, classes 16 bit integers.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    kept = {name: columns[name] for name in wanted if name in columns}
    if "level" in kept:
        rows = np.isin(kept["level"].astype(np.str_), sorted(wanted["level"]))
        kept = {name: values[rows] for name, values in kept.items()}
    table = pa.table({name: _small(values) for name, values in kept.items()})
    split = [field.name for field in table.schema if pa.types.is_floating(field.type) and _varied(kept[field.name])]
    sink = io.BytesIO()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=19,
        use_dictionary=[name for name in table.column_names if name not in split],
        column_encoding=dict.fromkeys(split, "BYTE_STREAM_SPLIT"),
        write_statistics=False,
        store_schema=False,
    )
    return sink.getvalue()


def _small(values: NDArray[Any]) -> NDArray[Any]:
    """The narrowest type that the rules read alike."""
    if values.dtype.kind == "i":
        return values.astype(np.int16)
    if values.dtype.kind != "f":
        return values
    return values.astype(np.bool_) if np.isin(values, (0, 1)).all() else values.astype(np.float32)


def _varied(values: NDArray[Any]) -> bool:
    """Whether most values occur once: a dictionary would only make them longer."""
    return len(np.unique(values.astype(np.float32))) > len(values) / 2
