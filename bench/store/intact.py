"""Whether a file beside a record is the one that the record was written with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.store.files import sha256_of_file, sha256_of_rows
from bench.store.folder import LOGITS, ORIGINALS
from bench.store.record import Record


def intact(record: Record, path: Path) -> str | None:
    """Why a file is not the one that a record was written with; None where it is, or where the record does not say.

    Args:
        record: of any age; those of earlier versions carry no digests.
        path: a file beside it, or the ``originals.npy`` or ``logits.npz`` that it shares with other cells.
    """
    known = record.digests.get(path.name)
    if known is None:
        return None
    try:
        found = _digest(record, path)
    except FileNotFoundError:
        return f"{path.name} is missing"
    except Exception as error:  # damaged files fail in many ways; the texts of some hold the reader's own paths
        return f"{path.name} cannot be read ({type(error).__name__})"
    return None if found in (known, None) else f"{path.name} is not what its record was written with"


def own_changed(record: Record, folder: Path) -> list[str]:
    """Why files of a cell's folder are not those that its record was written with; those that cells share aside."""
    own = (name for name in record.digests if name not in (ORIGINALS, LOGITS))
    return [reason for name in own if (reason := intact(record, folder / name))]


def _digest(record: Record, path: Path) -> str | None:
    """What ``intact`` compares; None of logits that another classifier or device has put in the place of the cell's.

    Those of a smaller N that came after such are fewer than the cell's, and its own again only in part: None, too.
    """
    if path.name == ORIGINALS:
        originals = np.load(path, mmap_mode="r")
        if len(originals) < record.num_images:
            raise ValueError(f"{len(originals)} of {record.num_images} rows")
        return sha256_of_rows(originals, record.num_images)
    if path.name == LOGITS:
        with np.load(path) as raw:
            if str(raw["made_by"]) != f"{record.weights.get(record.classifier)} {record.cost.device}":
                return None
            logits = raw["logits"]
            return sha256_of_rows(logits, record.num_images) if len(logits) >= record.num_images else None
    return sha256_of_file(path)
