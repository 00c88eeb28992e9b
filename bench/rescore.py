"""Scores of finished runs: what is missing or outdated is computed from the stored images, and nothing is inverted.

Values that stand keep every bit. What a score is made of decides whether it is outdated (``bench.fingerprint``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.describe import cards_of
from bench.errors import BenchError, DataError, StorageError, UnknownNameError, UsageError, error_text, where
from bench.fingerprint import fingerprint_of
from bench.local import local_name
from bench.metrics.catalogue import METRICS
from bench.record import SCHEMA_VERSION, Record, Score
from bench.remains import Images
from bench.store import CellFolder

if TYPE_CHECKING:
    import torch

    from bench.classifiers import LoadedClassifier
    from bench.faults import Faults

FAILURE = r"[A-Za-z_]\w*(Error|Exception|Exit)\b"  # how the note of a score begins whose error is not bench's own
NO_SECOND = "The second draw was not kept, which diversity needs: bench run --force makes it anew."


@dataclass(frozen=True)
class Scored:
    """What became of one cell.

    Attributes:
        record: as it is now.
        folder: of the cell.
        filled: keys that were computed.
        reason: why some that were wanted were not, or None.
    """

    record: Record
    folder: Path
    filled: tuple[str, ...] = ()
    reason: str | None = None


def outdated(
    record: Record, parts: Mapping[str, Any], wanted: Collection[str] | None = None, *, failed: bool = False
) -> list[str]:
    """Keys of the catalogue that a complete record lacks, or has by another making than ``parts`` say.

    A value stays where the weights that it needs are not here.

    Args:
        record: of a cell.
        parts: of today's protocol, for the images of the record.
        wanted: the keys to look at; None looks at all.
        failed: count those too that ended in an error of somebody else's code: memory may suffice today.
    """
    keys = METRICS if wanted is None else [key for key in METRICS if key in wanted]
    return [key for key in keys if _is_outdated(key, record.metrics.get(key), parts, failed)]


def _is_outdated(key: str, score: Score | None, parts: Mapping[str, Any], failed: bool) -> bool:
    if score is None:
        return True
    if score.fingerprint == fingerprint_of(key, parts):
        return failed and score.value is None and bool(re.match(FAILURE, score.note or ""))
    absent = "inception" in METRICS[key].needs and "inception" not in parts["extractors"]
    return not (absent and score.value is not None)


def fill(
    record: Record,
    folder: CellFolder,
    parts: Mapping[str, Any],
    keys: Collection[str],
    *,
    classifier: LoadedClassifier | None,
    inception: Path | None,
    device: torch.device,
) -> Record:
    """Compute these scores from what lies beside the record, write them, and return the new record.

    Args:
        record: of the cell.
        folder: its own, locked.
        parts: of today's protocol, for the images of the record.
        keys: of the metrics.
        classifier: the target; None where no key needs it.
        inception: torch-fidelity's weights, for ``fid``.
        device: where to compute.

    Raises:
        DataError: what lies there is not what the record was written with.
    """
    from bench.cell import networks
    from bench.classifiers import CATALOGUE, JUDGE
    from bench.metrics.evaluate import evaluate

    images = Images.open(record, folder)
    judged = record.dataset in CATALOGUE[JUDGE].datasets
    found = evaluate(
        images.originals,
        images.reconstructions,
        labels=images.columns["label"],
        logits=images.logits,
        networks=networks(classifier, device, inception, judged=judged),
        second_draw=images.second,
        stochastic=record.stochastic,
        target_is_extractor=record.classifier == "efficientnet_lite0",
        cache=folder.path.parents[3] / ".features",
        wanted=keys,
    )
    metrics = record.metrics | {key: stamped(key, score, parts) for key, score in found.metrics.items()}
    if images.second is None and record.stochastic and "diversity" in found.metrics:
        metrics["diversity"] = replace(metrics["diversity"], note=NO_SECOND)
    written = ["per_image.parquet"] + (["reconstruction_logits.npy"] if found.reconstruction_logits is not None else [])
    untouched = {name: digest for name, digest in record.digests.items() if name not in written}
    # whoever is killed in between leaves files of which the record says nothing, and no false digest
    folder.finish(replace(record, digests=untouched, schema_version=SCHEMA_VERSION).to_json())
    folder.save_per_image(images.columns | found.per_image)
    if found.reconstruction_logits is not None:
        folder.save_logits(found.reconstruction_logits)
    ordered = {key: metrics[key] for key in (*METRICS, *metrics) if key in metrics}
    filled = replace(
        record,
        metrics=ordered,
        cards=cards_of(replace(record, metrics=ordered)),
        protocol=_told(record.protocol, parts, metrics),
        weights=record.weights | parts["extractors"],
        digests=untouched | {name: digest for name, digest in folder.digests().items() if name in written},
        schema_version=SCHEMA_VERSION,
    )
    folder.finish(filled.to_json())
    return filled


def _told(before: Mapping[str, Any], now: Mapping[str, Any], metrics: Mapping[str, Score]) -> dict[str, Any]:
    """Today's parts where every score is of today's making; else those of before, with the networks of both."""
    if all(score.fingerprint == fingerprint_of(key, now) for key, score in metrics.items() if key in METRICS):
        return dict(now)
    extractors = before.get("extractors")
    both = dict(now["extractors"]) | (extractors if isinstance(extractors, dict) else {})
    return dict(before) | {"extractors": both}


def stamped(key: str, score: Score, parts: Mapping[str, Any]) -> Score:
    """The score with its fingerprint."""
    return replace(score, fingerprint=fingerprint_of(key, parts))


def check_keys(wanted: Collection[str] | None) -> None:
    """Raise UnknownNameError where a key is no metric's."""
    for key in wanted or ():
        if key not in METRICS:
            raise UnknownNameError("metric", key, METRICS)


