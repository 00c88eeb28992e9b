"""Per-image values small enough to be committed: every column, in the narrowest type that the rules read alike."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.store.record import Record
from reports.analysis.claims.evidence import Name
from reports.analysis.claims.language import Values
from reports.analysis.claims.rules import CLAIMS, DATASET, MIN_IMAGES


@cache
def cells_read() -> frozenset[Name]:
    """The cells and probes whose values the rules compare."""
    conditions = (one for claim in CLAIMS for case in claim.cases for one in case.conditions)
    sides = (side for one in conditions for side in (one.values, one.against) if isinstance(side, Values))
    return frozenset((side.method, side.classifier, side.probe) for side in sides)


def is_read(record: Record) -> bool:
    """Whether the rules compare values of this record."""
    name = (record.method, record.classifier, record.probe or "")
    return record.dataset == DATASET and record.num_images >= MIN_IMAGES and name in cells_read()


def reduced(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """A Parquet file of the columns: the same bytes for the same values.

    Floats become float32, columns of nothing but 0 and 1 bits, classes 16 bit integers.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: _small(values) for name, values in columns.items()})
    split = [field.name for field in table.schema if pa.types.is_floating(field.type) and _varied(columns[field.name])]
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
