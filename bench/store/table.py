"""The per-image table beside a record, read with distrust: its columns, and whether they say what the record says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bench.store.record import Record, Score

if TYPE_CHECKING:
    import pyarrow as pa

Columns = dict[str, NDArray[Any]]

TARGET, JUDGE = "target", "judge"  # whose classes per-image tables hold, of the original and of the reconstruction
CLASSES = ("label", *(f"prediction_{by}_{of}" for by in (TARGET, JUDGE) for of in ("original", "reconstruction")))
OVERALL = "all"  # the level of what spans a probe's levels
ROUNDING = 1e-6  # of a mean, as a share of its values' size: columns may be stored in single precision
MOST_BYTES = 1 << 31  # of a table once it is unpacked


def columns(path: Path, record: Record) -> Columns:
    """The per-image table of a record: its ids, classes, and what the record has scores of.

    Raises:
        ValueError: it is not the table of this record.
    """
    import pyarrow.parquet as parquet

    # A stream, as a name that is no UTF-8 stops pyarrow, and no threads, which reading one abort the process at its end
    with path.open("rb") as stream, parquet.ParquetFile(stream, pre_buffer=False) as file:
        facts = file.metadata
        unpacked = sum(facts.row_group(k).total_byte_size for k in range(facts.num_row_groups))
        if unpacked > MOST_BYTES or facts.num_rows > _most_rows(record):
            raise ValueError(f"it has {facts.num_rows:,} rows and the record {record.num_images:,} images")
        table = file.read(use_threads=False)
    if record.probe is None and table.num_rows != record.num_images:
        raise ValueError(f"it has {table.num_rows:,} rows and the record {record.num_images:,} images")
    found = {name: _column(table, name) for name in table.column_names if name in _meant(record)}
    _identified(found)
    for rows, scores in _levels(found, record):
        for name in found.keys() - {"image_id", "level", *CLASSES}:
            score = scores.get(name)
            if score is None or score.value is None:
                found[name] = np.where(rows, np.nan, found[name])
            else:
                _agrees(name, found[name][rows], score.value)
    return found


def _most_rows(record: Record) -> int:
    return record.num_images * (1 if record.probe is None else 100 * (len(record.levels) + 1))


def _meant(record: Record) -> set[str]:
    """The columns that may be read: a metric that the record lacks is missing, whatever the table holds."""
    metrics = {key for scores in (record.metrics, *(level.metrics for level in record.levels)) for key in scores}
    return {"image_id", *CLASSES, *metrics, *(("level",) if record.probe else ())}


def _column(table: pa.Table, name: str) -> NDArray[Any]:
    """A column as an array: text without gaps for names, whole numbers for classes, numbers for the rest."""
    from pyarrow import types

    column = table[name]
    texts, whole = name in ("image_id", "level"), name in CLASSES
    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    fits = (
        (types.is_string(kind) or types.is_large_string(kind))
        if texts
        else types.is_integer(kind) or (not whole and (types.is_floating(kind) or types.is_boolean(kind)))
    )
    if not fits or (column.null_count and not types.is_floating(kind)):
        raise ValueError(f"its column {name} is of type {column.type} with {column.null_count:,} gaps")
    if texts:
        return np.array(column.to_pylist(), dtype=object)
    if column.null_count or column.type != kind or types.is_boolean(kind):
        return np.asarray(column.to_numpy())
    return np.from_dlpack(column.combine_chunks())  # pyarrow's own way imports pandas wherever that is installed


def _identified(found: Columns) -> None:
    """Every row by its image, and by its level where there are some, once."""
    if "image_id" not in found:
        raise ValueError("it has no column image_id")
    names = [found[name].tolist() for name in ("level", "image_id") if name in found]
    if len(set(zip(*names, strict=True))) < len(names[0]):
        raise ValueError("its image_id is not unique")


def _levels(found: Columns, record: Record) -> Iterator[tuple[NDArray[np.bool_], dict[str, Score]]]:
    """The rows of each level with their scores."""
    if record.probe is None:
        yield np.ones(record.num_images, np.bool_), record.metrics
        return
    scores = {OVERALL: record.metrics} | {level.name: level.metrics for level in record.levels}
    if "level" not in found:
        raise ValueError("it has no column level")
    for name in dict.fromkeys(found["level"].tolist()):
        if name not in scores:
            raise ValueError(f"it has a level {name!r} that the record has not")
        yield found["level"] == name, scores[name]


def _agrees(name: str, values: NDArray[Any], said: float) -> None:
    """Whether the mean over the rows is what the record says.

    Raises:
        ValueError: it is not.
    """
    numbers = values.astype(np.float64)
    defined = numbers[~np.isnan(numbers)]
    mean, size = (float(one.mean()) if len(one) else float("nan") for one in (defined, np.abs(defined)))
    if not (np.isfinite(size) and abs(mean - said) <= ROUNDING * max(size, abs(said))):
        raise ValueError(f"the mean of its column {name} is {mean:.6g}, and the record says {said:.6g}")
