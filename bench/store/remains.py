"""What a finished cell left beside its record, read with distrust, for scoring it again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import DataError
from bench.store.folder import LOGITS, ORIGINALS, CellFolder
from bench.store.intact import intact
from bench.store.record import Record


@dataclass(frozen=True)
class Images:
    """What a finished cell left.

    Attributes:
        originals, reconstructions: (N, H, W, 3) uint8, memory-mapped.
        second: another draw of the reconstructions, or None.
        logits: (N, K) of the originals; None where another classifier or device has taken their place.
        columns: of ``per_image.parquet``, by name.
    """

    originals: NDArray[np.uint8]
    reconstructions: NDArray[np.uint8]
    second: NDArray[np.uint8] | None
    logits: NDArray[np.float32] | None
    columns: dict[str, NDArray[Any]]

    @classmethod
    def open(cls, record: Record, folder: CellFolder) -> Images:
        """Everything, once it was found to be what the record was written with.

        Raises:
            DataError: something is missing or is not.
        """
        import pyarrow.parquet as pq

        n, dataset, classifier = record.num_images, folder.path.parents[2], folder.path.parents[1]
        originals, logits = dataset / ORIGINALS, classifier / LOGITS
        table, second = folder.path / "per_image.parquet", folder.second_draw
        for path in (originals, logits, folder.reconstructions, table, *([second] if second.exists() else [])):
            reason = intact(record, path) or (None if path.exists() else f"{path.name} is missing")
            if reason:
                raise DataError(f"{reason}: the cell cannot be scored again. Type the same bench run with --force.")
        read = partial(np.load, mmap_mode="r", allow_pickle=False)
        try:
            # A stream, as a name that is no UTF-8 stops pyarrow, which would also read columns out of folders' names
            with table.open("rb") as stream, pq.ParquetFile(stream, pre_buffer=False) as file:
                found = file.read(use_threads=False)
            columns = {name: found.column(name).to_numpy() for name in found.column_names}
            draw = read(second) if second.exists() else None
            opened = cls(read(originals)[:n], read(folder.reconstructions), draw, _logits(logits, record), columns)
        except Exception as error:  # damaged files fail in many ways
            raise DataError(f"What lies beside the record cannot be read ({type(error).__name__}).") from error
        if "label" not in columns or len(opened.originals) < n:
            raise DataError("What lies beside the record is of fewer images, or without labels.")
        return opened


def _logits(path: Path, record: Record) -> NDArray[np.float32] | None:
    """The cell's own, or None."""
    with np.load(path, allow_pickle=False) as stored:
        own = str(stored["made_by"]) == f"{record.weights.get(record.classifier)} {record.cost.device}"
        return stored["logits"][: record.num_images] if own and len(stored["logits"]) >= record.num_images else None