def score_runs(
    runs: Path,
    wanted: Collection[str] | None,
    *,
    classifiers: Collection[str] = (),
    inception: Path | None = None,
    device: str = "auto",
    faults: Faults | None = None,
) -> Iterator[Scored]:
    """``bench score --runs``: fill every complete cell below ``runs``.

    Args:
        runs: folder of all runs.
        wanted: keys of metrics; None takes all.
        classifiers: local ones, as ``path/to/file.py:function``, whose cells are among the runs.
        inception: torch-fidelity's weights, for ``fid``; by default the fetched ones.
        device: ``auto``, ``cpu`` or ``cuda``.
        faults: takes the records that cannot be read.

    Yields:
        What became of each cell, as it is done.

    Raises:
        UnknownNameError: there is no such metric.
        UsageError: there is no such folder or file, or a classifier is none of a user's own.
    """
    from bench.environment import resolve_device
    from bench.faults import Faults
    from bench.record import read_records

    check_keys(wanted)
    if not runs.is_dir():
        raise UsageError(f"{runs} should be a folder of runs, and there is no such folder.")
    if inception is not None and not inception.is_file():
        raise UsageError(f"--inception-weights names {inception}, and there is no such file.")
    if shipped := [name for name in classifiers if ".py:" not in name]:
        raise UsageError(f"--classifier names a file of your own here, path/to/file.py:function, and not {shipped[0]}.")
    local, opened = {local_name(name): name for name in classifiers}, dict[str, "LoadedClassifier"]()
    for record, path in read_records(runs, faults or Faults()):
        if record.status == "complete" and record.probe is None:
            folder = CellFolder(Path(os.path.abspath(path)))
            yield _score_cell(record, folder, wanted, local, opened, inception, resolve_device(device))


def _score_cell(
    record: Record,
    folder: CellFolder,
    wanted: Collection[str] | None,
    local: Mapping[str, str],
    opened: dict[str, LoadedClassifier],
    inception: Path | None,
    device: torch.device,
) -> Scored:
    """One cell, read again once it is locked; where some of its scores cannot be computed the others are."""
    if not outdated(record, _parts(record, inception), wanted, failed=True):
        return Scored(record, folder.path)  # nothing is written, no lock either
    with folder.locked():
        now = _read(folder, record)
        if isinstance(now, Scored):
            return now
        record = now
        parts = _parts(record, inception)
        keys = outdated(record, parts, wanted, failed=True)
        classifier, reason = None, None
        if any("target" in METRICS[key].needs for key in keys):
            try:
                classifier = _target(record, local, opened, device)
            except BenchError as error:
                reason = str(error)
                keys = [key for key in keys if "target" not in METRICS[key].needs]
        if not keys:
            return Scored(record, folder.path, reason=reason)
        try:
            filled = fill(
                record, folder, parts, keys, classifier=classifier, inception=_inception(inception), device=device
            )
        except StorageError:
            raise
        except Exception as error:  # of one cell: the others go on
            return Scored(record, folder.path, reason=f"{reason} {where(error)}" if reason else where(error))
    return Scored(filled, folder.path, tuple(keys), reason)


def _read(folder: CellFolder, before: Record) -> Record | Scored:
    """The record as it is now; what became of the cell where somebody has taken or replaced it meanwhile."""
    try:
        record = Record.from_json(folder.record.read_text(encoding="utf-8"))
    except (OSError, ValueError, DataError) as error:
        return Scored(before, folder.path, reason=f"record.json cannot be read any more: {error_text(error)}")
    return record if record.status == "complete" else Scored(record, folder.path)


def _parts(record: Record, inception: Path | None) -> dict[str, Any]:
    """Today's protocol for the images that a record was made of."""
    from bench.protocol import protocol_of

    dataset, order = ("cifar10" if record.dataset == "cifar10" else "folder"), str(record.protocol.get("order", ""))
    return protocol_of(dataset, order, _inception(inception))


def _inception(given: Path | None) -> Path | None:
    from bench.datasets.fetch_inception import inception_path

    return given if given is not None else inception_path()


def _target(
    record: Record, local: Mapping[str, str], opened: dict[str, LoadedClassifier], device: torch.device
) -> LoadedClassifier:
    """The classifier of a record, if these are the weights that it was run with.

    Raises:
        BenchError: it cannot be opened, or is another.
    """
    from bench.classifiers import TARGETS, open_classifier

    name = local.get(record.classifier, record.classifier)
    if name not in TARGETS and name not in local.values():
        raise DataError(
            f"{record.classifier} is a file of your own: name it, --classifier path/to/{_as_typed(record.classifier)}"
        )
    if name not in opened:
        opened[name] = open_classifier(name, device)
    classifier = opened[name]
    if record.weights.get(record.classifier) != classifier.sha256:
        raise DataError(f"{record.classifier} has other weights now than those that the cell was run with.")
    return classifier


def _as_typed(name: str) -> str:
    return re.sub(r"\.([^.]+)$", r".py:\1", name)
