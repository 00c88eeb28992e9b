"""What the cells of a dataset share: its images, and for each classifier their logits. Both are stored once.

    runs/<dataset>/originals.npy                the images (N, H, W, 3) uint8
    runs/<dataset>/originals.json               the SHA-256 of each block of 250 of them
    runs/<dataset>/<classifier>/logits.npz      ids, logits (N, K) float32, the weights that made them, a seal

They are written under a lock: of one dataset, and of one classifier on one device, the larger N stays. What is read for
computing is checked first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import Dataset, Pixels, to_images
from bench.errors import DataError
from bench.progress import progress
from bench.store import sealed
from bench.store.files import locked, replacing, sha256_of_rows, sweep, write_atomically, write_rows
from bench.store.folder import LOGITS, ORIGINALS, SHARD, shards
from bench.store.sealed import Arrays

if TYPE_CHECKING:
    import torch

    from bench.classifiers import LoadedClassifier

AGAIN = "type the cell's own command, bench run or bench probe, with --force"
AGREEMENT = 1e-3  # of the largest logit, or of 1: by how much kept logits may differ from those of now

_made: dict[Path, list[str]] = {}  # the digests of the originals that this process has written


@dataclass(frozen=True)
class _Stored:
    """What lies in ``originals.npy``, and the digests of its blocks."""

    pixels: Pixels
    blocks: list[str]

    def whole(self, count: int) -> bool:
        """Whether the first ``count`` rows are what was written."""
        if not self.blocks:
            return False
        rows = zip(shards(len(self.pixels)), self.blocks, strict=True)
        return all(_sha256(self.pixels[r.start : r.stop]) == known for r, known in rows if r.start < count)


def originals(folder: Path, dataset: Dataset, count: int, *, anew: bool = False) -> Pixels:
    """The first ``count`` images (N, H, W, 3) uint8, memory-mapped from ``originals.npy``, written if need be.

    Args:
        folder: of the dataset among the runs.
        dataset: where they come from.
        count: N.
        anew: take nothing that another process wrote.

    Raises:
        DataError: the file is damaged, and ``anew`` is off.
    """
    path = folder / ORIGINALS
    with locked(folder / ".originals.lock"):
        sweep(folder, "originals.")
        stored = _stored(path, dataset, anew)
        kept = _kept(path, stored, count, anew)
        if kept < count:
            _write(path, dataset, stored, kept, count)
    return np.asarray(np.load(path, mmap_mode="r")[:count])


def _stored(path: Path, dataset: Dataset, anew: bool) -> _Stored | None:
    """What is there, without digests where an earlier bench or a killed process left none that fit; else None."""
    if not path.exists():
        return None
    try:
        pixels = np.load(path, mmap_mode="r")
    except Exception as error:  # damaged headers fail in many ways
        if anew:
            return None
        raise _damaged(path) from error
    try:
        known = json.loads(path.with_suffix(".json").read_text())
        same = known["dataset"] == dataset.fingerprint and known["shape"] == list(pixels.shape)
        blocks = [str(block) for block in known["blocks"]]
    except (OSError, ValueError, KeyError, TypeError):
        same, blocks = False, []
    return _Stored(pixels, blocks if same and len(blocks) == len(shards(len(pixels))) else [])


def _kept(path: Path, stored: _Stored | None, count: int, anew: bool) -> int:
    """How many of the stored rows need not be written again."""
    if stored is None or not stored.blocks or (anew and _made.get(path.absolute()) != stored.blocks):
        return 0
    if stored.whole(count):
        return len(stored.pixels)
    if anew:
        return 0
    raise _damaged(path)


def _write(path: Path, dataset: Dataset, stored: _Stored | None, kept: int, count: int) -> None:
    """Write the first ``count`` rows, and those beyond that are there already; ``kept`` rows are copied."""
    total, old = count, None if stored is None else stored.pixels
    if stored is not None:
        total = max(count, len(stored.pixels))
        if total > len(dataset) and not stored.whole(total):
            total = len(dataset)
    source = f"images of {dataset.name}"

    def blocks() -> Iterator[Pixels]:
        with progress(total, source) as bar:
            for rows in shards(total):
                part = slice(rows.start, rows.stop)
                copied = old is not None and (rows.stop <= kept or rows.stop > len(dataset))
                yield old[part] if copied and old is not None else dataset.pixels(part)
                bar.advance(len(rows))

    shape = (total, *dataset.pixels(slice(0, 1)).shape[1:])
    with replacing(path) as file:
        digests = write_rows(file, shape, blocks())
        # before the images, so that whoever is killed in between leaves digests of another length, and no false ones
        known = {"dataset": dataset.fingerprint, "shape": shape, "blocks": digests}
        write_atomically(path.with_suffix(".json"), (json.dumps(known, indent=1) + "\n").encode())
    _made[path.absolute()] = digests


def _sha256(block: Pixels) -> str:
    return hashlib.sha256(np.ascontiguousarray(block).data).hexdigest()


def _damaged(path: Path) -> DataError:
    place = f"{path.parent.name}/{path.name}"
    return DataError(
        f"{place} is damaged: it is not what was written there, and nothing is computed from it. To make it anew, "
        f"{AGAIN}"
    )


def logits(
    folder: Path,
    classifier: LoadedClassifier,
    dataset: Dataset,
    count: int,
    device: torch.device,
    *,
    anew: bool = False,
) -> Any:
    """Logits (N, K) float32 of the first ``count`` images, from ``logits.npz`` or computed in whole blocks of 250.

    Blocks are whole even where N is not, so that the logits of an image do not depend on N.

    Args:
        folder: of the classifier among the runs.
        classifier: what gives them.
        dataset: the images.
        count: N.
        device: where to compute.
        anew: take nothing that another process wrote.

    Raises:
        DataError: the file is damaged, or the classifier gives other logits now, and ``anew`` is off.
    """
    path, made_by = folder / LOGITS, f"{classifier.sha256} {device.type}"
    with locked(folder / ".logits.lock"):
        sweep(folder, LOGITS)
        stored = _stored_logits(path, made_by, dataset, anew)
        changed = _disagreement(stored["logits"], classifier, dataset, device) if stored is not None else None
        if changed and not anew:
            raise _outdated(path, classifier.name, changed)
        if changed and stored is not None:  # as many are made anew, and none is kept
            stored |= {name: stored[name][: len(dataset)] for name in ("ids", "logits")}
        trusted = not changed and (not anew or sealed.load(path, LOGITS, own=True))
        kept = len(stored["logits"]) if stored is not None and trusted else 0
        if stored is None or kept < count:
            wanted = max(count, _unsealed(path, dataset)) if stored is None else count
            stored = _extended(stored, kept, wanted, classifier, dataset, device) | {"made_by": np.array(made_by)}
            sealed.save(path, LOGITS, stored)
    return stored["logits"][:count]


def _stored_logits(path: Path, made_by: str, dataset: Dataset, anew: bool) -> Arrays | None:
    """What is there of these images by these weights; None where there is nothing, or it bears no seal yet."""
    if not path.exists():
        return None
    found = sealed.read(path)
    if found is not None and not found[0]:
        return None
    stored = sealed.load(path, LOGITS)
    if stored is None:
        if anew:
            return None
        raise _damaged(path)
    common = min(len(stored["ids"]), len(dataset))
    same = str(stored["made_by"]) == made_by and stored["ids"][:common].tolist() == list(dataset.ids[:common])
    return stored if same else None


def _unsealed(path: Path, dataset: Dataset) -> int:
    """How many logits of these images an earlier bench has left, without a seal: as many are made anew."""
    found = sealed.read(path)
    if found is None or found[0] or "ids" not in found[1]:
        return 0
    ids = found[1]["ids"].tolist()[: len(dataset)]
    return len(ids) if ids == list(dataset.ids[: len(ids)]) else 0


def _disagreement(
    stored: NDArray[np.float32], classifier: LoadedClassifier, dataset: Dataset, device: torch.device
) -> str | None:
    """In what the logits that the classifier gives now of four images differ from those that are kept, or None."""
    n = min(len(stored), len(dataset))
    few = sorted({k * (n - 1) // 3 for k in range(4)})
    # Low precision rounds by the size of the batch, so that what disagrees is looked at again in the shape of then.
    for rows in (few, list(range(min(n, SHARD)))):
        found, kept = _of(classifier, dataset.pixels(rows), device), stored[rows]
        same = found.shape == kept.shape
        tolerance = AGREEMENT * max(1.0, float(np.abs(kept).max()))
        if same and np.allclose(found, kept, rtol=0, atol=tolerance, equal_nan=True):
            return None
    return f"they differ by up to {np.abs(found - kept).max():.3g}" if same else f"{found.shape[1]} an image"


def _outdated(path: Path, classifier: str, difference: str) -> DataError:
    return DataError(
        f"{path.parent.name}/{path.name} holds other logits than {classifier} gives now: {difference}. Its weights and "
        "source are those of then, so that something else that it reads has changed. To make logits and "
        f"reconstructions anew, {AGAIN}"
    )


def _of(classifier: LoadedClassifier, pixels: Pixels, device: torch.device) -> NDArray[np.float32]:
    """Logits (n, K) of images (n, H, W, 3) uint8."""
    import torch

    exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)  # as the metrics see the reconstructions
    images = to_images(pixels).to(device).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode(), exact:
        values: NDArray[np.float32] = classifier.logits(images).cpu().numpy()
    return values


def _extended(
    stored: Arrays | None,
    kept: int,
    count: int,
    classifier: LoadedClassifier,
    dataset: Dataset,
    device: torch.device,
) -> Arrays:
    """Logits of the first ``count`` images in whole blocks, and of those beyond that are there; ``kept`` are copied."""
    ids, old = (stored["ids"], stored["logits"]) if stored else (np.empty(0, "U1"), None)
    whole = min(-(-max(count, len(ids)) // SHARD) * SHARD, len(dataset))
    todo = shards(whole)[kept // SHARD :]
    parts = [] if old is None else [old[: todo[0].start]]
    with progress(todo[-1].stop - todo[0].start, f"logits of {classifier.name}") as bar:
        for rows in todo:
            parts.append(_of(classifier, dataset.pixels(slice(rows.start, rows.stop)), device))
            bar.advance(len(rows))
    parts += [] if old is None else [old[whole:]]
    return {"ids": np.array([*dataset.ids[:whole], *ids[whole:].tolist()]), "logits": np.concatenate(parts)}


def shared_digests(originals: Pixels, logits: NDArray[np.float32]) -> dict[str, str]:
    """The record's digests of what its cell shares with others: of the N rows that it used."""
    return {ORIGINALS: sha256_of_rows(originals), LOGITS: sha256_of_rows(logits)}
